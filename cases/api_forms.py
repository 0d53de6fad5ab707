"""Bodies of JSON as the forms they stand for, so that pages and programs are held to the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from cases.dictionaries import CATEGORIES, DISPUTE, PLAIN_KINDS
from cases.forms import form_for
from cases.report_form import ReportForm
from core.api import Invalid, moment
from core.db import db
from grid.areas import Area, AreaCode
from grid.holidays import ZONE

PLAIN = ("settled", "result", "place", "risk", "urgent", "source", "told_by", "applicant", "applicant_phone", "respondent",
         "people_count", "occurred_on", "private", "protected", "against_village")  # fmt: skip
REQUIRED = ("kind", "category", "area", "summary", "device_time")
FIELDS = frozenset((*PLAIN, *REQUIRED, "position"))
AS_TOLD = {"kind": "category", "description": "summary"}
"""What the form calls otherwise."""
RANGES = {"latitude": (-90, 90), "longitude": (-180, 180), "accuracy": (0, 100_000)}
"""Degrees in WGS 84, and metres."""


def report_form(said: Mapping[str, Any], areas: list[Area]) -> tuple[ReportForm, datetime, Mapping[str, float]]:
    """The report that a body stands for, the phone's own time, and the position of the event (empty if not given).

    Raises ``Invalid`` with a sentence for each field that is wrong.
    """
    wrong = _unknown(said, FIELDS) | {name: [_("Please fill this in.")] for name in REQUIRED if not said.get(name)}
    device_at, position = _moment(said, wrong), _position(said, wrong)
    typed = _typed({name: said.get(name) for name in PLAIN}, wrong)
    typed |= {"kind": _kind(said), "area": _area_id(said.get("area"), areas)}
    typed |= _typed({"description": said.get("summary")}, wrong)
    form = ReportForm(MultiDict({"risk": "blue", "source": "patrol"} | typed), meta={"csrf": False})
    form.offer(areas)
    _judge(form, wrong)
    return form, device_at, position


def operation_form(case, transition, said: Mapping[str, Any], at: datetime):
    """The form of one operation, filled in with ``facts``, and the phone's own time. Raises ``Invalid``."""
    wrong = _unknown(said, frozenset(("action", "version", "device_time", "facts")))
    device_at, facts = _moment(said, wrong), said.get("facts") or {}
    if not isinstance(facts, dict):
        raise Invalid({"facts": [_("This is not what is expected here.")]})
    typed = _typed(facts, wrong)
    form = form_for(case, transition, at.astimezone(ZONE).date(), formdata=MultiDict(typed), meta={"csrf": False})
    wrong |= _unknown(facts, frozenset(field.name for field in form))
    _judge(form, wrong)
    return form, device_at


def _judge(form, wrong: dict[str, list[str]]) -> None:
    form.validate()
    found = {AS_TOLD.get(name, name): [str(e) for e in errors] for name, errors in form.errors.items()}
    if wrong := found | wrong:
        raise Invalid(wrong)


def _unknown(said: Mapping[str, Any], known: frozenset[str]) -> dict[str, list[str]]:
    return {str(name): [_("There is no such field.")] for name in said if name not in known}


def _typed(values: Mapping[str, Any], wrong: dict[str, list[str]]) -> dict[str, Any]:
    """The values as a form would send them."""
    typed = {}
    for name, value in values.items():
        if value is None or value is False:
            continue
        text = _as_text(value)
        if text is None:
            wrong[name] = [_("This is not what is expected here.")]
        else:
            typed[name] = text
    return typed


def _as_text(value: Any) -> str | list[str] | None:
    if value is True:
        return "y"
    if isinstance(value, str) or type(value) is int:
        return str(value)
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


def _kind(said: Mapping[str, Any]) -> str:
    """The button of the form: a kind of quarrel, or a category of incidents."""
    kind, category = said.get("kind"), said.get("category")
    known = PLAIN_KINDS if kind == "dispute" else CATEGORIES if kind == "incident" else ()
    return category if isinstance(category, str) and category in known and category != DISPUTE else ""


def _area_id(code: Any, areas: list[Area]) -> str:
    """The id of the area with this code among those one may report in; empty if there is none, or more than one."""
    if not isinstance(code, str):
        return ""
    having = set(db.session.scalars(select(AreaCode.area_id).where(AreaCode.code == code.replace("\0", ""))))
    found = [area.id for area in areas if area.id in having]
    return str(found[0]) if len(found) == 1 else ""


def _moment(said: Mapping[str, Any], wrong: dict[str, list[str]]) -> datetime | None:
    """What the phone's clock showed. It may be wrong by years: it is kept as it is, beside the server's own."""
    text = said.get("device_time")
    try:
        return moment(text) if text else None
    except (TypeError, ValueError, OverflowError):
        wrong["device_time"] = [_("This is not a time with its zone.")]
        return None


def _position(said: Mapping[str, Any], wrong: dict[str, list[str]]) -> Mapping[str, float]:
    given = said.get("position")
    if given is None:
        return {}
    if (
        isinstance(given, dict)
        and set(given) == set(RANGES)
        and all(map(_lies_in, given.values(), map(RANGES.get, given)))
    ):
        return {name: float(value) for name, value in given.items()}
    wrong["position"] = [_("This is not a position.")]
    return {}


def _lies_in(value: Any, limits: tuple[int, int]) -> bool:
    return type(value) in (int, float) and limits[0] <= value <= limits[1]
