"""The line to a PBX over real TCP: what it survives, and what it says about it."""

import asyncio
import ssl
import subprocess
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bridge.ami.protocol import Message
from bridge.ami.settings import AmiSettings
from bridge.domain.calls.events import LinkLost, SnapshotEnded
from bridge.ops.backoff import Backoff
from bridge.pbx.line import LinkError
from tests.ami.scripted import NOON, Headers, Line, ScriptedPbx, event, line_to, reply, snapshot


async def test_a_snapshot_comes_first_and_live_events_follow_in_order() -> None:
    async with line_to(ScriptedPbx()) as line:
        assert await line.names(1) == ["SnapshotEnded"]
        line.pbx.write(event("Newchannel", Uniqueid="1.1") + event("VarSet") + event("Hangup", Uniqueid="1.1"))
        assert await line.names(2) == ["Newchannel", "Hangup"]
        assert line.client.health.connected_since == line.client.health.synced_at == NOON


async def test_events_during_the_snapshot_wait_for_its_end() -> None:
    def rows(action: Headers) -> bytes:
        row = event("CoreShowChannel", ActionID=action["ActionID"], Uniqueid="1.1")
        return event("Newchannel", Uniqueid="2.1") + snapshot(action, row, before_end=event("Hangup", Uniqueid="1.1"))

    async with line_to(ScriptedPbx(answers={"CoreShowChannels": rows})) as line:
        assert await line.names(4) == ["CoreShowChannel", "SnapshotEnded", "Newchannel", "Hangup"]


async def test_what_stands_right_behind_the_login_waits_for_the_snapshot_too() -> None:
    def login(action: Headers) -> bytes:
        return reply(action, Message="Authentication accepted") + event("Newchannel", Uniqueid="1.1")

    async with line_to(ScriptedPbx(answers={"Login": login})) as line:
        assert await line.names(2) == ["SnapshotEnded", "Newchannel"]


async def test_which_channels_live_is_asked_again_from_time_to_time() -> None:
    async with line_to(ScriptedPbx(), ping_interval=0.01, snapshot_interval=0) as line:
        assert await line.names(3) == ["SnapshotEnded"] * 3
        assert line.client.health.reconnects == 0


async def test_a_forged_snapshot_row_goes_nowhere() -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        line.pbx.write(event("CoreShowChannel", Uniqueid="6.6") + event("CoreShowChannelsComplete", ActionID="x"))
        line.pbx.write(event("Hangup", Uniqueid="1.1"))
        assert await line.names(1) == ["Hangup"]


async def test_a_shutdown_that_the_socket_does_not_confirm_leaves_the_link_up() -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        line.pbx.write(event("Shutdown", Restart="False") + event("Hangup", Uniqueid="1.1"))
        assert await line.names(2) == ["Shutdown", "Hangup"]
        assert line.client.health.reconnects == 0


async def test_a_cut_is_told_and_a_new_snapshot_follows() -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        line.pbx.writers[-1].transport.abort()
        assert [type(await line.next()), type(await line.next())] == [LinkLost, SnapshotEnded]
        assert line.client.health.reconnects == 1


async def test_a_pbx_that_stops_answering_pings_is_left_and_found_again() -> None:
    pbx = ScriptedPbx(answers={"Ping": lambda _: b""})
    async with line_to(pbx, ping_interval=0.01, answer_timeout=0.2) as line:
        assert await line.names(3) == ["SnapshotEnded", "LinkLost", "SnapshotEnded"]


async def test_a_link_that_dies_in_silence_is_lost_since_its_last_sign_of_life() -> None:
    """Noticed later, what happened meanwhile was not heard either."""
    seconds = count()
    pbx = ScriptedPbx(answers={"Ping": lambda _: b""})

    def clock() -> datetime:
        return NOON + timedelta(seconds=next(seconds))

    async with line_to(pbx, clock=clock, ping_interval=0.01, answer_timeout=0.2) as line:
        heard, lost = [await anext(line.received) for _ in range(2)]
        assert isinstance(lost[1], LinkLost)
        assert lost[1].at == lost[0] == heard[0]


