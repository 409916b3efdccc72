"""What the machine makes of a customer's words, and of its own.

A fault in it must not hide the customer's words: they then go on unread, and a person reads them. A text of ours that
cannot be judged is not sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

import structlog

from bridge.domain.callbacks.queue import Findings, Urgency
from bridge.domain.phone import E164
from bridge.domain.words import address, honesty, own_words, second_number, triage
from bridge.domain.words import opt_out as optout
from bridge.domain.words.lexicon import Lexicon, OptOutRequest
from bridge.domain.words.own_words import OwnWords
from bridge.domain.words.second_number import Expected
from bridge.domain.words.triage import Assessment, TriageLevel

T = TypeVar("T")


class TextReader:
    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._judged = lru_cache(maxsize=256)(self._judge)  # most texts of ours are the same every time
        self._assessed = lru_cache(maxsize=512)(self._assess)  # what is said goes on from what was
        self._log = structlog.get_logger()

    def own_words(self, text: str, sent: Sequence[str]) -> OwnWords:
        """Which of it is the sender's own; sent: what we texted that number before."""
        return self._carefully(lambda: own_words.read(text, self._lexicon, sent), OwnWords(text))

    def opt_out(self, text: str, before: str = "") -> OptOutRequest:
        """What the text as a whole asks of us; before: what the same customer wrote a moment ago."""
        return self._carefully(lambda: optout.read(text, self._lexicon, before=before), OptOutRequest.NONE)

    def is_news(self, own: OwnWords) -> bool:
        """Does the sender tell us anything? A reaction, a mere quotation and an automatic answer do not."""
        if own.machine:
            return self.triage([own.text]).level is not TriageLevel.ROUTINE
        return not own.says_nothing

    def triage(self, texts: Sequence[str]) -> Assessment:
        """How urgent that is, and because of which words."""
        return self._carefully(lambda: self._assessed(tuple(texts)), Assessment(TriageLevel.ROUTINE))

    def extract(self, texts: Sequence[str]) -> Findings:
        """Urgency, address and issue in what a customer wrote of late, oldest first.

        What is urgent is the issue, whatever was told before.
        """
        said, place = self.triage(texts), self._place(texts)
        asks = bool(texts) and self.opt_out(texts[-1], "".join(texts[-2:-1])) is not OptOutRequest.NONE
        found = Findings(Urgency(said.level), place.address, place.issue)
        if asks:
            return replace(found, issue=None)
        if said.level is not TriageLevel.URGENT or self._is_as_bad([place.issue or ""], said):
            return found
        return replace(found, issue=self._urgent_issue(texts, said) or place.issue)

    def _place(self, texts: Sequence[str]) -> address.AddressAndIssue:
        return self._carefully(lambda: address.find(texts, self._lexicon), address.AddressAndIssue(None, None))

    def _urgent_issue(self, texts: Sequence[str], said: Assessment) -> str | None:
        """Out of the first texts that are as urgent by themselves: of `no`, then `heat and a baby here`, both."""
        numbers = range(len(texts))
        end = next((n for n in numbers if self._is_as_bad(texts[: n + 1], said)), len(texts) - 1)
        begin = next((n for n in reversed(numbers[: end + 1]) if self._is_as_bad(texts[n : end + 1], said)), 0)
        issue = self._place(texts[begin : end + 1]).issue
        says_nothing_alone = issue is not None and begin < end and self._place([texts[begin]]).issue is None
        return f"{texts[begin]} {issue}" if says_nothing_alone and not self._is_as_bad([issue or ""], said) else issue

    def _is_as_bad(self, texts: Sequence[str], said: Assessment) -> bool:
        found = self.triage(texts)
        return found.level is said.level and found.hazard >= said.hazard

    def number_in(self, text: str, expected: Expected) -> E164 | None:
        """Where else, by this text, the customer can be reached."""
        return self._carefully(lambda: second_number.find(text, expected, self._lexicon), None)

    def promises_nothing(self, text: str) -> bool:
        """May this text be sent without a person having written it?"""
        return self._carefully(lambda: self._judged(text), False)

    def _assess(self, texts: tuple[str, ...]) -> Assessment:
        return triage.assess(texts, self._lexicon)

    def _judge(self, text: str) -> bool:
        return not honesty.check(text, self._lexicon)

    def _carefully(self, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except Exception:
            self._log.exception("words.not_understood")
            return otherwise
