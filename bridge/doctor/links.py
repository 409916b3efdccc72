"""What `textback doctor` asks of the PBX and of the SMS gateway. It changes nothing there, and sends nothing."""

import asyncio
import math
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from agi.settings import AgiSettings
from bridge.ami import console
from bridge.ami.pbx import LISTEN
from bridge.ami.session import AccountInUseError, AmiSession, LinkError, LoginRefusedError, new_action_id
from bridge.config import Config, PbxSection
from bridge.doctor.agi import CONTEXT, EventWaiter, answering, reached
from bridge.doctor.local import Finding, not_looked, ok, problem, warning
from bridge.doctor.peers import AMI, SMPP, diagnosis
from bridge.domain.texts.messages import Inbound, LateAnswer, Stored
from bridge.smpp.client import SmppClient
from bridge.smpp.health import BindState
from bridge.smpp.settings import SmppSettings

OLDEST, NEWEST = 16, 22
"""Major versions of Asterisk whose events were looked at."""

READ = frozenset(["call", "agent", "system", "user"])
WRITE = frozenset(("reporting", "originate"))
HARMLESS = WRITE | {"none"}
FULLY_BOOTED = "FullyBooted"  # sent after the login to whoever may read `system`
SAY = "textback-say"
PHONES = ("textback-codes", "textback-callback", "textback-out", LISTEN, CONTEXT)
SKEW = 2.0  # seconds
ROW = re.compile(r"\(Priv: ([^)]*)\)")
LOOK = 0.1
PATIENCE = 3.0

# --- the PBX ----------------------------------------------------------------------------------------------------------


async def pbx_checks(pbx: PbxSection, phones: AgiSettings | None) -> Sequence[Finding]:
    """phones: where scripts of desk phones are served; None where there are none, and so no contexts for them."""
    check = f"pbx {pbx.name}"
    ear = EventWaiter()
    session = AmiSession(pbx, {FULLY_BOOTED, "UserEvent"}, ear)
    try:
        await session.open()
        findings = [ok(check, f"logged in at {pbx.host}:{pbx.port} as {pbx.username}")]
        findings += rights(check, await _answer(session, "ListCommands"))
        findings += read_rights(
            check, pbx.username, _manager_user(pbx), system=any(m.event == FULLY_BOOTED for m in ear.heard)
        )
        findings += [version(check, await _answer(session, "CoreSettings"))]
        findings += [skew(check, await _answer(session, "Ping"), time.time())]
        contexts = (SAY, *(PHONES if phones else ()))
        shown = {one: await _answer(session, "ShowDialPlan", Context=one) for one in contexts}
        findings += [has_context(check, context, shown[context]) for context in contexts]
        if phones and shown[CONTEXT].get("Response") == "Success":
            findings += [await reached(session, ear, phones, f"phones {pbx.name}")]
    except LoginRefusedError as error:
        return [problem(check, str(error), _account_remedy(pbx))]
    except AccountInUseError as error:
        return [problem(check, str(error), "allowmultiplelogin = yes under [general] of manager.conf; manager reload")]
    except LinkError as error:
        more, remedy = await diagnosis(AMI, str(error), (pbx.host, pbx.port), tls=pbx.tls)
        return [problem(check, f"{pbx.host}:{pbx.port}: {error}{more}", remedy or _unreachable_remedy(pbx))]
    finally:
        session.close()
    return findings


async def _answer(session: AmiSession, action: str, **headers: str) -> Mapping[str, str]:
    asked = {"Action": action, "ActionID": new_action_id(), **headers}
    try:
        answer = await session.until(session.send_action(asked, as_list=False))
    except TimeoutError as error:
        raise LinkError(f"no answer to {action}") from error
    return dict(answer.items())


def rights(check: str, commands: Mapping[str, str]) -> Iterator[Finding]:
    """commands: the answer to ListCommands, which names what this account may do, with the rights that allow it."""
    needed = {"reporting": "CoreShowChannels", "originate": "Originate"}
    for right, action in needed.items():
        if action not in commands:
            yield problem(
                check,
                f"the account may not {action}",
                f"write = originate,reporting in its section: {right} is missing",
            )
    wide = sorted({right for allowed in _rights(commands.values()) if not allowed & HARMLESS for right in allowed})
    if wide:
        yield warning(
            check,
            f"the account may do more than is needed: {', '.join(wide)}",
            "write = originate,reporting in its section",
        )
    elif commands.keys() >= set(needed.values()):
        yield ok(check, "the account may do what is needed and no more")


def _rights(rows: Collection[str]) -> Iterator[frozenset[str]]:
    for row in rows:
        if found := ROW.search(row):
            yield frozenset(found[1].strip("<>").split(",")) - {"all"}


def read_rights(check: str, username: str, shown: str, *, system: bool) -> Iterator[Finding]:
    """shown: `manager show user`, where Asterisk is on this machine; else only the right `system` can be told."""
    found = re.search(r"read perm: (\S+)", shown)
    if found:
        missing = READ - set(found[1].split(",")) if found[1] != "all" else frozenset()
        if missing:
            words = f"the account does not hear {', '.join(sorted(missing))}"
            yield problem(check, words, f"read = call,agent,system,user,dialplan under [{username}]")
        else:
            yield ok(check, "the account hears what is needed")
    elif system:
        yield not_looked(check, "which events it hears; call in and look at the page", "")
    else:
        yield problem(
            check,
            "the account does not hear system events",
            f"read = call,agent,system,user,dialplan under [{username}]",
        )


