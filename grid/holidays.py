"""The office calendar of the county: public holidays and make-up workdays, year by year, as announced by the State Council."""

from datetime import date, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

from core.calendar import DAY, Calendar

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_YEAR = 2024


@cache
def office_calendar() -> Calendar:
    """The calendar for all years that are published; later years count Monday to Friday and are provisional."""
    years = frozenset(y for y in range(FIRST_YEAR, FIRST_YEAR + 10) if _is_published(y))
    days = [day for year in sorted(years) for day in _days_of(year)]
    working = {day for day in days if chinese_calendar.is_workday(day)}
    weekdays = {day for day in days if day.weekday() < 5}
    return Calendar(ZONE, holidays=frozenset(weekdays - working), extra_workdays=frozenset(working - weekdays),
                    known_years=years)  # fmt: skip


def _is_published(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first) // DAY)]
