"""Limits and the office calendar: when a limit of hours, days, working days or months ends. Pure: days off are passed in.

Sources: Civil Code (民法典) Art. 201 (the first day is not counted), 202 (months end on the same-numbered day, or the
month's last), 203 (a last day that is a day off moves to the next working day; where there are business hours the
limit ends when business stops).
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

UNITS = ("hours", "days", "working days", "months")
DAY = timedelta(days=1)
LONGEST = 999


@dataclass(frozen=True)
class Calendar:
    """Working days of one office: the days off, the weekends worked in exchange, and the years they are known for."""

    zone: ZoneInfo
    closing: time = time(17, 30)
    holidays: frozenset[date] = frozenset()
    extra_workdays: frozenset[date] = frozenset()
    known_years: frozenset[int] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Monday to Friday unless announced otherwise."""
        return day in self.extra_workdays or (day.weekday() < 5 and day not in self.holidays)

    def add_workdays(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``; ``day`` itself is not counted."""
        while count:
            day += DAY
            count -= self.is_workday(day)
        return day

    def next_workday(self, day: date) -> date:
        """``day`` itself, or the first working day after it."""
        return day if self.is_workday(day) else self.add_workdays(day, 1)

    def is_provisional(self, at: datetime) -> bool:
        """Whether the year of ``at`` (any zone) had no published calendar, so that the day may still move."""
        return bool(self.known_years) and at.astimezone(self.zone).year not in self.known_years


@dataclass(frozen=True)
class Limit:
    """How long a step may take: ``amount`` of one of ``UNITS``."""

    amount: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS or not 1 <= self.amount <= LONGEST:
            raise ValueError(f"No such limit: {self.amount} {self.unit}.")

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """The moment (UTC) at which the limit ends that starts at ``at`` (any zone)."""
        if self.unit == "hours":
            return (at + timedelta(hours=self.amount)).astimezone(UTC)
        last = self._last_day(at.astimezone(calendar.zone).date(), calendar)
        return datetime.combine(last, calendar.closing, calendar.zone).astimezone(UTC)

    def _last_day(self, start: date, calendar: Calendar) -> date:
        if self.unit == "working days":
            return calendar.add_workdays(start, self.amount)
        if self.unit == "days":
            return calendar.next_workday(start + self.amount * DAY)
        return calendar.next_workday(add_months(start, self.amount))


def add_months(day: date, count: int) -> date:
    """The same-numbered day ``count`` months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
