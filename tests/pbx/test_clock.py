"""How far a PBX's clock is from ours, told from a line that stalls."""

from datetime import timedelta

import pytest

from bridge.pbx.clock import PbxClock
from tests.desk import MONDAY_NOON

SECOND = timedelta(seconds=1)


class Told:
    """What one PBX tells, whose clock is so far from ours: seconds after noon, and how late it comes."""

    def __init__(self, apart: timedelta = timedelta(0)) -> None:
        self.apart = apart
        self._clock = PbxClock()

    def at(self, second: float, late: float = 0) -> float:
        """The seconds after noon that it is taken for."""
        happened = MONDAY_NOON + second * SECOND
        return (self._clock.in_ours(happened + self.apart, happened + late * SECOND) - MONDAY_NOON) / SECOND


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(minutes=-20), timedelta(hours=1)])
def test_a_line_that_stalls_in_mid_call_moves_no_time_of_it(apart: timedelta) -> None:
    told = Told(apart)
    assert [told.at(0), told.at(1)] == [0, 1]
    assert [told.at(3, late=30), told.at(4, late=29), told.at(34)] == [3, 4, 34]


def test_nor_does_one_that_stalls_behind_a_quiet_night() -> None:
    told = Told(timedelta(minutes=3))
    told.at(0)
    told.at(1)
    assert told.at(30_000, late=20) == 30_000


def test_the_first_that_is_heard_may_be_late_and_the_next_mends_it() -> None:
    told = Told()
    assert told.at(0, late=20) == 20
    assert told.at(1) == 1


@pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(hours=3), timedelta(seconds=40)])
def test_a_clock_that_is_set_is_believed(step: timedelta) -> None:
    told = Told()
    told.at(0)
    told.apart = step
    assert told.at(1) == 1


def test_one_that_is_set_back_a_little_is_believed_once_it_is_no_stall() -> None:
    told = Told()
    told.at(0)
    told.apart = timedelta(seconds=-20)
    assert told.at(1) == -19
    told.at(70)
    assert told.at(140) == 140
