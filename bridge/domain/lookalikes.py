"""Letters that pass for Latin ones (homoglyphs, confusables: UTS 39), and those that nobody sees."""

import unicodedata

SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))

_CAPITALS = str.maketrans(
    "АВЕЅЗІЈКМНОРСТУХԌԚԜ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ" + "ՏՍՕԼ" + "01|",
    "ABES3IJKMHOPCTYXGQW" + "ABEZHIKMNOPTYXCM" + "SUOL" + "oll",
)  # fmt: skip
_SMALL = str.maketrans(
    "авеѕіїјкмнорстухѵԁԛԝһӏгпьꭓ" + "αβεικνορτυχηωγσϲ" + "օսնհցզտ" + "ıiɩɑɡℓ",
    "abesiijkmhopctyxvdqwhlrnbx" + "abeikvoptuxnwyoc" + "ounhgqs" + "lllagl",
)
"""After `casefold`; a small i, where it was a capital, looks like a small l."""

UNSEEN = frozenset({"Cf", "Mn", "Me"})
"""Categories of Unicode: marks of format, and those over another letter."""


def as_seen(text: str) -> str:
    """Without accents, case and script; what is equal here looks alike. Not for reading: `bill` is `blll`."""
    return (text if text.isascii() else _bare(text)).translate(_CAPITALS).casefold().translate(_SMALL)


def _bare(text: str) -> str:
    seen = (one for one in unicodedata.normalize("NFKD", text) if unicodedata.category(one) not in UNSEEN)
    return "".join(SMALL_CAPITALS.get(one, one) for one in seen)
