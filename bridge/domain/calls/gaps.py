"""Can what we did not hear hide a talk? Pure questions about a live call, as a snapshot shows it.

Nothing shows a talk that is over. Something may rule one out: that there was no time for it, that whoever rang rings
yet, that the caller stands where they stood. Where nothing does, a call that we followed is unsure. One that we meet in
the middle is, where its PBX names somebody whom it was with, or where people are whom we do not see.
"""

from dataclasses import dataclass
from datetime import timedelta

from bridge.domain.calls.events import ChannelSeen, ChannelState, Doing
from bridge.domain.calls.verdicts import WITH_A_MACHINE

A_WORD = timedelta(seconds=0.5)
"""So long it takes somebody who rang before to pick up and to go."""

A_TALK = timedelta(seconds=3)
"""And so long to be rung first."""

A_ROUND = timedelta(seconds=15)
"""And so long until the caller is back at the very same place: in a menu, in a queue."""


@dataclass(frozen=True, slots=True)
class Before:
    """A call when the link was lost, and what became of the persons it was offered to by then.

    up: the PBX had answered it. place: where it stood. answered: one had just answered. rings_yet: one of them still
    rings. picked_up: one is up since, and not with the caller. hung_up: one is gone. left_queue: it had left its queue.
    """

    up: bool = False
    place: str = ""
    answered: bool = False
    rings_yet: bool = False
    picked_up: bool = False
    hung_up: bool = False
    left_queue: bool = False


BEGAN_UNHEARD = Before()


@dataclass(frozen=True, slots=True)
class Unheard:
    """What we did not hear of a call that lives. lasted: so long. ringing: for so long somebody rings whom it is
    offered to now, None where nobody does. stray: somebody else of it is up, and not with the caller. names_another:
    the PBX says whom the caller is connected with, or was last, and that is nobody we know of.
    """

    now: ChannelSeen
    lasted: timedelta
    ringing: timedelta | None
    stray: bool
    names_another: bool

    def may_hide_a_talk(self, before: Before | None) -> bool:
        """before: None of a call that lived before we ever listened."""
        if self.now.state is not ChannelState.UP:
            return False
        if self.now.unheard is not None:
            return self.now.unheard
        if before is None:
            return self._unwatched >= A_WORD and (self._is_let_down or (self._has_time and self.names_another))
        if self.lasted and (before.answered or (before.hung_up and self._came_up(before))):
            return True
        if self._unwatched < A_WORD or before.rings_yet:
            return False
        fetched = before.left_queue and self.now.doing is Doing.QUEUE
        told = fetched or before.picked_up or before.hung_up or self._came_up(before) or self.names_another
        return told or self._is_let_down or (self._has_time and not self._stood_still(before))

    def _came_up(self, before: Before) -> bool:
        """Since then, and no machine has it: to dial somebody answers no call."""
        return not before.up and self.now.doing not in WITH_A_MACHINE

    @property
    def _has_time(self) -> bool:
        return self._unwatched >= A_TALK

    @property
    def _unwatched(self) -> timedelta:
        """While somebody is rung, nobody talks."""
        return self.lasted - (self.ringing or timedelta(0))

    @property
    def _is_let_down(self) -> bool:
        """Is it with nobody, though it is connected or should be?"""
        if self.now.doing is Doing.PARK:
            return not self.now.bridge
        return self.stray or (self.now.doing not in WITH_A_MACHINE and self.ringing is None)

    def _stood_still(self, before: Before) -> bool:
        return self.lasted < A_ROUND and self.now.place == before.place != ""
