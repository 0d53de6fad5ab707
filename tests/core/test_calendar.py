"""Limits end when the law and the office calendar say so. Vectors: the State Council's notices for 2025 and 2026."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Calendar, Limit, add_months
from grid.holidays import office_calendar

COUNTY = ZoneInfo("Asia/Shanghai")
OFFICE = office_calendar()
PUBLISHED = st.dates(date(2024, 1, 2), date(2026, 10, 31))


def at(*when) -> datetime:
    """A moment on the county's clock."""
    return datetime(*when, tzinfo=COUNTY)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday worked in exchange
        ("2026-02-12", 3, "2026-02-24"),  # 13, 14, then the festival
        ("2026-09-30", 1, "2026-10-08"),  # National Day
        ("2026-09-30", 5, "2026-10-13"),  # 8, 9, 10 (worked in exchange), 12, 13
        ("2026-01-02", 1, "2026-01-04"),  # begun on a holiday; a Sunday worked in exchange
        ("2026-05-08", 1, "2026-05-09"),
        ("2025-09-30", 3, "2025-10-11"),
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),  # over a weekend
    ],
)
def test_working_days_follow_the_published_calendar(start, count, end):
    assert OFFICE.add_workdays(date.fromisoformat(start), count) == date.fromisoformat(end)


@pytest.mark.parametrize("day", ["2026-01-01", "2026-02-20", "2026-04-06", "2026-10-07", "2026-03-01"])
def test_holidays_and_weekends_are_days_off(day):
    assert not OFFICE.is_workday(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_days_worked_in_exchange_are_working_days(day):
    assert OFFICE.is_workday(date.fromisoformat(day))


@given(PUBLISHED, st.integers(1, 40))
def test_a_limit_of_working_days_ends_on_one_and_counts_exactly_that_many(start, count):
    end = OFFICE.add_workdays(start, count)
    passed = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(map(OFFICE.is_workday, passed)) == count
    assert OFFICE.is_workday(end)


@given(PUBLISHED, st.integers(0, 10), st.integers(0, 10))
def test_working_days_add_up(start, first, second):
    assert OFFICE.add_workdays(OFFICE.add_workdays(start, first), second) == OFFICE.add_workdays(start, first + second)


def test_the_first_day_is_not_counted_and_the_limit_ends_when_the_office_closes():
    end = Limit(1, "working days").after(at(2026, 3, 2, 9), OFFICE)
    assert end == at(2026, 3, 3, 17, 30)
    assert end.tzinfo is UTC


def test_the_day_is_the_countys_whatever_the_zone_of_the_moment():
    late_in_utc = datetime(2026, 3, 2, 20, tzinfo=UTC)  # already the 3rd in the county
    assert Limit(1, "days").after(late_in_utc, OFFICE) == at(2026, 3, 4, 17, 30)


def test_hours_run_on_through_nights_and_holidays():
    assert Limit(24, "hours").after(at(2026, 9, 30, 16, 30), OFFICE) == at(2026, 10, 1, 16, 30)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ((2026, 9, 29), 7, (2026, 10, 8)),  # would end on 6 October
        ((2026, 2, 13), 1, (2026, 2, 14)),  # a Saturday worked in exchange is no day off
        ((2026, 3, 3), 7, (2026, 3, 10)),
        ((2026, 2, 28), 7, (2026, 3, 9)),  # would end on a Saturday
    ],
)
def test_days_that_end_on_a_day_off_end_on_the_next_working_day(start, days, end):
    assert Limit(days, "days").after(at(*start, 10), OFFICE) == at(*end, 17, 30)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-03-15", 1, "2026-04-15"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-11-30", 1, "2026-12-30"),
    ],
)
def test_a_month_ends_on_the_same_numbered_day_or_the_months_last(start, count, end):
    """Civil Code Art. 202."""
    assert add_months(date.fromisoformat(start), count) == date.fromisoformat(end)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_months_never_skip_a_month(day, count):
    end = add_months(day, count)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == count
    assert end.day == day.day or (end + timedelta(days=1)).day == 1


def test_a_limit_of_months_that_ends_on_a_day_off_moves_on():
    assert Limit(1, "months").after(at(2026, 9, 3, 8), OFFICE) == at(2026, 10, 8, 17, 30)


@pytest.mark.parametrize(("amount", "unit"), [(0, "days"), (-1, "hours"), (1, "weeks"), (1, "")])
def test_there_are_no_other_limits(amount, unit):
    with pytest.raises(ValueError, match="No such limit"):
        Limit(amount, unit)


def test_a_year_without_a_published_calendar_is_provisional():
    assert not OFFICE.is_provisional(at(2026, 12, 31, 23, 59))
    unknown = max(OFFICE.known_years) + 1
    assert OFFICE.is_provisional(at(unknown, 1, 1))
    assert OFFICE.is_workday(next(date(unknown, 1, d) for d in range(1, 8) if date(unknown, 1, d).weekday() == 0))


def test_the_year_is_the_countys_when_the_moment_is_in_utc():
    last = max(OFFICE.known_years)
    assert OFFICE.is_provisional(datetime(last, 12, 31, 17, tzinfo=UTC))


def test_a_calendar_without_holidays_works_from_monday_to_friday():
    plain = Calendar(COUNTY, closing=time(18))
    assert plain.add_workdays(date(2026, 9, 30), 2) == date(2026, 10, 2)
    assert not plain.is_provisional(at(2050, 1, 1))
