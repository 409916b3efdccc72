"""Patterns in the settings of a PBX (fnmatch, globs) that cannot mean what they say, and what to write instead.

Pure. A mistake here is silent otherwise: a pattern that matches nothing judges no call, one that matches everything
takes every caller for a machine, a colleague, or somebody who is turned away.
"""

import fnmatch
import re
import string
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache

from bridge.ami.channels import MACHINES, PORTS, RELAY, ChannelNames
from bridge.ami.contexts import TRUNK_CONTEXTS

OTHERS = ("PJSIP", "SIP", "IAX2", "Motif", "USTM", "SCCP", "Skinny", "MGCP", "H323", "OOH323", "Khomp")
TECHNOLOGIES = {one.casefold(): one for one in (*MACHINES, *PORTS, RELAY, *OTHERS)}
CLOSE = 0.75

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
TYPED = str.maketrans(DASHES + "\u2044\u2215\uff0f\u2217\uff0a\u066d\uff1f", "-" * len(DASHES) + "///***?")
"""What word processors and phones make of a hyphen, a slash, a star."""

UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\u00a0\u202f]")
REGULAR = re.compile(r"\.[*+]|[\\^$|(){}]")
LITERAL = re.compile(r"[^*?\[]*")
GROUP = re.compile(r"(DAHDI|Zap|mISDN)/[gGrR]:?[^/]*")
CLASS = re.compile(r"\[!?\]?[^\]]*\]")
DIALPLAN_DIGITS = re.compile(r"_?[0-9XNZxnz+.!]+")

PRINTED = frozenset(string.printable) - frozenset(string.whitespace)
NAMED = PRINTED - {"/"}
HEX, DIGITS = frozenset("0123456789abcdef"), frozenset(string.digits)
Shape = Sequence[tuple[frozenset[str], bool]]
"""Of names: which characters come one after another, and whether there may be more of the same."""

ANY: Shape = [(frozenset(string.ascii_letters + string.digits), True), (frozenset("/"), False), (PRINTED, True)]
SERIAL: Shape = [(frozenset("-"), False), *[(HEX, False)] * 8]
SHAPES: dict[str, Shape] = {
    "PJSIP": [(NAMED, True), *SERIAL],
    "SIP": [(NAMED, True), *SERIAL],
    "IAX2": [(NAMED, True), (frozenset("-"), False), (DIGITS, True)],
}
"""Behind the slash, in the channel drivers of Asterisk."""

SOME_NAME = "PJSIP/NAME-*"
BEGINS = f"names of channels begin with a technology and a slash: {SOME_NAME}"
STRANGERS = (("+12025550142", "+31612345678"), ("0612345678", "0205550142"), ("2025550142", "6175550142"))
"""Two customers each, of whom no pattern means both."""

DID = "0205550101"
SOMEBODY = ("PJSIP/zqj-0000000a", "SIP/zqj-0000000a")