async def test_a_link_that_the_pbx_closes_is_lost_from_then_on() -> None:
    seconds = count()
    async with line_to(ScriptedPbx(), clock=lambda: NOON + timedelta(seconds=next(seconds))) as line:
        heard = await anext(line.received)
        line.pbx.writers[-1].close()
        assert (await anext(line.received))[0] > heard[0]


async def test_a_refused_login_is_named_and_tried_again() -> None:
    pbx = ScriptedPbx(answers={"Login": lambda a: reply(a, "Error", Message="Authentication failed")})
    async with line_to(pbx) as line:
        await pbx.until("Login", times=3)
        assert line.client.health.last_error == "login refused: Authentication failed"
        assert line.client.health.connected_since is None
        pbx.answers["Login"] = lambda a: reply(a, Message="Authentication accepted")
        assert await line.names(1) == ["SnapshotEnded"]
        assert line.client.health.last_error == ""


async def test_an_account_that_is_in_use_is_named_and_tried_again_soon() -> None:
    """As a half-dead session of our own leaves it behind: no reason to wait as for a wrong password."""
    pbx = ScriptedPbx(answers={"Login": lambda a: reply(a, "Error", Message="Login Already In Use")})
    async with line_to(pbx, refused_retry=Backoff(3600, 3600)) as line:
        await pbx.until("Login", times=3)
        assert "another session is logged in as textback" in line.client.health.last_error
        assert "allowmultiplelogin" in line.client.health.last_error
        pbx.answers["Login"] = lambda a: reply(a, Message="Authentication accepted")
        assert await line.names(1) == ["SnapshotEnded"]


async def test_a_port_that_is_no_ami_is_named() -> None:
    pbx = ScriptedPbx(answers={"Login": lambda _: b"SSH-2.0-OpenSSH\r\n"})
    async with line_to(pbx, answer_timeout=0.05) as line:
        await pbx.until("Login", times=2)
        assert line.client.health.last_error == "no answer to the login: is this an AMI port?"


async def test_a_refused_snapshot_is_named_asked_again_and_holds_no_event_back() -> None:
    pbx = ScriptedPbx(answers={"CoreShowChannels": lambda a: reply(a, "Error", Message="Permission denied")})
    async with line_to(pbx, ping_interval=0.01) as line:
        await pbx.until("CoreShowChannels", times=2)
        pbx.write(event("Hangup", Uniqueid="1.1"))
        assert await line.names(1) == ["Hangup"]
        assert "write = reporting" in line.client.health.last_error
        pbx.answers["CoreShowChannels"] = snapshot
        assert await line.names(1) == ["SnapshotEnded"]


MANY = [f"1.{number}" for number in range(1000)]
MUCH = b"".join(event("Hangup", Uniqueid=uniqueid, Padding="x" * 2000) for uniqueid in MANY)


async def uniqueids(line: Line) -> list[str]:
    heard = [await line.next() for _ in MANY]
    return [message.get("Uniqueid") for message in heard if isinstance(message, Message)]


async def test_what_finds_no_room_waits_at_the_pbx_and_none_of_it_is_lost() -> None:
    pbx = ScriptedPbx(answers={"Ping": lambda _: b""})
    async with line_to(pbx, queue_size=1, ping_interval=0.01, answer_timeout=0.5) as line:
        await line.next()
        asked = await pbx.until("Ping")
        pbx.answers["Ping"] = reply
        pbx.write(MUCH + reply(asked))
        await line.paused()
        await asyncio.sleep(0.6)  # an answer that we leave unread is not missed
        assert await uniqueids(line) == MANY
        assert line.client.health.reconnects == 0


async def test_a_pbx_that_hangs_up_on_a_slow_reader_was_heard_to_its_last_word() -> None:
    async with line_to(ScriptedPbx(), queue_size=1) as line:
        await line.next()
        line.pbx.write(MUCH)
        line.pbx.writers[-1].close()
        await line.paused()
        assert await uniqueids(line) == MANY
        assert await line.names(2) == ["LinkLost", "SnapshotEnded"]


