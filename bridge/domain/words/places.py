"""Where addresses stand in one text.

Own rules over the words of a text. They look for the forms people type to a contractor: number and street with or
without a type, unit, town, state and ZIP behind it; numbered highways; street corners; Spanish forms.

Two libraries were measured on the labelled replies (58 with an address, 731 without): usaddress gave 18 back as
written, 46 among other words, and invented 16; pyap, which wants a town and a state, found 3.
These rules found the 12 held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bridge.domain.words.lexicon import Lexicon
from bridge.domain.words.tokens import After, Token

MAX_NAME_WORDS = 4
_GRID = frozenset({"n", "s", "e", "w"})


@dataclass(frozen=True, slots=True)
class Place:
    """An address in part number `part`, from `start` to `end`."""

    part: int
    start: int
    end: int
    certain: bool = True


def places_in(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[Place]:
    """Every address in a text, in order, none overlapping another. tokens: the words of the text."""
    walker = _Walker(text, tokens, lexicon)
    found: list[Place] = []
    index = 0
    while index < len(walker.tokens):
        end = walker.address_at(index)
        if end is None:
            index += 1
            continue
        stop, certain = end
        found.append(Place(tokens[index].part, walker.tokens[index].start, walker.tokens[stop - 1].end, certain))
        index = stop
    return found


@dataclass(frozen=True)
class _Walker:
    """Reads addresses off a text. Every method takes the index of a word and tells where what it looks for ends."""

    text: str
    tokens: Sequence[Token]
    lexicon: Lexicon

    def address_at(self, index: int) -> tuple[int, bool] | None:
        """Where an address that begins at `index` ends, and whether its form leaves no doubt."""
        numbers_a_unit = self._in("unit", index - 1) and self._goes_on(index - 1)
        begun = None if numbers_a_unit else self._house_number(index)
        sure = self._unnumbered(index) if begun is None else self._numbered(index, begun)
        if sure is not None:
            return self._tail(sure), True
        bare = None if begun is None else self._bare(index, begun)
        return None if bare is None else (self._tail(bare), False)

    def _numbered(self, index: int, begun: int) -> int | None:
        """begun: where the house number ends. No address ends at 0."""
        road = self._highway(begun) or self._street_word(begun) or self._name_and_type(index, begun)
        return road or self._corner(index)

    def _unnumbered(self, index: int) -> int | None:
        return self._spanish(index) or self._rural(index) or self._corner(index) or self._lot(index)

    # --- the forms

    def _name_and_type(self, index: int, begun: int) -> int | None:
        """`1420 N Oakwood Dr`, `77 Court Way`, `8 St. James Pl`, `500 Lake Shore Dr` and not `500 Lake Shore`."""
        weak = None
        for at in range(begun, min(begun + MAX_NAME_WORDS + 1, len(self.tokens))):
            if at > begun and self._is_type(index, begun, at):
                weak = self._directed(at + 1)
                goes_on = self._goes_on(at) and at + 1 < len(self.tokens) and self._is_type(index, begun, at + 1)
                if not goes_on and self.tokens[at].word in self._types:
                    return weak
            if not self._may_be_named(at, first=at == begun) or not self._goes_on(at):
                return weak
        return weak

    def _highway(self, begun: int) -> int | None:
        """`12850 Hwy 90 W`, `4510 N Highway 89`, `4411 County Road 210`, `7700 I-35`."""
        at = begun + (self._in("direction", begun) or self._word(begun) in {"old", "new"})
        if not (self._in("highway", at) or (self._word(at) == "i" and self._joined(at, "-"))):
            return None
        at += 1
        while self._in("highway_more", at):
            at += 1
        if not (self._is_number(at) and self._goes_on(at - 1)):
            return None
        at += self._in("highway_side", at + 1) and self._goes_on(at)
        typed = self._word(at + 1) in self._types and self._goes_on(at)
        end = at + 2 if typed else at + 1
        return end + (self._in("direction", end) and self._goes_on(end - 1))

    def _spanish(self, index: int) -> int | None:
        """`Calle Hidalgo 45`, `Calle 5 #123`, `Carr. 2 km 5.3`."""
        end = self._street_word(index)
        if end is None:
            return None
        if self._word(end) in {"#", "num", "no", "numero", "km"}:
            end += 1
        return end + 1 if self._word(end)[:1].isdigit() else None

    def _rural(self, index: int) -> int | None:
        """`RR 3 Box 118`, `HC 64 Box 12`, `Rural Route 5, Box 45A`."""
        at = index + (self._word(index) in {"rural", "star"})
        if not (self._in("rural_route", at) and self._is_number(at + 1) and self._word(at + 2) == "box"):
            return None
        if not self._is_number(at + 3):
            return None
        return at + 4 + (self._joined(at + 3, "") and len(self._word(at + 4)) == 1)

    def _lot(self, index: int) -> int | None:
        """`lot 18 Shady Pines mobile park`"""
        if not (self._in("lot", index) and self._is_number(index + 1)):
            return None
        begun = end = index + 2
        while end < min(begun + 3, len(self.tokens)) and self._goes_on(end - 1) and self._capital(end):
            end += 1
        if end - begun < 2 or not any(self.lexicon.is_unknown(self._word(at)) for at in range(begun, end)):
            return None
        while self._in("lot_of", end) and self._goes_on(end - 1):
            end += 1
        return end

    def _corner(self, index: int) -> int | None:
        """`corner of 5th and Main`, `5th & Main`, `Main St and 3rd Ave`."""
        told = self._in("corner", index)
        first = index + 1 + (self._word(index + 1) in {"of", "at", "de"}) if told else index
        middle = self._crossing_street(first)
        if middle is None or self._word(middle) not in {"and", "&", "y"}:
            return None
        end = self._crossing_street(middle + 1)
        if end is None or (not told and not self._sure_corner(first, middle, end)):
            return None
        return end

    def _bare(self, index: int, begun: int) -> int | None:
        """`1200 Broadway` or `701 N Main sink` at the beginning of a text, `at 330 Peachtree`."""
        directed = self._in("direction", begun) and self._goes_on(begun)
        at = begun + directed
        if at >= len(self.tokens) or not self._may_be_named(at, first=True):
            return None
        introduced = index > 0 and (
            self._introduced(index, at) or self._led_to(index, at) or self._closes_with(index, at)
        )
        ends = self.tokens[at].after > After.SPACE or at + 1 == len(self.tokens)
        alone = (self._opens(index) or self._greeted(index)) and (directed or (index == 0 and ends))
        numbered = directed and self._is_ordinal(at)  # "17 N 3rd"
        if not (self.tokens[at].word.isalpha() or numbered) or not (introduced or alone):
            return None
        digits = len(self.tokens[index].word)
        all_of_it = index == 0 and at + 1 == len(self.tokens) and not self._in("counted", at) and not self._plural(at)
        written_large = numbered or (self._capital(at) and (introduced or digits > 1 or all_of_it))
        if directed and not ends and self._shouted(at):
            return None  # "60 W LED bulbs"
        return at + 1 if written_large or (digits > 2 and (ends or introduced or not directed)) else None

    def _introduced(self, index: int, at: int) -> bool:
        """`we live at 330 Peachtree`, `the address is 88 birch`; not `budget is 4500 max`."""
        named = self._capital(at) and not self._in("counted", at)
        told = named or self._word(index - 1) not in {"is", "es"} or self._in("subject_of_address", index - 2)
        return told and self._in("introduces", index - 1)

    def _closes_with(self, index: int, at: int) -> bool:
        """`outlet fixed 9 Kestrel`: last of all a name that means nothing else."""
        if at + 1 < len(self.tokens) or not self._goes_on(index - 1) or self._capital(index - 1) or self._plural(at):
            return False
        counts = self._in("not_name", index - 1) or self._in("numbered", index - 1) or self._in("counted", at)
        return not counts and self._capital(at) and self.lexicon.is_unknown(self._word(at))

    def _greeted(self, index: int) -> bool:
        """`Hi, 6021 S Kimball`"""
        behind = self._after(index - 1) is After.COMMA
        return behind and all(self._in("small_talk", before) for before in range(index))

    def _led_to(self, index: int, at: int) -> bool:
        """`come by 908 Magnolia`; at the end of a text `toilet clogged, 1212 Broad`."""
        led = self._in("leads_there", index - 1) and self._goes_on(index - 1)
        last = self._after(index - 1) is After.COMMA and at + 1 == len(self.tokens)
        return (led or last) and self._large_number(index) and self._capital(at) and not self._in("counted", at)

    # --- what they are made of

    def _house_number(self, index: int) -> int | None:
        """`214`, `123B`, `37-15`, `123 1/2`, `N4512`: where it ends."""
        if self._word(index) in _GRID and self._joined(index, "") and self._is_number(index + 1):
            return self._house_number(index + 1)
        if not self._is_number(index) or len(self.tokens[index].word) > 6 or self._word(index - 1) == "$":
            return None
        at = index + 1
        if self._joined(index, "-") and self._is_number(at):
            return at + 1 if len(self.tokens[at].word) <= 3 else None
        if self._joined(index, "") and len(self._word(at)) == 1 and self._word(at).isalpha():
            return at + 1
        if self._word(at) == "1" and self._joined(at, "/"):
            return at + 2
        listed = self._after(index) is After.COMMA and not self._is_number(at)
        return at if self._goes_on(index) or listed else None

    def _street_word(self, index: int) -> int | None:
        """`Calle Sol`, `Avenida de la Paz`, `Av. Juarez`, `Avenue B`: where the name ends."""
        begin = index + (self._word(index) in {"el", "la"} and self._capital(index))
        if not self._in("street_word", begin):
            return None
        at = begin + 1
        while self._word(at) in {"de", "del", "la", "las", "los", "el", "of", "the", "du", "des"} and self._goes_on(at):
            at += 1
        if at >= len(self.tokens) or (self._word(at) in self._not_names and not self._is_number(at)):
            return None
        if at == begin + 1 and self.tokens[at].word in self._types:
            return None
        at += 1
        while at < min(begin + 4, len(self.tokens)) and self._goes_on(at - 1) and self._of_street_name(at):
            at += 1
        return at

    def _of_street_name(self, at: int) -> bool:
        return self._capital(at) and not self._in("unit", at)

    def _crossing_street(self, index: int) -> int | None:
        """One street of a corner: an ordinal or a name, with its type or without."""
        if index >= len(self.tokens) or self._word(index) in self._not_names:
            return None
        at = index + 1
        while at < min(index + 3, len(self.tokens)) and self._goes_on(at - 1) and self._part_of_crossing(at):
            at += 1
        return at

    def _part_of_crossing(self, at: int) -> bool:
        return self._word(at) in self._types or (
            self._capital(at) and not self._in("not_name", at) and self._word(at) not in {"and", "y", "&"}
        )

    def _sure_corner(self, first: int, middle: int, end: int) -> bool:
        """Without the word "corner": both look like streets, and one certainly is."""
        sides = ((first, middle), (middle + 1, end))
        typed = [self.tokens[stop - 1].word in self._types and stop - begin > 1 for begin, stop in sides]
        ordinal = [self._is_ordinal(begin) for begin, _ in sides]
        named = [self._capital(begin) for begin, _ in sides]
        return all(typed) or (any(typed) and (any(ordinal) or all(named))) or (any(ordinal) and any(named))

    def _tail(self, end: int) -> int:
        """Unit, town, state and ZIP code behind a street."""
        end = self._unit(end)
        town = self._town(end)
        return self._unit(town)

    def _unit(self, index: int) -> int:
        if self._is_ordinal(index) and self._in("floor", index + 1):
            return index + 2
        sharp = self._word(index) == "#"
        if not (sharp or self._in("unit", index)) or self._after(index - 1) >= After.STOP:
            return index
        at = index + 1 + (self._word(index + 1) == "#")
        if at >= len(self.tokens) or not self._unit_name(at):
            return index
        at += 1
        while at < len(self.tokens) and (self._joined(at - 1, "") or self._joined(at - 1, "-")):
            at += 1
        return at

    def _unit_name(self, at: int) -> bool:
        return len(self.tokens[at].word) <= 2 or self.tokens[at].word.isdecimal()

    def _town(self, index: int) -> int:
        """Up to three words and a state or a ZIP code; else only `in Town`."""
        for at in range(index, min(index + 4, len(self.tokens))):
            if self._after(at - 1) >= After.STOP:
                break
            if end := self._state_or_zip(at):
                return self._state_or_zip(end) or end  # "Washington DC"
            if not self.tokens[at].word.isalpha() or (self._in("not_name", at) and not self._capital(at)):
                break
        if self._word(index) == "in" and self._goes_on(index - 1) and self._is_town(index + 1):
            return index + 2
        return index

    def _is_town(self, at: int) -> bool:
        return at < len(self.tokens) and self._capital(at) and not self._in("not_name", at) and self._mixed_case

    def _state_or_zip(self, at: int) -> int | None:
        if at >= len(self.tokens) or self._after(at - 1) >= After.STOP:
            return None
        if self._is_zip(at):
            return self._zip_end(at)
        token = self.tokens[at]
        upper = self.text[token.start : token.end].isupper()
        if self._in("state_name", at) or (self._in("state", at) and (upper or self._is_zip(at + 1))):
            return self._zip_end(at + 1) if self._is_zip(at + 1) else at + 1
        return None

    def _zip_end(self, at: int) -> int:
        return at + 2 if self._joined(at, "-") and self._is_number(at + 1) else at + 1

    def _directed(self, end: int) -> int:
        """A compass point behind the street, if it belongs to it."""
        if not self._in("direction", end) or not self._goes_on(end - 1):
            return end
        return end + 1 if self._capital(end) or len(self.tokens[end].word) > 2 else end

    # --- single words

    def _is_type(self, index: int, begun: int, at: int) -> bool:
        word = self.tokens[at].word
        if word in self._types and not self._in("area", at + 1):
            return self._large(index) or self._capital(begun) or index == 0 or self._in("introduces", index - 1)
        stands_out = self._large(index) or self._opens(index) or self._in("introduces", index - 1)
        return word in self._weak_types and stands_out and self._capital(begun) and self._capital(at)

    def _opens(self, index: int) -> bool:
        """Does a sentence begin here?"""
        return self._after(index - 1) >= After.STOP

    def _large(self, index: int) -> bool:
        return len(self.tokens[index].word) > 1

    def _large_number(self, index: int) -> bool:
        return len(self.tokens[index].word) > 2

    def _may_be_named(self, at: int, *, first: bool) -> bool:
        """Could a street be called so? What numbers usually count ("2 bath") is a name only with a capital."""
        word = self._word(at)
        if word in self._not_names:
            return first and self._in("opens_name", at)
        if first and self._in("direction", at):
            return True
        return word[0].isalnum() and (self._capital(at) or word not in self.lexicon.words("counted"))

    def _is_number(self, at: int) -> bool:
        return self._word(at).isdecimal()

    def _is_zip(self, at: int) -> bool:
        return self._is_number(at) and len(self._word(at)) == 5

    def _is_ordinal(self, at: int) -> bool:
        word = self._word(at)
        return word[:1].isdigit() and word[-1:].isalpha()

    def _capital(self, at: int) -> bool:
        return self.text[self.tokens[at].start : self.tokens[at].start + 1].isupper()

    def _plural(self, at: int) -> bool:
        return self._word(at).endswith("s")

    def _shouted(self, at: int) -> bool:
        return self._mixed_case and self.text[self.tokens[at].start : self.tokens[at].end].isupper()

    def _goes_on(self, at: int) -> bool:
        return self._after(at) is After.SPACE

    def _after(self, at: int) -> After:
        return self.tokens[at].after if 0 <= at < len(self.tokens) else After.STOP

    def _word(self, at: int) -> str:
        return self.tokens[at].word if 0 <= at < len(self.tokens) else ""

    def _in(self, name: str, at: int) -> bool:
        return self._word(at) in self.lexicon.words(name)

    def _joined(self, at: int, sign: str) -> bool:
        """Is the next word joined to this one by `sign` and nothing else?"""
        if at + 1 >= len(self.tokens):
            return False
        return self.text[self.tokens[at].end : self.tokens[at + 1].start] == sign

    @cached_property
    def _types(self) -> frozenset[str]:
        return self.lexicon.words("street_type")

    @cached_property
    def _weak_types(self) -> frozenset[str]:
        return self.lexicon.words("weak_type")

    @cached_property
    def _not_names(self) -> frozenset[str]:
        return self.lexicon.words("not_name")

    @cached_property
    def _mixed_case(self) -> bool:
        return self.text != self.text.upper()
