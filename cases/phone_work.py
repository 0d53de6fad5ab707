"""What a phone keeps to work without signal: places, phone numbers, and the open cases of its owner. Never a restricted case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from cases import labels, queries, queues
from cases.forms import form_for
from cases.lifecycle import LIFECYCLE, RESTRICTED
from cases.models import Case
from core.db import db
from core.i18n import gettext, is_chinese, label
from core.lifecycle import Attempt
from grid.areas import Area, AreaCode
from grid.groups import HouseholdGroup
from grid.holidays import ZONE
from grid.people import SignedIn
from grid.units import CENTRE, Unit

FROM_A_PHONE = ("feedback", "follow_up", "settle")
"""The operations that a grid worker may queue without signal."""


def posts_of(person: SignedIn) -> list[dict[str, str]]:
    """The posts held today."""
    return [{"role": post.role, "role_name": label(post.role), "unit": post.unit.name, "area": post.area.label}
            for post in person.posts]  # fmt: skip


def areas(found: list[Area]) -> list[dict[str, str]]:
    """The places one may report in, each with its newest code, one's own first."""
    ids = [area.id for area in found]
    rows = db.session.scalars(select(AreaCode).where(AreaCode.area_id.in_(ids)).order_by(AreaCode.version, AreaCode.id))
    codes = {row.area_id: row.code for row in rows}
    return [{"code": codes[area.id], "label": area.label, "kind": area.kind} for area in found if area.id in codes]


def leaders(found: list[Area]) -> list[dict[str, str]]:
    """The leaders of the household groups among those places, to be called."""
    ids = [area.id for area in found if area.kind == "group"]
    groups = db.session.scalars(
        select(HouseholdGroup).where(HouseholdGroup.area_id.in_(ids)).order_by(HouseholdGroup.area_id)
    )
    return [{"group": group.area.label, "name": group.leader_name, "phone": group.leader_phone} for group in groups]


def duty_desks(person: SignedIn) -> list[dict[str, str]]:
    """The duty desks of the centres over this person's places, the nearest first."""
    above = {id for post in person.posts for id in post.area.line}
    centres = db.session.scalars(select(Unit).where(Unit.kind == CENTRE, Unit.area_id.in_(above), Unit.phone != ""))
    return [{"name": unit.name, "phone": unit.phone}
            for unit in sorted(centres, key=lambda unit: (-len(unit.area.line), unit.id))]  # fmt: skip


def own_cases(person: SignedIn, at: datetime) -> list[dict[str, Any]]:
    """The open cases that this person handles, must follow up, or reported; tasks first."""
    views = queues.viewpoints(person)
    view = views.get("grid") or next(iter(views.values()))
    tasks = [*queues.in_charge(person.person.id), *queues.page_of(view, "to_follow_up", at)[0]]
    found = {case.id: (case, True) for case in tasks}
    for case in queues.reported_by(person.person.id):
        found.setdefault(case.id, (case, False))
    return [as_seen(case, person, at) | {"task": task} for case, task in found.values()
            if case.confidentiality != RESTRICTED and case.bucket != "done"]  # fmt: skip


def as_seen(case: Case, person: SignedIn, at: datetime) -> dict[str, Any]:
    """A case as a phone shows it, with the version that an operation must name."""
    return {
        "uuid": str(case.id), "code": case.code, "number": case.number, "version": case.version,
        "summary": _title(case), "kind_name": _kind(case), "state": case.state,
        "state_name": label(case.state), "area": case.area.label, "risk": case.risk,
        "due_at": case.due_at.isoformat() if case.due_at else None, "operations": _operations(case, person, at),
    }  # fmt: skip


def _kind(case: Case) -> str:
    key = labels.kind_key(case)
    return label(key) if key else labels.type_name(case.dispute_type, chinese=is_chinese())


def _title(case: Case) -> str:
    """What lists show: nothing of a private matter."""
    key = labels.title_key(case)
    return gettext(key) if key else case.title or _kind(case)


def _operations(case: Case, person: SignedIn, at: datetime) -> list[dict[str, Any]]:
    if not person.may("work on cases"):
        return []
    actor = person.actor
    tried = Attempt(actor.person_id, case.capacities(actor), at, {})
    return [{"action": t.action, "name": label(t.action), "fields": _fields(form_for(case, t, at.astimezone(ZONE).date()))}
            for t in LIFECYCLE.available(case, tried) if t.action in FROM_A_PHONE]  # fmt: skip


def _fields(form) -> list[dict[str, Any]]:
    """What a form asks, for a phone to ask the same."""
    hidden = ("csrf_token", "version", "key", "device_at", "files")
    return [{"name": field.name, "label": str(field.label.text), "required": field.flags.required or False,
             "choices": [{"value": value, "name": str(name)} for value, name, *_more in field.iter_choices()]
             if hasattr(field, "iter_choices") else []}
            for field in form if field.name not in hidden]  # fmt: skip


def news(case: Case, seen: Any) -> list[str]:
    """What was done since the version that was seen, told in sentences."""
    since = seen if isinstance(seen, int) else 0
    entries = [entry for entry in queries.history_of(case) if entry.serial > since] or queries.history_of(case)[-1:]
    return [gettext("%(who)s: %(what)s", who=entry.actor_name, what=label(entry.action)) for entry in entries]
