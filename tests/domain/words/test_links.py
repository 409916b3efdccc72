"""What a phone would make a link of, and writing that only looks like it."""

import pytest

from bridge.domain.words import links

SEEN = (
    *("evil.xyz", "get evil.zip", "bank.co.uk", "evil.dev", "evil.online", "evil.click/a", "evil.top", "evil.tk"),
    *(
        "e.vil.gg",
        "münchen.de",
        "evil.рф",
        "evil。com",
        "ｅｖｉｌ．ｃｏｍ",
        "evil․com",
        "evil.example/x",
        "paypa1.com.",
    ),
    *("10.0.0.1", "1.2.3.4:8080/x", "tel:+19005551234", "sms:12345", "intent://x", "javascript:alert(1)"),
    *("data:text/html,x", "EVIL.COM", "Evil.Xyz", "e\u200bvil.com", "evil.c\u00adom", "evi\u3164l.com", "evıl.shop"),
    *("evil.соm", "evil｡net", "xn--mnchen-3ya.de", "a.xn--p1ai", "例え.コム", "пример.онлайн", "उदाहरण.भारत"),
    *("see:evil.com", "(evil.com)", "evil.com,thanks", "bob@evil.com", "bob@Mail.It is", "evil.com.See you", "💩.la"),
    *("https://x", "hxxps://evil/a", "[2001:db8::1]/a", "fe80::1", "http://3232235777", "mailto:a", "www2.evil/x"),
    *("pay.me", "youtu.be", "Pay.me now", "t.me/x", "Pay.Me/1 now", "Evil.Today", "GO.TO", "163.com", "x1.Today is"),
    *("Mr.Ford/a is", "call.now:8080", "shop.evil.plumbing", "evil.sch.ng", "my-bank.us", "http:// evil"),
)
ORDINARY = (
    *("Thanks.See you", "at 5.30", "5 p.m.", "e.g. a hose", "No.5", "St.Paul", "3.5 in", "$1.200", "Mr.Smith"),
    *("Ann.I am there", "Done.Call me", "Fixed it.It was the valve", "Ok.So, we come", "Ready.It's done now"),
    *("9 a.m.to 5 p.m.", "10a.m.to noon", "at 5.PM", "5.30pm", "P.O.Box 12", "Mr.Ford is there", "Dr.Page knows"),
    *(
        "12 N.Broadway St",
        "Listo.Me llama",
        "Gracias.No hace falta",
        "Ya.La casa es",
        "wait...no",
        "ok..so",
        "10:30:00",
    ),
    *("212.555.0199", "30.11.2026", "1,200.50", "v2.1.0", "note: we come", "data: none", "either/or", "24/7", "12/5"),
    *("We come at 5.Bring keys", "U.S. only", "Acme Co. here", "Inc.", "Hours: 8:00-17:00", "5.5.5"),
    *("300.300.300.300",),
    *("Ring twice!Then wait", "leak;no heat", "Tel: 212-555-0199", "sms us", "C.J.Miller", "a::", "pp. 3-4", "¿Sí?No"),
)


@pytest.mark.parametrize("text", SEEN)
def test_links_are_found(text: str) -> None:
    assert list(links.find(text))


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_writing_holds_no_link(text: str) -> None:
    assert list(links.find(text)) == []


def test_a_link_is_named_where_it_stands() -> None:
    text = "ﷺ see e\u200bvil。com. ok"
    ((start, end),) = links.find(text)
    assert text[start:end] == "e\u200bvil。com"
