"""A scripted SIP phone on asyncio: it registers, rings, answers, refuses, holds, transfers, presses keys. Lab only.

What a phone does with a call that comes in is its `manners`: a coroutine function over the call, so that a test reads
`phones["101"].manners = answers_after(1.5)`.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from tests.lab import sip
from tests.lab.rtp import Media
from tests.lab.sip import SipMessage

ALLOW = "INVITE,ACK,BYE,CANCEL,REFER,NOTIFY,OPTIONS,INFO"
Manners = Callable[["Call"], Coroutine[Any, Any, None]]


class Call:
    """One dialog of a phone, made or taken. `ringing`, `answered` and `ended` are events to wait for."""

    def __init__(
        self, phone: "Phone", call_id: str, *, number: str = "", local: str = "", remote: str = "", target: str = ""
    ) -> None:
        self.phone = phone
        self.call_id = call_id
        self.number = number
        self.local, self.remote, self.target = local, remote, target
        self.local_tag, self.remote_tag = sip.token(), ""
        self.media = Media(phone.ip)
        self.ringing, self.answered, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.referred = asyncio.Event()
        self.refer_results: list[str] = []
        self.status = ""
        self.invite: SipMessage | None = None
        self.last_reply = ""
        self.invite_branch, self.invite_cseq = "", 0
        self.authorized = False
        self.extra: list[tuple[str, str]] = []  # headers of our own in every INVITE
        self._cseq = 0
        self._streaming: asyncio.Task[None] | None = None

    # What a person does

    def hang_up(self, reason: str = "") -> None:
        """BYE when it is answered, CANCEL while it rings at the other end. reason: a header (RFC 3326)."""
        headers = [("Reason", reason)] if reason else []
        if self.ended.is_set():
            return
        if self.answered.is_set():
            self.request("BYE", headers)
            self.end("hung up")
        else:
            self.request("CANCEL", headers, cseq=self.invite_cseq, via=self.invite_branch)

    def ring(self) -> None:
        self.reply(180, "Ringing")
        self.ringing.set()

    def answer(self) -> None:
        if self.ended.is_set() or self.invite is None:
            return
        self.reply(200, "OK", body=sip.sdp(self.phone.ip, self.media.port))
        self.stream_to(self.invite.body)
        self.answered.set()

    def refuse(self, status: int, reason: str, contact: str = "") -> None:
        if not self.ended.is_set():
            self.reply(status, reason, contact=contact)
            self.end(f"refused with {status}")

    def hold(self, on: bool = True) -> None:
        self.send_invite(direction="sendonly" if on else "sendrecv")

    def transfer(self, number: str) -> None:
        """Blind: the other party is to call `number`."""
        self.request("REFER", [("Refer-To", f"<sip:{number}@{self.phone.pbx_address}>"), self._referred_by()])

    def transfer_to(self, other: "Call") -> None:
        """Attended: the other party is to take the place of this phone in `other`."""
        dialog = quote(f"{other.call_id};to-tag={other.remote_tag};from-tag={other.local_tag}", safe="")
        target = f"<sip:{other.number}@{self.phone.pbx_address}?Replaces={dialog}>"
        self.request("REFER", [("Refer-To", target), self._referred_by()])

    async def press(self, keys: str, pause: float = 0.3) -> None:
        await self.media.press(keys, pause)

    # What the phone does for them

    def request(
        self,
        method: str,
        headers: list[tuple[str, str]] | None = None,
        body: str = "",
        *,
        cseq: int | None = None,
        via: str = "",
    ) -> str:
        """Send a request in this dialog; its branch comes back."""
        if cseq is None:
            self._cseq += 1
            cseq = self._cseq
        via = via or sip.branch()
        to = self.remote + (f";tag={self.remote_tag}" if self.remote_tag else "")
        basic = [
            ("Via", f"SIP/2.0/UDP {self.phone.address};branch={via};rport"),
            ("Max-Forwards", "70"),
            ("From", f"{self.local};tag={self.local_tag}"),
            ("To", to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<sip:{self.phone.user}@{self.phone.address}>"),
        ]
        self.phone.send(sip.render(f"{method} {self.target} SIP/2.0", [*basic, *(headers or [])], body))
        return via

    def send_invite(self, authorization: list[tuple[str, str]] | None = None, direction: str = "sendrecv") -> None:
        self.invite_cseq = self._cseq + 1
        offer = sip.sdp(self.phone.ip, self.media.port, direction=direction)
        self.invite_branch = self.request("INVITE", [*self.extra, *(authorization or [])], offer)

    def reply(
        self, status: int, reason: str, to_request: SipMessage | None = None, body: str = "", contact: str = ""
    ) -> None:
        request = to_request or self.invite
        assert request is not None
        to = request.get("to")
        if status > 100 and not sip.tag_of(to):
            to += f";tag={self.local_tag}"
        headers = [
            *(("Via", value) for value in request.all("via")),
            *(("Record-Route", value) for value in request.all("record-route")),
            ("From", request.get("from")),
            ("To", to),
            ("Call-ID", self.call_id),
            ("CSeq", request.get("cseq")),
            ("Contact", contact or f"<sip:{self.phone.user}@{self.phone.address}>"),
            ("Allow", ALLOW),
        ]
        text = sip.render(f"SIP/2.0 {status} {reason}", headers, body)
        if request.method == "INVITE":
            self.last_reply = text
        self.phone.send(text)

    def stream_to(self, sdp: str) -> None:
        to = sip.media_address(sdp)
        if to and self._streaming is None:
            self._streaming = self.phone.start(self.media.run(to))

    def end(self, status: str) -> None:
        if self.ended.is_set():
            return
        self.status = status
        self.ended.set()
        if self._streaming:
            self._streaming.cancel()
        self.media.close()

    def _referred_by(self) -> tuple[str, str]:
        return "Referred-By", f"<sip:{self.phone.user}@{self.phone.pbx[0]}>"


class Phone(asyncio.DatagramProtocol):
    """One SIP account on UDP, from `open` to `close`."""

    def __init__(self, user: str, password: str, ip: str, pbx: tuple[str, int]) -> None:
        self.user, self.password, self.ip, self.pbx = user, password, ip, pbx
        self.port = 0
        self.manners: Manners = only_rings
        self.incoming: asyncio.Queue[Call] = asyncio.Queue()
        self.deaf = False  # registered, but answers nothing at all
        self._calls: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._registration = sip.token()
        self._registered = asyncio.Event()
        self._expires = 600
        self._register_cseq = 0

    @property
    def address(self) -> str:
        return f"{self.ip}:{self.port}"

    @property
    def pbx_address(self) -> str:
        return f"{self.pbx[0]}:{self.pbx[1]}"

    async def open(self, port: int = 0) -> "Phone":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.ip, port))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def close(self) -> None:
        for call in self._calls.values():
            call.hang_up()
            call.end("the phone is switched off")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._transport.close()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something for as long as the phone is on."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def register(self, expires: int = 600) -> None:
        self._expires = expires
        self._registered.clear()
        self._send_register()
        async with asyncio.timeout(10):
            await self._registered.wait()

    async def unregister(self) -> None:
        await self.register(0)

    def call(self, number: str, *, caller: str = "", headers: list[tuple[str, str]] | None = None) -> Call:
        """Dial. caller: a whole From header (`"Name" <sip:user@host>`); ours where it is empty."""
        call = Call(
            self,
            sip.token(20),
            number=number,
            local=caller or f"<sip:{self.user}@{self.pbx[0]}>",
            remote=f"<sip:{number}@{self.pbx[0]}>",
            target=f"sip:{number}@{self.pbx_address}",
        )
        self._calls[call.call_id] = call
        call.extra = headers or []
        call.send_invite()
        return call

    async def taken(self, seconds: float = 20) -> Call:
        """The next call that comes in and is answered."""
        async with asyncio.timeout(seconds):
            call = await self.incoming.get()
            await call.answered.wait()
        return call

    def send(self, text: str) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(text.encode(), self.pbx)

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        if self.deaf or not data.strip():
            return
        message = sip.parse(data.decode("utf-8", "replace"))
        if not message.is_response:
            self._serve(message)
        elif message.method == "REGISTER":
            self._on_registered(message)
        elif message.method == "INVITE" and (call := self._calls.get(message.get("call-id"))):
            self._on_invite_answered(call, message)

    # Registration

    def _send_register(self, authorization: str = "") -> None:
        self._register_cseq += 1
        own = f"<sip:{self.user}@{self.pbx[0]}>"
        headers = [
            ("Via", f"SIP/2.0/UDP {self.address};branch={sip.branch()};rport"),
            ("Max-Forwards", "70"),
            ("From", f"{own};tag={sip.token()}"),
            ("To", own),
            ("Call-ID", self._registration),
            ("CSeq", f"{self._register_cseq} REGISTER"),
            ("Contact", f"<sip:{self.user}@{self.address}>"),
            ("Expires", str(self._expires)),
        ]
        if authorization:
            headers.append(("Authorization", authorization))
        self.send(sip.render(f"REGISTER sip:{self.pbx_address} SIP/2.0", headers))

    def _on_registered(self, message: SipMessage) -> None:
        if message.status == 401:
            challenge = message.get("www-authenticate")
            self._send_register(self._authorize(challenge, "REGISTER", f"sip:{self.pbx_address}"))
        elif message.status == 200:
            self._registered.set()

    def _authorize(self, challenge: str, method: str, uri: str) -> str:
        return sip.digest(challenge, user=self.user, password=self.password, method=method, uri=uri)

    # Calls we made

    def _on_invite_answered(self, call: Call, message: SipMessage) -> None:
        if message.status >= 300:
            self._on_invite_failed(call, message)
        elif message.status >= 200:
            call.remote_tag = sip.tag_of(message.get("to"))
            call.target = sip.uri_of(message.get("contact")) or call.target
            call.request("ACK", cseq=message.cseq)
            call.stream_to(message.body)
            call.answered.set()
        elif message.status >= 180:
            call.remote_tag = sip.tag_of(message.get("to")) or call.remote_tag
            call.ringing.set()

    def _on_invite_failed(self, call: Call, message: SipMessage) -> None:
        kept, call.remote_tag = call.remote_tag, sip.tag_of(message.get("to"))
        call.request("ACK", cseq=message.cseq, via=call.invite_branch)
        call.remote_tag = kept
        if message.status in (401, 407) and not call.authorized:
            call.authorized = True
            asked, answer = CHALLENGES[message.status]
            call.send_invite([(answer, self._authorize(message.get(asked), "INVITE", call.target))])
        elif not call.answered.is_set():
            call.end(str(message.status))

    # Requests that come in

    def _serve(self, request: SipMessage) -> None:
        call = self._calls.get(request.get("call-id"))
        if request.method == "INVITE":
            self._on_invite(call, request)
        elif call is None:
            self._answer_stranger(request)
        elif handler := IN_DIALOG.get(request.method):
            handler(call, request)
        elif request.method != "ACK":
            call.reply(200, "OK", request)

    def _on_invite(self, call: Call | None, request: SipMessage) -> None:
        if call is None:
            self._on_new_call(request)
        elif sip.tag_of(request.get("to")):
            call.invite = request
            call.reply(200, "OK", request, sip.sdp(self.ip, call.media.port))
        else:
            self.send(call.last_reply)  # sent again because our reply was lost

    def _on_new_call(self, request: SipMessage) -> None:
        call = Call(
            self,
            request.get("call-id"),
            number=sip.user_of(request.start.split()[1]),
            local=request.get("to"),
            remote=re.sub(r";tag=.*", "", request.get("from")),
            target=sip.uri_of(request.get("contact")),
        )
        call.invite, call.remote_tag = request, sip.tag_of(request.get("from"))
        self._calls[call.call_id] = call
        call.reply(100, "Trying", request)
        self.incoming.put_nowait(call)
        self.start(self.manners(call))

    def _answer_stranger(self, request: SipMessage) -> None:
        if request.method == "ACK":
            return
        known = request.method in ("OPTIONS", "NOTIFY")
        stranger = Call(self, request.get("call-id"))
        stranger.reply(*((200, "OK") if known else (481, "No Such Call")), request)
        stranger.media.close()


def _on_cancel(call: Call, request: SipMessage) -> None:
    call.reply(200, "OK", request)
    if not call.answered.is_set() and not call.ended.is_set():
        call.reply(487, "Request Terminated")
        call.end("cancelled")


def _on_bye(call: Call, request: SipMessage) -> None:
    call.reply(200, "OK", request)
    call.end("the other end hung up")


def _on_notify(call: Call, request: SipMessage) -> None:
    """How a transfer goes comes as a status line in the body (RFC 3515)."""
    call.reply(200, "OK", request)
    if request.body.startswith("SIP/2.0"):
        call.refer_results.append(request.body.strip())
        if not request.body.startswith("SIP/2.0 1"):
            call.referred.set()


def _on_refer(call: Call, request: SipMessage) -> None:
    """We are sent on, say that it worked, and leave (RFC 3515)."""
    call.reply(202, "Accepted", request)
    event = [("Event", "refer"), ("Subscription-State", "terminated;reason=noresource")]
    call.request("NOTIFY", [*event, ("Content-Type", "message/sipfrag")], "SIP/2.0 200 OK\r\n")
    call.hang_up()


IN_DIALOG = {"CANCEL": _on_cancel, "BYE": _on_bye, "NOTIFY": _on_notify, "REFER": _on_refer}
CHALLENGES = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}


async def only_rings(call: Call) -> None:
    call.ring()


def answers_after(seconds: float, talks: float | None = None) -> Manners:
    """Rings, answers, and hangs up after `talks` seconds where that is given."""

    async def manners(call: Call) -> None:
        call.ring()
        if await _ended_within(call, seconds):
            return
        call.answer()
        if talks is not None and not await _ended_within(call, talks):
            call.hang_up()

    return manners


def refuses(status: int = 486, reason: str = "Busy Here", *, after: float = 0.1) -> Manners:
    async def manners(call: Call) -> None:
        if not await _ended_within(call, after):
            call.refuse(status, reason)

    return manners


def sends_on_to(number: str) -> Manners:
    async def manners(call: Call) -> None:
        call.refuse(302, "Moved Temporarily", contact=f"<sip:{number}@{call.phone.pbx_address}>")

    return manners


async def _ended_within(call: Call, seconds: float) -> bool:
    try:
        await asyncio.wait_for(call.ended.wait(), seconds)
    except TimeoutError:
        return False
    return True