def mistakes_in(trunks: Sequence[str], machines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where in the settings, as `trunks[0]`, and what is wrong there."""
    for number, pattern in enumerate(trunks):
        if why := why_never(pattern) or _why_no_trunk(pattern):
            yield f"trunks[{number}]", f'"{pattern}" can match nothing: {why}'
        elif any(map(ChannelNames([pattern]).is_trunk, SOMEBODY)):
            yield f"trunks[{number}]", f'"{pattern}" takes every phone for a trunk: name the trunk, as {SOME_NAME}'
    for number, pattern in enumerate(machines):
        if why := why_never(pattern):
            yield f"machines[{number}]", f'"{pattern}" can match nothing: {why}'
        elif why := _why_too_much(pattern, trunks):
            yield f"machines[{number}]", f'"{pattern}" {why}'


def why_never(pattern: str) -> str:
    """Why that pattern can match no channel, and what may have been meant; "" where it can."""
    if why := _why_mistyped(pattern):
        return why
    if REGULAR.search(pattern):
        meant = REGULAR.sub(lambda sign: "*" if len(sign[0]) == 2 else "", pattern)
        return f"it is a pattern as of file names and no regular expression: {meant}"
    if pattern.startswith("[") and CLASS.fullmatch(pattern):
        return f"brackets stand for one character: {pattern[1:-1]}"
    if "[" in CLASS.sub("", pattern):
        return f"nothing closes its bracket: {CLASS.sub('?', pattern).replace('[', '')}"
    start = LITERAL.match(pattern)
    tech, slash, _ = (start[0] if start else "").partition("/")
    if why := _why_no_technology(tech, slash, pattern):
        return why
    if group := GROUP.match(pattern):
        lines = f"{group[1]}/i1/* (a span) or {group[1]}/1-1 (a line)"
        return f"so the dialplan dials a group; calls come in on {lines}"
    known, rest = SHAPES.get(tech) if slash else None, pattern[len(tech) + 1 :]
    if known and not _can_match(rest, known):
        return f"every channel has a number at the end of its name: {tech}/{_bare(rest)}-*"
    return "" if known or _can_match(pattern, ANY) else BEGINS


def _why_mistyped(pattern: str) -> str:
    typed = _plain(pattern)
    parts = [part for part in re.split(r"[\s,;]+", typed) if part]
    if len(parts) > 1 and sum("/" in part for part in parts) > 1:
        return f"each pattern stands in quotes of its own: {_quoted(parts)}"
    if typed != pattern:
        return f"it has a character that only looks like the one meant: {typed}"
    tight = "".join(parts)
    return f"no channel has a blank or a comma in its name: {tight}" if tight != pattern else ""


def _plain(pattern: str) -> str:
    """With the signs that were meant."""
    return UNSEEN.sub("", pattern.translate(TYPED))


def _why_no_technology(tech: str, slash: str, pattern: str) -> str:
    known = TECHNOLOGIES.get(tech.casefold(), tech)
    if slash and tech != known:
        return f"channels are called {known}/..., in just these letters"
    if slash and tech and tech not in TECHNOLOGIES.values():
        near = get_close_matches(tech.casefold(), TECHNOLOGIES, n=1, cutoff=CLOSE)
        if near:
            return f"Asterisk has no channels called {tech}/...: {TECHNOLOGIES[near[0]]}{pattern[len(tech) :]}"
    if not (tech.isalnum() if slash else tech.isalnum() or not tech) or (not slash and tech == pattern):
        return BEGINS
    return "a Local channel stands for whoever is behind it" if tech == RELAY else ""


def _quoted(parts: Sequence[str]) -> str:
    return ", ".join(f'"{part}"' for part in parts)


def _bare(rest: str) -> str:
    """`trunk` of `trunk/*`, of `trunk-????`, of `/trunk`."""
    name = re.sub(r"[-/*?]+$", "", rest).replace("/", "-").strip("-")
    return re.sub(r"\*+$", "", name) or "NAME"


def _why_no_trunk(pattern: str) -> str:
    tech = pattern.partition("/")[0]
    return f"nobody calls in on {tech}, which is a machine to us as it is" if tech in MACHINES else ""


def _why_too_much(machines: str, trunks: Sequence[str]) -> str:
    """Does it say of everybody that nobody is there?"""
    names = ChannelNames([machines])
    if any(map(names.is_trunk, SOMEBODY)):
        return f"says of every phone that nobody is there: name those that are machines, as {SOME_NAME}"
    for number, trunk in enumerate(trunks):
        if names.is_trunk(_one_of(trunk)):
            return (
                f'takes all that trunks[{number}] "{trunk}" names, so no call on it would be judged: name only machines'
            )
    return ""


def _one_of(pattern: str) -> str:
    """A name that it matches, and hardly any other pattern that is not as wide."""
    return re.sub(r"\*", "zqj0000000a", CLASS.sub(lambda one: one[0].strip("[!]")[:1] or "z", pattern)).replace(
        "?", "0"
    )


def _can_match(pattern: str, shape: Shape) -> bool:
    """Is there a name of that shape that the pattern matches? Both are walked along together."""
    tokens = re.findall(r"\*|\?|\[!?\]?[^\]]*\]|.", pattern, re.DOTALL)
    seen, pending = {(0, 0)}, [(0, 0)]
    while pending:
        at, place = pending.pop()
        if at == len(tokens) and place == len(shape):
            return True
        for step in _steps(tokens, at, shape, place):
            if step not in seen:
                seen.add(step)
                pending.append(step)
    return False


def _steps(tokens: Sequence[str], at: int, shape: Shape, place: int) -> Iterator[tuple[int, int]]:
    """Where one more character of a name leads to."""
    if at == len(tokens):
        return
    star = tokens[at] == "*"
    if star:
        yield at + 1, place
    if place == len(shape):
        return
    characters, more = shape[place]
    if star or _may_be(tokens[at], characters):
        for after in (place + 1, place) if more else (place + 1,):
            yield (at if star else at + 1), after


@lru_cache(maxsize=10_000)
def _may_be(token: str, characters: frozenset[str]) -> bool:
    """Letters beyond ASCII may stand in a name as well."""
    return not token.isascii() or any(fnmatch.fnmatchcase(one, token) for one in characters)


def mistakes_in_places(ignored: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Of `ignore_contexts`."""
    for number, pattern in enumerate(ignored):
        if why := _why_no_place(pattern):
            yield f"ignore_contexts[{number}]", f'"{pattern}" {why}'


def _why_no_place(pattern: str) -> str:
    tight = re.sub(r"\s+", "", _plain(pattern))
    if tight != pattern:
        return f"names no context, since those have no blanks, nor any sign but a plain hyphen: {tight}"
    if REGULAR.search(pattern):
        return "is a pattern as of file names and no regular expression: blocked-*"
    if pattern.startswith("[") or "[" in CLASS.sub("", pattern):
        return f"has brackets, which stand for one character: {re.sub(r'[][]', '', pattern)}"
    context, comma, exten = pattern.partition(",")
    if "@" in pattern:
        exten, _, context = pattern.partition("@")
        return f"is how Local channels are dialled; here it is {context},{exten}"
    if not context or (comma and not exten):
        return "is a context, or a context,extension: blocked-callers,s"
    if "," in exten:
        return f"has a priority; a context and an extension are enough: {context},{exten.partition(',')[0]}"
    if any(ChannelNames(ignored=[pattern]).ignores(one, DID) for one in TRUNK_CONTEXTS):
        return "is where calls from outside begin, so all of them would be turned away: name where they end"
    return ""


def mistakes_in_extensions(extensions: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, pattern in enumerate(extensions):
        if why := _why_no_extension(pattern):
            yield f"extensions[{number}]", f'"{pattern}" {why}'


def _why_no_extension(pattern: str) -> str:
    if any(all(fnmatch.fnmatchcase(number, pattern) for number in pair) for pair in STRANGERS):
        return "takes customers for colleagues: name what sister offices call from, as 3??"
    if "/" in pattern:
        return "is a channel; what is shown of the caller counts, as 3??"
    if DIALPLAN_DIGITS.fullmatch(pattern) and re.search(r"[XNZxnz_.!]", pattern):
        meant = re.sub(r"[XNZxnz]", "?", pattern.lstrip("_")).replace(".", "?*").replace("!", "*")
        return f"is written as in the dialplan; here it is {meant}"
    if found := re.fullmatch(r"\s*(\d+)\s*[-–—]\s*(\d+)\s*", pattern):
        return f"is no range here; a question mark stands for one digit: {_common(found[1], found[2])}"
    if REGULAR.search(pattern):
        return "is a pattern as of file names and no regular expression: 3??"
    if re.search(r"[\s,;]", pattern):
        parts = [part for part in re.split(r"[\s,;]+", pattern) if part]
        return f"has blanks or commas; each pattern stands in quotes of its own: {_quoted(parts)}"
    if "[" in CLASS.sub("", pattern):
        return f"has a bracket that nothing closes: {pattern.replace('[', '')}"
    return ""


def _common(first: str, last: str) -> str:
    if len(first) != len(last):
        return "3??"
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(first))
    return first[:same] + "?" * (len(first) - same)
