"""Moments in words: when something is due and how long that is, in the reader's language and the county's time."""

from datetime import datetime

from flask_babel import format_date, format_datetime, to_user_timezone

from core.i18n import gettext, is_chinese, ngettext

SOON_HOURS = 48
LATE, SOON, ON_TIME = "late", "soon", "on-time"


def moment(at: datetime | None) -> str:
    """Date and time, with the weekday."""
    if at is None:
        return ""
    return format_datetime(at, "M月d日 EEE HH:mm" if is_chinese() else "EEE d MMM, HH:mm")


def day(at) -> str:
    """A date with its year."""
    return format_date(at, "y年M月d日" if is_chinese() else "d MMM y") if at else ""


def county_year(at: datetime) -> int:
    """The year of a moment on the county's clock."""
    return to_user_timezone(at).year


def urgency(due: datetime, at: datetime) -> str:
    """How pressing a deadline is at a moment: LATE, SOON or ON_TIME."""
    if due < at:
        return LATE
    return SOON if (due - at).total_seconds() < SOON_HOURS * 3600 else ON_TIME


def left(due: datetime, at: datetime) -> str:
    """How much time is left, or how long it has been over."""
    span = spell(abs((due - at).total_seconds()))
    return gettext("%(span)s over", span=span) if due < at else gettext("%(span)s left", span=span)


def spell(seconds: float) -> str:
    """A span in its largest unit."""
    hours = int(seconds // 3600)
    if hours >= 24:
        return ngettext("%(num)s day", "%(num)s days", hours // 24)
    if hours:
        return ngettext("%(num)s hour", "%(num)s hours", hours)
    minutes = max(1, int(seconds // 60))
    return ngettext("%(num)s minute", "%(num)s minutes", minutes)
