"""Walking demonstration cases through the table as the people of the county would: each step by somebody whose step it is."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cases import commands, queries, reporting
from cases.dictionaries import DISPUTE, may_be_mediated
from cases.lifecycle import CONFIDENTIALITIES, IN_HAND, LIFECYCLE, RESTRICTED
from cases.models import Case, Party
from core.csvfile import read_rows
from core.db import db, new_id
from grid import demo, roles
from grid.areas import GRID, Area
from grid.holidays import ZONE
from grid.people import Post
from grid.roles import Actor
from grid.units import COMMITTEE, DEPARTMENT, Unit, centre_over, centres_below

TEXTS = Path(__file__).parent / "demo"
EVENT_TYPES = {
    "家庭婚姻纠纷": "0101", "社区邻里纠纷": "0299", "遗产继承纠纷": "0103", "劳资劳动纠纷": "0799", "环境污染纠纷": "0504",
    "房产土地纠纷": "0902", "校园教育纠纷": "0501", "经济债务纠纷": "0804", "治安刑事纠纷": "0303", "交通事故纠纷": "0503",
    "消费旅游纠纷": "0601", "公司经营纠纷": "1002", "医疗健康纠纷": "0502",
}  # fmt: skip
TO_WORK = ("accept", "assign", "acknowledge")
MEDIATED = (*TO_WORK, "start_mediation", "hold_session", "agree")
HANDLED = (*TO_WORK, "feedback", "submit_result")
PLANS: tuple[tuple[str, ...], ...] = (
    (), ("accept",), ("accept", "assign"), TO_WORK, (*TO_WORK, "feedback"), (*MEDIATED[:4],), (*MEDIATED[:5],), MEDIATED, HANDLED,
    (*MEDIATED, "approve"), (*HANDLED, "approve"), (*MEDIATED, "approve", "follow_up"), (*HANDLED, "approve", "follow_up"),
    (*MEDIATED, "approve", "follow_up", "archive"), (*HANDLED, "approve", "follow_up", "archive"),
    (*MEDIATED, "approve", "follow_up", "archive"), (*HANDLED, "approve", "follow_up", "archive"),
    ("settle",), ("settle", "follow_up"), ("settle", "follow_up", "archive"), ("decline",), ("merge",),
    (*TO_WORK, "escalate"), (*TO_WORK, "escalate", *TO_WORK[1:]), (*TO_WORK, "escalate", "escalate", "assign", "acknowledge"),
    ("accept", "assign", "return"), ("accept", "assign", "return", "assign", "return"), (*TO_WORK, "suspend"),
    (*TO_WORK, "suspend", "resume"), ("accept", "withdraw"), (*TO_WORK, "transfer_out"), (*TO_WORK, "extend", "feedback"),
    (*HANDLED, "send_back", "submit_result", "approve"), (*MEDIATED[:5], "fail_mediation"), (*TO_WORK, "escalate", "whistle"),
    (*HANDLED, "approve", "follow_up", "reopen"), (*TO_WORK, "escalate", "delegate"), (*TO_WORK, "supervise"),
)  # fmt: skip
HOUR = timedelta(hours=1)


def _sorted_as(row: dict[str, str]) -> tuple[str, str | None]:
    """Category and dispute type of a row: its own, or what its event type stands for."""
    category = row.get("category") or DISPUTE
    kind = row.get("dispute_type") or EVENT_TYPES.get(row.get("event_type", ""), "99")
    return category, kind if category == DISPUTE else None


class Walker:
    """Walks cases through the table as the people of the county would: each step by somebody whose step it is."""

    def __init__(self, random: Random, at: datetime) -> None:
        self.random, self.end = random, at
        people = db.session.scalars(
            select(Post).options(joinedload(Post.person), joinedload(Post.unit), joinedload(Post.area))
        )
        posts = list(people)
        self.people = {post.person_id: post.person for post in posts}
        self.staff: dict[int, list[Actor]] = {}
        self.workers: dict[int, Actor] = {}
        for post in posts:
            actor = Actor(post.person_id, post.person.name, (post.held(),))
            if post.role == roles.GRID_WORKER:
                self.workers[post.area_id] = actor
            elif post.role in (roles.CENTRE_STAFF, roles.MEDIATOR, roles.HANDLER):
                self.staff.setdefault(post.unit_id, []).append(actor)
        self.grids = list(db.session.scalars(select(Area).where(Area.kind == GRID).order_by(Area.path)))
        self.near, self.far = self._village_of("grid", posts), self._village_of("grid2", posts)
        self.units = {(u.kind, u.area_id, u.short_name): u for u in db.session.scalars(select(Unit))}
        self.phrases: dict[str, list[str]] = {}
        for _line, row in read_rows(TEXTS / "phrases.csv", ("action", "text")):
            self.phrases.setdefault(row["action"], []).append(row["text"])

    def walk(self, row: dict[str, str], plan: tuple[str, ...], count: int) -> None:
        """Report one case and take it through a plan."""
        plan = self._fitting(row, plan)
        pauses = [self._pause(action) for action in plan]
        at = self._by_day(self.end - self._rest(plan) - sum(pauses, timedelta()))
        case = self._report(row, self._grid(count), at)
        if plan == ("merge",) and self._survivor(case) is None:
            plan = ("accept",)
        for action, pause in zip(plan, pauses, strict=True):
            at = min(max(self._by_day(at + pause), at + HOUR / 4), self.end)
            self._step(case, action, at, row)
        db.session.flush()

    def _grid(self, count: int) -> Area:
        """Every third case lies in the village of the account ``grid``, every twelfth in that of ``grid2``."""
        if count % 3 == 0:
            return self.near[count % len(self.near)]
        return self.far[count // 12 % len(self.far)] if count % 12 == 1 else self.grids[(count * 37) % len(self.grids)]

    def _village_of(self, username: str, posts: list[Post]) -> list[Area]:
        found = next((post for post in posts if post.person.username == username), None)
        return [grid for grid in self.grids if found and grid.parent_id == found.area.parent_id] or self.grids

    def _fitting(self, row: dict[str, str], plan: tuple[str, ...]) -> tuple[str, ...]:
        """The plan without mediation for what people's mediation cannot take; danger is not settled at the door."""
        if "start_mediation" in plan and not may_be_mediated(*_sorted_as(row)):
            return (*HANDLED, *(step for step in plan if step in ("approve", "follow_up", "archive")))
        return TO_WORK if plan[:1] == ("settle",) and row.get("risk") in ("red", "orange") else plan

    def _rest(self, plan: tuple[str, ...]) -> timedelta:
        """How long ago the last step was: long for what is over, within the limits, more or less, for what is not."""
        last = plan[-1] if plan else "report"
        if last in ("archive", "decline", "withdraw"):
            return timedelta(days=self.random.randint(10, 300))
        most = {"report": 20, "accept": 22, "assign": 24, "return": 20, "merge": 2}.get(last, 120)
        return timedelta(hours=self.random.randint(0, most))

    def _pause(self, action: str) -> timedelta:
        quick = action in ("accept", "assign", "acknowledge", "return", "settle", "feedback", "extend", "merge")
        return timedelta(minutes=self.random.randint(20, 400) if quick else self.random.randint(600, 2400))

    def _by_day(self, at: datetime) -> datetime:
        """The same moment, or the next morning if it is night."""
        local = at.astimezone(ZONE)
        if 8 <= local.hour < 20:
            return at
        morning = local.replace(hour=8, minute=self.random.randint(5, 55))
        return morning if local.hour < 8 else morning + timedelta(days=1)

    def _report(self, row: dict[str, str], grid: Area, at: datetime) -> Case:
        category, dispute_type = _sorted_as(row)
        names = [name for name in re.split(r"[,，、]\s*", row.get("disputing_parties", "")) if name]
        sides = ("applicant", "respondent", *["other_person"] * len(names))
        told = reporting.Report(
            area=grid, category=category, dispute_type=dispute_type, description=row["event_description"],
            title=row.get("title") or row.get("event_type", ""), is_demo=True, urgent=row.get("risk") == "red",
            risk=row.get("risk") or self.random.choice(("yellow", "blue", "blue")),
            confidentiality=row.get("confidentiality") or "normal", source=self.random.choice(("patrol", "resident")),
            parties=[Party(side=side, name=name[:60], phone=demo.a_phone(self.random))
                     for name, side in zip(names, sides, strict=False)],
        )  # fmt: skip
        device_at = at - timedelta(minutes=self.random.randint(0, 90))
        return reporting.report(told, id=new_id(), by=self.workers[grid.id], at=at, device_at=device_at)

    def _step(self, case: Case, action: str, at: datetime, row: dict[str, str]) -> None:
        commands.perform(case, action, by=self._who(case, action), at=at, **self._facts(case, action, at, row))

    def _who(self, case: Case, action: str) -> Actor:
        """Somebody whom the table lets do it, and who did not handle the case where that matters."""
        transition = LIFECYCLE.find(case.state, action)
        units = (case.desk_id, case.centre_id, case.unit_id, *self._centres_above(case))
        candidates = [*([self.workers[case.grid_id]] if action == "settle" else []),
                      *(actor for unit in units if unit for actor in self.staff.get(unit, []))]  # fmt: skip
        if action == "approve" and case.risk in ("red", "orange"):
            candidates = [a for a in candidates if a.posts[0].level == roles.COUNTY]
        able = [a for a in candidates if set(case.capacities(a)) & set(transition.actors)]
        fresh = [a for a in able if a.person_id not in (case.result_by_id, case.handler_id)]
        return (fresh or able)[0]

    def _centres_above(self, case: Case) -> list[int]:
        above, level = [], case.centre.level
        while (centre := centre_over(case.area, above=level)) is not None:
            above.append(centre.id)
            level = centre.level
        return above

    def _say(self, action: str) -> str:
        return self.random.choice(self.phrases.get(action) or self.phrases["feedback"])

    def _facts(self, case: Case, action: str, at: datetime, row: dict[str, str]) -> dict:
        said = self._say(action)
        result = row.get("result") or self._say("submit_result")
        facts = {
            "accept": {}, "acknowledge": {}, "approve": {"note": said}, "feedback": {"note": said},
            "decline": {"reason": said, "where_to_go": "县政务服务中心或有关部门窗口"},
            "settle": {"result": result},
            "assign": {"handling": self.random.choice(("simple", "general", "general", "complex"))},
            "delegate": {"reason": said}, "return": {"reason": said}, "send_back": {"reason": said},
            "escalate": {"reason": said, "steps_tried": self._say("feedback")},
            "hold_session": {"held_at": at, "place": "村级调解室", "note": said},
            "agree": {"agreement_form": self.random.choice(("oral", "written")), "terms": result},
            "fail_mediation": {"reason": said, "notice_given": "yes"},
            "submit_result": {"result": result, "outcome": "resolved"},
            "follow_up": {"satisfaction": self.random.choice(("satisfied", "satisfied", "partly_satisfied")),
                          "note": row.get("follow_up") or said},
            "archive": {"file_complete": "yes"}, "suspend": {"waiting_for": "appraisal", "reason": said},
            "resume": {"reason": said}, "withdraw": {"reason": said}, "reopen": {"reason": said},
            "extend": {"days": 5, "reason": said}, "supervise": {"supervision": "1", "note": "请于三日内报办理情况。"},
            "transfer_out": {"destination": "court", "receipt": f"演示-{self.random.randint(1000, 9999)}", "reason": said},
            "whistle": {"place": "乡镇综治中心会议室", "meet_at": at + timedelta(hours=20), "reason": said},
        }.get(action, {})  # fmt: skip
        return facts | self._records(case, action)

    def _records(self, case: Case, action: str) -> dict:
        if action == "assign":
            unit = self._unit_for(case)
            named = case.confidentiality == RESTRICTED
            return {"unit": unit, "handler": self.people[self.staff[unit.id][0].person_id] if named else None}
        if action == "merge":
            return {"survivor": self._survivor(case)}
        if action == "start_mediation":
            return {"consents": [party.id for party in queries.parties_of(case)]}
        if action == "whistle":
            return {"units": [self.units[DEPARTMENT, case.centre.area_id, "派出所"]]}
        if action == "delegate":
            return {"unit": centres_below(case.centre)[0]}
        return {}

    def _unit_for(self, case: Case) -> Unit:
        """The committee for what it can mediate, a department at the county, the centre itself for the rest."""
        here = case.centre.area_id
        if case.centre.level == roles.COUNTY:
            names = ("自然资源局", "应急管理局", "自然资源局", "民政局")
            return self.units[DEPARTMENT, here, self.random.choice(names)]
        if may_be_mediated(case.category, case.dispute_type):
            return next(u for u in self.units.values() if u.kind == COMMITTEE and u.area_id == here)
        return case.centre

    def _survivor(self, case: Case) -> Case | None:
        """Another case in hand at the same centre, older, and seen by no more people."""
        as_strict = CONFIDENTIALITIES[CONFIDENTIALITIES.index(case.confidentiality) :]
        others = select(Case).where(
            Case.centre_id == case.centre_id, Case.id != case.id, Case.bucket == IN_HAND,
            Case.acted_at < case.reported_at, Case.confidentiality.in_(as_strict),
        )  # fmt: skip
        return db.session.scalar(others.limit(1))
