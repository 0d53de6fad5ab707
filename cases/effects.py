"""What each operation changes in the case's row beside its state. Pure: from the case and what was said to new values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cases.lifecycle import BUCKETS, BY_HANDLING, LIFECYCLE, MAX_RETURNS, ORANGE, RED
from core.calendar import Calendar, Limit
from core.lifecycle import KEEP, NO_LIMIT, Transition
from grid.holidays import ZONE

NOBODY = {"unit_id": None, "handler_id": None, "return_until": None}


@dataclass(frozen=True)
class Act:
    """One operation that the table allowed.

    ``facts`` is what was said, with units and people as objects that have ``id``; ``limits`` the limits in force.
    """

    transition: Transition
    person_id: int | None
    at: datetime
    facts: dict[str, Any]
    limits: dict[str, Limit]
    calendar: Calendar

    def ends(self, name: str) -> datetime:
        """When the limit of that name ends if it starts now."""
        return self.limits[name].after(self.at, self.calendar)


def changes(case, act: Act) -> dict[str, Any]:
    """The columns of the case as they are after the operation: only those that it sets."""
    new: dict[str, Any] = {"state": LIFECYCLE.target_of(act.transition, case)}
    effect = EFFECTS.get(act.transition.action)
    told = effect(case, act) if effect else {}
    new |= _deadline(act, told.get("handling", case.handling)) | told
    return new | _place(case, new)


def _deadline(act: Act, handling: str) -> dict[str, Any]:
    limit = act.transition.limit
    if limit == KEEP:
        return {}
    if limit == NO_LIMIT:
        return {"due_at": None}
    return {"due_at": act.ends(BY_HANDLING.get(limit, {}).get(handling, limit))}


def _place(case, new: dict[str, Any]) -> dict[str, Any]:
    """The heap it lies on, and the desk: the unit that must act next."""
    after = {name: new.get(name, getattr(case, name)) for name in ("state", "centre_id", "unit_id", "review_id")}
    desk = {
        "in_progress": after["unit_id"], "assigned": after["unit_id"], "mediating": after["unit_id"],
        "feedback_submitted": after["review_id"],
    }.get(after["state"], after["centre_id"])  # fmt: skip
    return {"bucket": BUCKETS[after["state"]], "desk_id": desk}


def _accept(case, act):
    if case.number:
        return {}
    unit, year = case.centre, act.at.astimezone(ZONE).year
    serial = act.facts["serial"]
    return {"number": f"{unit.short_name}〔{year}〕{serial:04d}号", "number_unit_id": unit.id, "number_year": year,
            "number_serial": serial}  # fmt: skip


def _assign(case, act):
    handler = act.facts.get("handler")
    return {"unit_id": act.facts["unit"].id, "handler_id": handler.id if handler else None,
            "handling": act.facts["handling"], "return_until": act.ends("return_window")}  # fmt: skip


def _return(case, act):
    returns = case.returns + 1
    moved = {"centre_id": act.facts["county"].id} if returns >= MAX_RETURNS else {}
    return {**NOBODY, "returns": returns, **moved}


def _to_centre(name):
    return lambda case, act: {**NOBODY, "centre_id": act.facts[name].id}


def _result(case, act):
    return {
        "result_by_id": act.person_id,
        "outcome": act.facts.get("outcome") or "resolved",
        "review_id": _reviewer(act, case.risk),
    }


def _settle(case, act):
    return {"result_by_id": act.person_id, "outcome": "resolved"}


def _reviewer(act, risk):
    return act.facts["county" if risk in (RED, ORANGE) else "reviewer"].id


def _grade(case, act):
    return {"risk": act.facts["risk"], "review_id": _reviewer(act, act.facts["risk"])}


def _hold_session(case, act):
    return {"sessions": case.sessions + 1}


def _suspend(case, act):
    left = (case.due_at - act.at).total_seconds() if case.due_at else 0
    return {"suspended_from": case.state, "seconds_left": int(left)}


def _resume(case, act):
    return {"due_at": act.at + timedelta(seconds=case.seconds_left), "suspended_from": None, "seconds_left": None}


def _extend(case, act):
    return {"due_at": Limit(int(act.facts["days"]), "days").after(case.due_at, act.calendar)}


def _reopen(case, act):
    return {**NOBODY, "round": case.round + 1, "result_by_id": None, "outcome": None, "sessions": 0}


def _classify(case, act):
    facts = act.facts
    return {"category": facts["category"], "dispute_type": facts.get("dispute_type") or None,
            "confidentiality": facts["confidentiality"]}  # fmt: skip


EFFECTS: dict[str, Callable[[Any, Act], dict[str, Any]]] = {
    "accept": _accept,
    "assign": _assign,
    "return": _return,
    "recall": lambda case, act: NOBODY,
    "delegate": _to_centre("unit"),
    "escalate": _to_centre("to_centre"),
    "submit_result": _result,
    "agree": _result,
    "settle": _settle,
    "hold_session": _hold_session,
    "start_mediation": lambda case, act: {"sessions": 0},
    "suspend": _suspend,
    "resume": _resume,
    "extend": _extend,
    "reopen": _reopen,
    "classify": _classify,
    "grade": _grade,
    "whistle": lambda case, act: {"co_handling": True},
    "merge": lambda case, act: {"survivor_id": act.facts["survivor"].id},
    "mark_urgent": lambda case, act: {"urgent": act.facts["urgent"] == "yes"},
    "mark_legacy": lambda case, act: {"legacy": act.facts["legacy"] == "yes"},
    "supervise": lambda case, act: {"supervision": int(act.facts["supervision"])},
    "lift_supervision": lambda case, act: {"supervision": 0},
}