def _manager_user(pbx: PbxSection) -> str:
    return console.ask(f"manager show user {pbx.username}") if re.fullmatch(r"[\w.-]+", pbx.username) else ""


def version(check: str, settings: Mapping[str, str]) -> Finding:
    written = settings.get("AsteriskVersion", "")
    found = re.search(r"(\d+)\.", written)
    if not found:
        return not_looked(check, "it does not tell its version", "write = originate,reporting in its section")
    if int(found[1]) < OLDEST:
        return problem(
            check, f"Asterisk {written} is too old: its eventfilter and events differ", f"Asterisk {OLDEST} or newer"
        )
    if int(found[1]) > NEWEST:
        return warning(
            check, f"Asterisk {written} is newer than those we know", "textback record, then textback replay --why"
        )
    return ok(check, f"Asterisk {written}, which knows eventfilter")


def skew(check: str, pong: Mapping[str, str], now: float) -> Finding:
    try:
        apart = float(pong.get("Timestamp", "")) - now
    except ValueError:
        return not_looked(check, "it does not tell its time")
    if abs(apart) > SKEW:
        return warning(check, f"its clock is {apart:+.0f} s from this one", "timedatectl set-ntp true, on both")
    return ok(check, "its clock agrees with this one")


def has_context(check: str, context: str, shown: Mapping[str, str]) -> Finding:
    if shown.get("Response") == "Success":
        return ok(check, f"[{context}] is in the dialplan")
    tell = problem if context in PHONES else warning
    why = "" if context in PHONES else ": a caller who hides the number could be texted"
    return tell(
        check, f"[{context}] is not in the dialplan{why}", "textback dialplan --out DIR, and follow what it says"
    )


def _account_remedy(pbx: PbxSection) -> str:
    return f"asterisk -rx 'manager show user {pbx.username}'; the secret and permit of its section; manager reload"


def _unreachable_remedy(pbx: PbxSection) -> str:
    return (
        f"asterisk -rx 'manager show settings'; ss -ltn 'sport = :{pbx.port}'; [general] enabled = yes in manager.conf"
    )


# --- the SMS gateway --------------------------------------------------------------------------------------------------


class _LeavesThem:
    """Whatever arrives while we look is asked to be kept for the daemon."""

    async def received(self, _what: Inbound) -> Stored:
        return Stored.TRY_AGAIN

    async def answered_late(self, _answer: LateAnswer) -> None:
        """Nothing was sent."""


async def sms_checks(settings: SmppSettings) -> Finding:
    """Bind once, and leave."""
    check = f"sms {settings.name}"
    client = SmppClient(settings, _LeavesThem(), clock=lambda: datetime.now(UTC))
    running = asyncio.create_task(client.run())
    try:
        why = await why_not_bound(client)
    finally:
        running.cancel()
        await asyncio.wait([running])
    if why:
        return problem(check, f"not bound: {why[0]}", why[1])
    return ok(check, f"bound at {settings.host}:{settings.port} as {settings.system_id}")


async def why_not_bound(client: SmppClient, say: Callable[[str], None] | None = None) -> tuple[str, str] | None:
    """Until it is bound: None; or is not: why, and what to do. Who is silent for a while is looked at more closely, and
    that is said, for somebody who watches.
    """
    settings, waiting = client.settings, asyncio.ensure_future(client.wait_ready())
    where, patient_until = (settings.host, settings.port), time.monotonic() + PATIENCE
    while not waiting.done() and client.health.state is not BindState.DOWN:
        await asyncio.wait([waiting], timeout=LOOK)
        if time.monotonic() > patient_until and not waiting.done():
            patient_until = math.inf
            if say:
                say(SILENT)
            more, remedy = await diagnosis(SMPP, SILENT, where, tls=settings.tls)
            if remedy and not waiting.done():
                waiting.cancel()
                return SILENT + more, remedy
    if not waiting.cancel():
        return None
    error = client.health.last_error
    if known := sms_remedy(error):
        return error, known
    more, remedy = await diagnosis(SMPP, error, where, tls=settings.tls)
    return error + more, remedy or ELSE


REMEDIES = (
    ("0x0d", "the gateway refuses the bind: ask the provider whether this address may connect"),
    ("0x0e", "the password is wrong: look at password_file under [smpp]"),
    ("0x0f", "the system_id is wrong: look at [smpp]"),
    ("0x05", "another session is bound: stop what else uses this account, or ask for a second one"),
)
SILENT = "no answer to the bind yet"
ELSE = "host and port under [smpp]; is this machine's address allowed at the provider?"


def sms_remedy(error: str) -> str:
    """By the status of a refused bind, "" for anything else."""
    return next((remedy for mark, remedy in REMEDIES if mark in error), "")


async def link_checks(config: Config, bound: Collection[str], *, running: bool) -> Sequence[Finding]:
    """running: the daemon is. bound: gateways that it holds; a second session could push its own out."""
    async with AsyncExitStack() as stack:
        if config.phones is not None:
            await stack.enter_async_context(answering(config.phones, running=running))
        findings = [finding for pbx in config.pbxs for finding in await pbx_checks(pbx, config.phones)]
    if not config.gateways:
        findings.append(
            not_looked("sms", "there is no gateway yet, so nobody is texted", "[smpp] in the configuration")
        )
    for settings in config.gateways:
        held = ok(f"sms {settings.name}", "the running textback is bound")
        findings.append(held if settings.name in bound else await sms_checks(settings))
    return findings
