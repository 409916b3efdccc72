"""What `textback doctor` asks of an Asterisk, over its manager interface (AMI); it changes nothing there."""

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from agi.settings import AgiSettings
from bridge.ami import console
from bridge.ami.pbx import LISTEN
from bridge.ami.session import AccountInUseError, AmiSession, new_action_id
from bridge.config import PbxSection
from bridge.doctor.agi import CONTEXT, EventWaiter, reached
from bridge.doctor.local import Finding, not_looked, ok, problem, warning
from bridge.doctor.peers import AMI, diagnosis
from bridge.ops.sockets import own_address
from bridge.pbx.line import LinkError, LoginRefusedError
from bridge.web.settings import is_loopback

OLDEST, NEWEST = 16, 22
"""Major versions of Asterisk whose events were looked at."""

READ = frozenset(["call", "agent", "system", "user"])
WRITE = frozenset(("reporting", "originate"))
HARMLESS = WRITE | {"none"}
FULLY_BOOTED = "FullyBooted"  # sent after the login to whoever may read `system`
SAY = "textback-say"
PHONES = ("textback-codes", "textback-callback", "textback-out", LISTEN, CONTEXT)
SKEW = 2.0  # seconds
PATIENCE = 4.0  # for an answer
ROW = re.compile(r"\(Priv: ([^)]*)\)")


async def pbx_checks(pbx: PbxSection, phones: AgiSettings | None) -> Sequence[Finding]:
    """phones: where scripts of desk phones are served; None where there are none, and so no contexts for them."""
    check = f"pbx {pbx.name}"
    ear = EventWaiter()
    session = AmiSession(
        replace(pbx, answer_timeout=min(pbx.answer_timeout, PATIENCE)), {FULLY_BOOTED, "UserEvent"}, ear
    )
    try:
        await session.open()
        findings = [ok(check, f"logged in at {pbx.host}:{pbx.port} as {pbx.username}")]
        findings += rights(check, await _answer(session, "ListCommands"))
        findings += read_rights(
            check, pbx.username, _manager_user(pbx), system=any(m.event == FULLY_BOOTED for m in ear.heard)
        )
        findings += stamps(check, console.ask("manager show settings") if is_loopback(pbx.host) else "")
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


def stamps(check: str, shown: str) -> Iterator[Finding]:
    """shown: `manager show settings`, where Asterisk is on this machine."""
    if re.search(r"^\s*Timestamp events:\s+No\b", shown, re.MULTILINE):
        said = "events carry no time of their own, so one that waited is taken for a late one"
        remedy = "take manager_textback.conf anew: textback dialplan --out /etc/asterisk; then: manager reload"
        yield warning(check, said, remedy)


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
    looks = f"asterisk -rx 'manager show settings'; ss -ltn 'sport = :{pbx.port}'"
    there = f"{looks}; [general] enabled = yes in manager.conf"
    if is_loopback(pbx.host):
        return there
    ours = own_address(pbx.host) or "ADDRESS-OF-THIS-MACHINE"
    return f"on the PBX: {there}, with bindaddr = {pbx.host}; permit = {ours} for {pbx.username}; its firewall"