async def test_a_snapshot_without_an_end_is_not_waited_for_with_ever_more_in_memory() -> None:
    pbx = ScriptedPbx(answers={"CoreShowChannels": lambda a: reply(a)})
    async with line_to(pbx, queue_size=1) as line:
        await pbx.until("CoreShowChannels")
        pbx.answers["CoreShowChannels"] = snapshot
        pbx.write(b"".join(event("Hangup", Uniqueid=f"1.{i}", Padding="x" * 2000) for i in range(2)))
        assert await line.names(2) == ["LinkLost", "SnapshotEnded"]
        assert line.client.health.dropped == 1


@pytest.mark.parametrize("value", ["a\r\nAction: Command", "a\nb", "a\x00b", "a\x7fb"])
async def test_a_value_with_a_control_character_is_never_sent(value: str) -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        with pytest.raises(ValueError, match="control character"):
            await line.client.action("Originate", {"CallerID": value})
        assert line.pbx.named("Originate") == []


def test_a_secret_with_a_line_break_is_refused_where_it_is_set() -> None:
    with pytest.raises(ValueError, match="secret"):
        AmiSettings(name="office", secret="abc\r\nAction: Command")


async def test_an_action_without_a_link_says_so() -> None:
    pbx = ScriptedPbx(answers={"Login": lambda a: reply(a, "Error", Message="Authentication failed")})
    async with line_to(pbx) as line:
        await pbx.until("Login")
        with pytest.raises(LinkError):
            await line.client.action("Ping")


async def test_an_action_unanswered_at_the_cut_is_not_sent_again() -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        asked = asyncio.create_task(line.client.action("Originate", {"Channel": "PJSIP/101"}))
        await line.pbx.until("Originate")
        line.pbx.writers[-1].transport.abort()
        with pytest.raises(LinkError):
            await asked
        assert await line.names(2) == ["LinkLost", "SnapshotEnded"]
        assert len(line.pbx.named("Originate")) == 1


async def test_a_late_answer_is_nobodys_event_and_leaves_nothing_behind() -> None:
    async with line_to(ScriptedPbx(), answer_timeout=0.05) as line:
        await line.next()
        with pytest.raises(LinkError, match="no answer to Originate"):
            await line.client.action("Originate")
        assert line.client._session is not None
        assert line.client._session.responses == {}
        line.pbx.write(reply(line.pbx.named("Originate")[0]) + event("Hangup", Uniqueid="1.1"))
        assert await line.names(1) == ["Hangup"]


async def test_a_suspicious_message_is_counted() -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        line.pbx.write(b"CallerIDName: x\r\nUniqueid: 1.1\r\n\r\n" + event("Hangup", Uniqueid="1.1"))
        await line.names(2)
        assert line.client.health.suspicious == 1


async def test_stopping_while_waiting_to_reconnect_reconnects_no_more() -> None:
    pbx = ScriptedPbx(answers={"Login": lambda a: reply(a, "Error", Message="Authentication failed")})
    before = asyncio.all_tasks()
    async with line_to(pbx, refused_retry=Backoff(3600, 3600)):
        await pbx.until("Login")
    assert asyncio.all_tasks() == before
    assert len(pbx.named("Login")) == 1


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """For `localhost`, vouched for by nobody but itself."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*request.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


async def test_a_pbx_over_tls_is_spoken_to_once_it_is_vouched_for(certificate: tuple[Path, ssl.SSLContext]) -> None:
    cert, context = certificate
    async with line_to(ScriptedPbx(tls=context), host="localhost", tls=True, ca_file=str(cert)) as line:
        assert await line.names(1) == ["SnapshotEnded"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["unknown authority", "another name"])
async def test_a_pbx_that_is_not_who_it_should_be_gets_no_secret(
    certificate: tuple[Path, ssl.SSLContext], host: str
) -> None:
    cert, context = certificate
    ca_file = str(cert) if host == "127.0.0.1" else None
    pbx = ScriptedPbx(tls=context)
    async with line_to(pbx, host=host, tls=True, ca_file=ca_file) as line:
        await line.failed()
        assert "certificate verify failed" in line.client.health.last_error
    assert pbx.actions == []


async def test_a_certificate_file_that_is_not_there_is_named() -> None:
    async with line_to(ScriptedPbx(), tls=True, ca_file="/no/such.pem") as line:
        await line.failed()
        assert "No such file" in line.client.health.last_error
