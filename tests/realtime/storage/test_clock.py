import time
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from realtime.storage import clock


@pytest.fixture
def skewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's clock is 45 s ahead of the database's, which nobody has measured yet."""
    monkeypatch.setattr(clock, "local", lambda: time.time() + 45)
    monkeypatch.setattr(clock, "ahead", 0.0)
    monkeypatch.setattr(clock, "measured_at", float("-inf"))


def off(moment: datetime) -> timedelta:
    return abs(moment - timezone.now())


def test_a_process_whose_clock_is_wrong_goes_by_the_databases(skewed: None, db: None) -> None:
    assert off(clock.now()) > timedelta(seconds=44)
    clock.measure()
    assert off(clock.now()) < timedelta(seconds=1)


def test_the_clock_is_not_looked_at_all_the_time(skewed: None, db: None, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        clock.measure()
        clock.measure()


@given(
    ahead=st.floats(-100, 100),
    guess=st.floats(-100, 100),
    way=st.floats(0, 5),
    back=st.floats(0, 5),
)
def test_it_is_off_by_no_more_than_the_answer_took_and_stays_when_it_was_right(
    ahead: float, guess: float, way: float, back: float
) -> None:
    database = 1_000.0 + way + ahead
    found = clock.adjusted(guess, 1_000.0, database, 1_000.0 + way + back)
    assert abs(found - ahead) <= way + back + 1e-6
    assert clock.adjusted(ahead, 1_000.0, database, 1_000.0 + way + back) == pytest.approx(ahead)
