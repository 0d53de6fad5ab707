"""The table, read as rules: no application, no database. Who may do what, on what condition, and what it changes."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from cases import effects, forms
from cases.capacities import capacities
from cases.labels import FIELD_NAMES, SENTENCES, WORDS
from cases.lifecycle import BUCKETS, BY_HANDLING, CAPACITIES, EVERY, GUARDS, HANDLINGS, LIFECYCLE, LIMITS, OPEN
from core.errors import Refused
from core.lifecycle import ALWAYS, KEEP, NO_LIMIT, Attempt
from grid import roles
from grid.holidays import office_calendar
from grid.roles import SYSTEM
from tests.factories import (
    COUNTY_PATH,
    NOON,
    TOWNSHIP_PATH,
    VILLAGE_PATH,
    a_plain_case,
    a_post,
    an_actor,
    later,
)

ELSEWHERE = "/1/8/9/"
GRID_PATH = f"{VILLAGE_PATH}4/"
COMMITTEE, DEPARTMENT, TOWNSHIP, COUNTY, OTHER = 11, 12, 2, 3, 77
TABLE = {(t.source, t.action): t for t in LIFECYCLE.transitions}

# Each of these people holds one post. The case lies in grid 4 of village 3, township 2, county 1; its centre is unit 1.
PEOPLE = {
    "grid": a_post("grid_worker", area_path=GRID_PATH),
    "village": a_post("centre_staff"),
    "township": a_post("centre_staff", unit_id=TOWNSHIP, level="township", unit_path=TOWNSHIP_PATH, area_path=TOWNSHIP_PATH),
    "county": a_post("centre_staff", unit_id=COUNTY, level="county", unit_path=COUNTY_PATH, area_path=COUNTY_PATH),
    "mediator": a_post("mediator", unit_id=COMMITTEE),
    "department": a_post("handler", unit_id=DEPARTMENT, level="county", unit_path=COUNTY_PATH, area_path=COUNTY_PATH),
    "supervisor": a_post("supervisor", unit_id=COUNTY, level="county", unit_path=COUNTY_PATH, area_path=COUNTY_PATH),
    "leader": a_post("leader", unit_id=COUNTY, level="county", unit_path=COUNTY_PATH, area_path=COUNTY_PATH),
    "admin": a_post("administrator", unit_id=COUNTY, level="county", unit_path=COUNTY_PATH, area_path=COUNTY_PATH),
    "grid2": a_post("grid_worker", unit_id=OTHER, unit_path=ELSEWHERE, area_path=f"{ELSEWHERE}1/"),
    "village2": a_post("centre_staff", unit_id=OTHER, unit_path=ELSEWHERE, area_path=ELSEWHERE),
    "township2": a_post("centre_staff", unit_id=78, level="township", unit_path="/1/8/", area_path="/1/8/"),
}  # fmt: skip


def person(name, **more):
    """The actor of that name; each has an id of their own."""
    return an_actor(PEOPLE[name], person_id=list(PEOPLE).index(name) + 100, **more)


def case_at(level, state="in_progress", **more):
    """A case that lies with the centre of that level."""
    unit_id, path = {
        "village": (1, VILLAGE_PATH),
        "township": (TOWNSHIP, TOWNSHIP_PATH),
        "county": (COUNTY, COUNTY_PATH),
    }[level]
    centre = SimpleNamespace(id=unit_id, level=level, short_name=level, area=SimpleNamespace(path=path))
    return a_plain_case(state, centre=centre, centre_id=unit_id, **more)


def try_(case, action, who, at=NOON, **facts):
    """Ask the table whether this person may do it."""
    actor = person(who) if isinstance(who, str) else who
    return LIFECYCLE.allow(case, action, Attempt(actor.person_id, capacities(case, actor), at, facts))


def is_refused(*args, match="", **facts):
    """The same, expecting a refusal."""
    with pytest.raises(Refused, match=match):
        try_(*args, **facts)


def changed(case, action, at=NOON, by=1, **facts):
    """What an operation changes in the row."""
    act = effects.Act(LIFECYCLE.find(case.state, action), by, at, facts, LIMITS, office_calendar())
    return effects.changes(case, act)


def unit(id=5, level="village", path=VILLAGE_PATH):
    """A unit as plain data."""
    return SimpleNamespace(id=id, level=level, short_name="某中心", area=SimpleNamespace(path=path))


# Who is what to a case.

WHO_IS_WHAT = [
    ("grid", {"grid_worker"}),
    ("village", {"centre"}),
    ("township", {"higher_centre"}),
    ("county", {"higher_centre"}),
    ("mediator", set()),
    ("department", set()),
    ("supervisor", set()),
    ("leader", {"leader"}),
    ("admin", set()),
    ("grid2", set()),
    ("village2", set()),
    ("township2", set()),
]


@pytest.mark.parametrize(("name", "expected"), WHO_IS_WHAT)
def test_what_everybody_is_to_a_fresh_case(name, expected):
    assert set(capacities(a_plain_case(), person(name))) == expected


@pytest.mark.parametrize(
    ("unit_id", "name", "expected"),
    [
        (1, "village", {"centre", "handling_unit"}),
        (COMMITTEE, "mediator", {"handling_unit", "mediator"}),
        (DEPARTMENT, "department", {"handling_unit"}),
        (DEPARTMENT, "mediator", set()),
        (TOWNSHIP, "township", {"higher_centre", "handling_unit"}),
        (COUNTY, "leader", {"leader"}),
        (COUNTY, "supervisor", set()),
        (COUNTY, "admin", set()),
        (1, "grid", {"grid_worker"}),
        (None, "mediator", set()),
    ],
)
def test_the_unit_that_handles_it(unit_id, name, expected):
    assert set(capacities(a_plain_case("in_progress", unit_id=unit_id), person(name))) == expected


def test_a_grid_worker_handles_only_what_was_given_by_name():
    named = a_plain_case("in_progress", unit_id=1, handler_id=person("grid").person_id)
    assert set(capacities(named, person("grid"))) == {"grid_worker", "handling_unit"}
    assert "handling_unit" not in capacities(a_plain_case("in_progress", unit_id=1, handler_id=999), person("grid"))


def test_units_called_to_help_are_co_handlers():
    case = a_plain_case("in_progress", co_unit_ids=frozenset({DEPARTMENT, COUNTY}))
    assert set(capacities(case, person("department"))) == {"co_handler"}
    assert "co_handler" not in capacities(case, person("supervisor"))


def test_the_reporter_is_whoever_reported_it_and_holds_a_post():
    assert "reporter" in capacities(a_plain_case(reporter_id=person("grid").person_id), person("grid"))
    assert "reporter" not in capacities(a_plain_case(reporter_id=person("grid").person_id), person("village"))
    assert capacities(a_plain_case(reporter_id=5), an_actor(person_id=5)) == {}
    assert capacities(a_plain_case(reporter_id=None), SYSTEM) == {}


@pytest.mark.parametrize(
    ("level", "name", "expected"),
    [
        ("township", "village", set()),
        ("township", "township", {"centre"}),
        ("township", "county", {"higher_centre"}),
        ("county", "village", set()),
        ("county", "township", set()),
        ("county", "county", {"centre", "higher_centre"}),
    ],
)
def test_the_county_is_above_itself_and_nobody_is_above_a_centre_of_another_line(level, name, expected):
    assert set(capacities(case_at(level), person(name))) & {"centre", "higher_centre"} == expected


def test_whoever_holds_two_posts_has_the_capacities_of_both():
    both = an_actor(PEOPLE["village"], PEOPLE["mediator"])
    assert set(capacities(a_plain_case("in_progress", unit_id=COMMITTEE), both)) == {
        "centre",
        "handling_unit",
        "mediator",
    }


# Who may do what in which state.

BUTTONS = {
    ("grid", "reported"): {"settle", "feedback", "add_party"},
    ("village", "reported"): {"accept", "decline", "merge", "settle", "withdraw", "feedback", "add_party", "classify",
                              "grade", "name_person", "mark_urgent", "absorb"},
    ("township", "reported"): {"feedback", "add_party", "classify", "grade", "name_person", "mark_urgent", "mark_legacy",
                               "supervise"},
    ("leader", "reported"): {"instruct"},
    ("mediator", "reported"): set(),
    ("department", "reported"): set(),
    ("supervisor", "reported"): set(),
    ("admin", "reported"): set(),
    ("village2", "reported"): set(),
    ("grid2", "reported"): set(),
    ("village", "accepted"): {"assign", "escalate", "transfer_out", "withdraw", "feedback",
                              "add_party", "classify", "grade", "name_person", "mark_urgent", "absorb"},
    ("township", "accepted"): {"extend", "suspend", "feedback", "add_party", "classify", "grade", "name_person",
                               "mark_urgent", "mark_legacy", "supervise"},
    ("grid", "accepted"): {"feedback", "add_party"},
    ("mediator", "assigned"): {"acknowledge", "return", "feedback", "add_party", "grade", "name_person"},
    ("mediator", "in_progress"): {"start_mediation", "submit_result", "escalate", "feedback", "add_party", "grade",
                                  "name_person"},
    ("mediator", "mediating"): {"hold_session", "fail_mediation", "feedback", "add_party", "grade", "name_person"},
    ("village", "mediating"): {"withdraw", "feedback", "add_party", "classify", "grade", "name_person",
                               "mark_urgent", "absorb"},
    ("village", "feedback_submitted"): {"approve", "send_back", "withdraw", "feedback", "add_party", "classify",
                                        "name_person", "mark_urgent", "absorb"},
    ("county", "feedback_submitted"): {"approve", "send_back", "extend", "suspend", "feedback", "add_party", "classify",
                                       "grade", "name_person", "mark_urgent", "mark_legacy", "supervise"},
    ("mediator", "feedback_submitted"): {"feedback", "add_party", "name_person"},
    ("village", "suspended"): {"resume", "withdraw", "feedback", "add_party", "classify", "grade", "name_person",
                               "mark_urgent", "absorb"},
    ("village", "closed"): {"follow_up", "reopen", "feedback"},
    ("grid", "closed"): {"follow_up", "feedback"},
    ("mediator", "closed"): {"feedback"},
    ("village", "followed_up"): {"archive", "reopen", "feedback"},
    ("village", "transferred_out"): {"archive", "reopen", "feedback"},
    ("township", "archived"): {"reopen"},
    ("village", "declined"): set(),
    ("county", "merged"): set(),
    ("county", "withdrawn"): set(),
    ("leader", "archived"): set(),
    ("leader", "closed"): {"instruct"},
}  # fmt: skip


@pytest.mark.parametrize(("who", "state"), BUTTONS, ids=[f"{who}-{state}" for who, state in BUTTONS])
def test_the_buttons_of_each_person_in_each_state(who, state):
    case = a_plain_case(state, unit_id=None if state in ("reported", "accepted") else COMMITTEE)
    assert buttons(case, who) == BUTTONS[who, state]


def buttons(case, who):
    """The operations a page offers somebody."""
    attempt = Attempt(person(who).person_id, capacities(case, person(who)), NOON, {})
    return {t.action for t in LIFECYCLE.available(case, attempt)}


def test_a_button_is_there_only_when_it_can_succeed():
    assert "lift_supervision" in buttons(a_plain_case(supervision=1), "county")
    assert "whistle" in buttons(case_at("township", "accepted"), "township")
    assert "agree" in buttons(a_plain_case("mediating", sessions=1, **IN_COMMITTEE), "mediator")
    assert "assign" not in buttons(a_plain_case("accepted", returns=2), "village")
    assert "return" not in buttons(a_plain_case("assigned", return_until=later(hours=-1), **IN_COMMITTEE), "mediator")
    assert "settle" not in buttons(a_plain_case(risk="red"), "grid")
    assert "approve" not in buttons(a_plain_case("feedback_submitted", result_by_id=VILLAGE_ID), "village")


@pytest.mark.parametrize("guard", sorted(set(GUARDS) - LIFECYCLE.judged_when_said))
def test_a_guard_that_decides_about_buttons_looks_at_nothing_that_is_said(guard):
    assert GUARDS[guard](a_plain_case(), Attempt(1, {}, NOON, {})) in (True, False)


def test_two_posts_do_not_lend_each_other_their_level():
    """A village clerk who also sits at the county reviews a red case there, in the county's post."""
    elsewhere = a_post("handler", unit_id=DEPARTMENT, level="county", unit_path=COUNTY_PATH, area_path=COUNTY_PATH)
    clerk = an_actor(PEOPLE["village"], elsewhere, person_id=55)
    red = a_plain_case("feedback_submitted", risk="red", unit_id=COMMITTEE, co_unit_ids=frozenset({DEPARTMENT}))
    is_refused(red, "approve", clerk, match=REVIEWS)
    both = an_actor(PEOPLE["village"], PEOPLE["county"], person_id=55)
    _transition, post = try_(red, "approve", both)
    assert post == PEOPLE["county"]


def test_only_guards_that_exist_are_judged_when_something_is_said():
    assert set(GUARDS) >= LIFECYCLE.judged_when_said


def test_the_reporter_may_withdraw_until_it_is_accepted_and_not_after():
    mine = {"reporter_id": person("grid").person_id}
    assert try_(a_plain_case("reported", **mine), "withdraw", "grid", reason="弄错了")
    is_refused(a_plain_case("accepted", **mine), "withdraw", "grid", reason="弄错了", match="for the centre")


@pytest.mark.parametrize("transition", LIFECYCLE.transitions, ids=lambda t: f"{t.source}-{t.action}")
def test_without_a_capacity_nothing_can_be_done(transition):
    everything_said = dict.fromkeys(transition.requires, "1")
    for stranger in (person("village2"), person("supervisor"), person("admin"), SYSTEM):
        is_refused(
            a_plain_case(transition.source), transition.action, stranger, match="that is for the", **everything_said
        )


@pytest.mark.parametrize("transition", [t for t in LIFECYCLE.transitions if t.requires],
                         ids=lambda t: f"{t.source}-{t.action}")  # fmt: skip
def test_each_thing_that_must_be_said_is_asked_for(transition):
    posts = dict.fromkeys(transition.actors, PEOPLE["county"])
    for missing in transition.requires:
        facts = {name: "1" for name in transition.requires if name != missing}
        with pytest.raises(Refused, match=f"say the {missing}"):
            LIFECYCLE.allow(a_plain_case(transition.source), transition.action, Attempt(1, posts, NOON, facts))


# Every guard, both ways.

RESULT = {"result": "好了", "outcome": "resolved"}
SETTLES = "the matter is settled and nobody is in danger"
RETURNED = "it was returned less than twice, or you are the county centre"
RETURNABLE = "it can still be returned"
MEDIABLE = "people's mediation can take it and all parties agree"
SAT = "a session was held"
TOLD = "the parties were told which other ways the law gives them"
HIGHER = "there is a higher level, and a level is skipped only for red risk, conflict of interest or law"
BELOW = "that centre lies below yours"
REVIEWS = "you did not handle it, and the county centre reviews orange and red"
FRESH = "you did not handle it"
COMPLETE = "the file is complete or the gap is explained"
RUNNING = "the limit has not run out"
CALLS = "it is a township or the county that calls"
RISES = "supervision rises"
SUPERVISED = "it is under supervision"

up = {"reason": "难", "steps_tried": "谈过"}
calls = {"units": [1], "place": "村委会", "meet_at": later(hours=2), "reason": "急"}
ASSIGN = {"unit": unit(), "handling": "general"}
IN_COMMITTEE = {"unit_id": COMMITTEE}
VILLAGE_ID, COUNTY_ID = person("village").person_id, person("county").person_id
JUDGED = [
    (SETTLES, True, a_plain_case(risk="blue"), "settle", "grid", {"result": "好了"}),
    (SETTLES, True, a_plain_case(risk="yellow"), "settle", "village", {"result": "好了"}),
    (SETTLES, False, a_plain_case(risk="orange"), "settle", "grid", {"result": "好了"}),
    (SETTLES, False, a_plain_case(conflict_area_id=3), "settle", "grid", {"result": "好了"}),
    (SETTLES, False, a_plain_case(risk="red"), "settle", "village", {"result": "好了"}),
    (RETURNED, True, a_plain_case("accepted", returns=1), "assign", "village", ASSIGN),
    (RETURNED, False, a_plain_case("accepted", returns=2), "assign", "village", ASSIGN),
    (RETURNED, False, case_at("township", "accepted", returns=2), "assign", "township", ASSIGN),
    (RETURNED, True, case_at("county", "accepted", returns=2), "assign", "county", ASSIGN),
    (RETURNABLE, True, a_plain_case("assigned", return_until=NOON, **IN_COMMITTEE), "return", "mediator", {"reason": "不属"}),
    (RETURNABLE, False, a_plain_case("assigned", return_until=later(seconds=-1), **IN_COMMITTEE), "return", "mediator",
     {"reason": "不属"}),
    (RETURNABLE, False, a_plain_case("assigned", returns=2, return_until=later(days=1), **IN_COMMITTEE), "return", "mediator",
     {"reason": "不属"}),
    (MEDIABLE, True, a_plain_case("in_progress", **IN_COMMITTEE), "start_mediation", "mediator", {"consents": "yes"}),
    (MEDIABLE, False, a_plain_case("in_progress", **IN_COMMITTEE), "start_mediation", "mediator", {"consents": "no"}),
    (MEDIABLE, False, a_plain_case("in_progress", category="flood", **IN_COMMITTEE), "start_mediation", "mediator",
     {"consents": "yes"}),
    (MEDIABLE, False, a_plain_case("in_progress", dispute_type="13", **IN_COMMITTEE), "start_mediation", "mediator",
     {"consents": "yes"}),
    (SAT, True, a_plain_case("mediating", sessions=1, **IN_COMMITTEE), "agree", "mediator",
     {"agreement_form": "oral", "terms": "各半"}),
    (SAT, False, a_plain_case("mediating", **IN_COMMITTEE), "agree", "mediator", {"agreement_form": "oral", "terms": "各半"}),
    (TOLD, True, a_plain_case("mediating", **IN_COMMITTEE), "fail_mediation", "mediator",
     {"reason": "谈不拢", "notice_given": "yes"}),
    (TOLD, False, a_plain_case("mediating", **IN_COMMITTEE), "fail_mediation", "mediator",
     {"reason": "谈不拢", "notice_given": "no"}),
    (HIGHER, True, case_at("village"), "escalate", "village", up),
    (HIGHER, True, case_at("township"), "escalate", "township", up),
    (HIGHER, False, case_at("county"), "escalate", "county", up),
    (HIGHER, True, case_at("village"), "escalate", "village", up | {"skip_reason": "conflict_of_interest"}),
    (HIGHER, True, case_at("village"), "escalate", "village", up | {"skip_reason": "required_by_law"}),
    (HIGHER, True, case_at("village", risk="red"), "escalate", "village", up | {"skip_reason": "red_risk"}),
    (HIGHER, False, case_at("village", risk="orange"), "escalate", "village", up | {"skip_reason": "red_risk"}),
    (HIGHER, False, case_at("village"), "escalate", "village", up | {"skip_reason": "in_a_hurry"}),
    (HIGHER, False, case_at("county", risk="red"), "escalate", "county", up | {"skip_reason": "red_risk"}),
    (BELOW, True, case_at("township", "accepted"), "delegate", "township", {"unit": unit(), "reason": "就近"}),
    (BELOW, True, case_at("county", "accepted"), "delegate", "county",
     {"unit": unit(2, "township", TOWNSHIP_PATH), "reason": "就近"}),
    (BELOW, False, case_at("village", "accepted"), "delegate", "village", {"unit": unit(), "reason": "就近"}),
    (BELOW, False, case_at("township", "accepted"), "delegate", "township",
     {"unit": unit(3, "county", COUNTY_PATH), "reason": "就近"}),
    (BELOW, False, case_at("township", "accepted"), "delegate", "township",
     {"unit": unit(9, "village", ELSEWHERE), "reason": "就近"}),
    (REVIEWS, True, a_plain_case("feedback_submitted", result_by_id=5), "approve", "village", {}),
    (REVIEWS, False, a_plain_case("feedback_submitted", result_by_id=VILLAGE_ID), "approve", "village", {}),
    (REVIEWS, False, a_plain_case("feedback_submitted", handler_id=VILLAGE_ID), "approve", "village", {}),
    (REVIEWS, False, a_plain_case("feedback_submitted", risk="orange"), "approve", "village", {}),
    (REVIEWS, False, a_plain_case("feedback_submitted", risk="red"), "approve", "township", {}),
    (REVIEWS, True, a_plain_case("feedback_submitted", risk="red"), "approve", "county", {}),
    (REVIEWS, False, a_plain_case("feedback_submitted", risk="red", result_by_id=COUNTY_ID), "approve", "county", {}),
    (REVIEWS, False, a_plain_case("feedback_submitted", risk="red"), "send_back", "township", {"reason": "不清楚"}),
    (REVIEWS, True, a_plain_case("feedback_submitted"), "send_back", "township", {"reason": "不清楚"}),
    (FRESH, True, a_plain_case("closed", result_by_id=5), "follow_up", "village", {"satisfaction": "satisfied", "note": "好"}),
    (FRESH, False, a_plain_case("closed", result_by_id=person("grid").person_id), "follow_up", "grid",
     {"satisfaction": "satisfied", "note": "好"}),
    (FRESH, False, a_plain_case("closed", handler_id=VILLAGE_ID), "follow_up", "village",
     {"satisfaction": "satisfied", "note": "好"}),
    (COMPLETE, True, a_plain_case("followed_up"), "archive", "village", {"file_complete": "yes"}),
    (COMPLETE, True, a_plain_case("followed_up"), "archive", "village", {"file_complete": "no", "gap": "缺回访表"}),
    (COMPLETE, False, a_plain_case("followed_up"), "archive", "village", {"file_complete": "no"}),
    (COMPLETE, False, a_plain_case("transferred_out"), "archive", "village", {"file_complete": "no", "gap": ""}),
    (RUNNING, True, a_plain_case("in_progress", due_at=NOON), "extend", "township", {"days": 5, "reason": "下雨"}),
    (RUNNING, False, a_plain_case("in_progress", due_at=later(seconds=-1)), "extend", "township",
     {"days": 5, "reason": "下雨"}),
    (RUNNING, False, a_plain_case("in_progress", due_at=None), "extend", "township", {"days": 5, "reason": "下雨"}),
    (CALLS, True, case_at("township"), "whistle", "township", calls),
    (CALLS, True, case_at("county"), "whistle", "county", calls),
    (CALLS, False, case_at("village"), "whistle", "village", calls),
    (RISES, True, a_plain_case(supervision=0), "supervise", "county", {"supervision": "1", "note": "快"}),
    (RISES, True, a_plain_case(supervision=1), "supervise", "county", {"supervision": "3", "note": "快"}),
    (RISES, False, a_plain_case(supervision=2), "supervise", "county", {"supervision": "2", "note": "快"}),
    (RISES, False, a_plain_case(supervision=3), "supervise", "county", {"supervision": "1", "note": "快"}),
    (SUPERVISED, True, a_plain_case(supervision=1), "lift_supervision", "county", {"reason": "办好了"}),
    (SUPERVISED, False, a_plain_case(supervision=0), "lift_supervision", "county", {"reason": "办好了"}),
]  # fmt: skip


@pytest.mark.parametrize(("guard", "passes", "case", "action", "who", "facts"), JUDGED,
                         ids=[f"{j[3]}-{j[1]}-{n}" for n, j in enumerate(JUDGED)])  # fmt: skip
def test_a_guard_lets_the_right_through_and_nothing_else(guard, passes, case, action, who, facts):
    assert LIFECYCLE.find(case.state, action).guard == guard
    if passes:
        assert try_(case, action, who, **facts)
    else:
        is_refused(case, action, who, match=guard, **facts)


def test_every_guard_is_used_and_tried_both_ways():
    assert set(GUARDS) == {t.guard for t in LIFECYCLE.transitions} - {ALWAYS}
    tried = {(guard, passes) for guard, passes, *_rest in JUDGED}
    assert tried == {(guard, passes) for guard in GUARDS for passes in (True, False)}


# The table is complete, and everything it names has words.


def test_every_operation_has_a_sentence_and_every_word_a_name():
    assert set(SENTENCES) == {*LIFECYCLE.actions, "report"}
    named = {*LIFECYCLE.actions, *LIFECYCLE.states, *CAPACITIES, *GUARDS, *LIMITS, *set(BUCKETS.values())}
    assert named <= set(WORDS)


def test_every_operation_can_be_filled_in_unless_it_only_goes_with_another():
    asked = {(t.action, name) for t in LIFECYCLE.transitions for name in t.requires}
    cannot = {action for action, name in asked if name not in forms.FIELDS}
    assert cannot == set(forms.NOT_BY_HAND)
    assert {name for names in forms.OPTIONAL.values() for name in names} <= set(forms.FIELDS)
    assert set(forms.OPTIONAL) <= set(LIFECYCLE.actions)
    assert set(forms.FIELDS) <= set(FIELD_NAMES)


def test_every_state_lies_on_a_heap_and_every_effect_belongs_to_an_operation():
    assert set(BUCKETS) == set(LIFECYCLE.states)
    assert set(effects.EFFECTS) <= set(LIFECYCLE.actions)


def test_every_limit_of_the_table_is_one_that_can_be_set():
    used = {t.limit for t in LIFECYCLE.transitions} - {KEEP, NO_LIMIT}
    for_handling = {name for names in BY_HANDLING.values() for name in names.values()}
    assert (used - set(BY_HANDLING)) | for_handling <= set(LIMITS)
    assert set(BY_HANDLING["handle"]) == set(HANDLINGS)


def test_done_is_what_needs_no_deadline_but_for_a_clock_that_stands_still():
    done = {state for state, heap in BUCKETS.items() if heap == "done"}
    assert LIFECYCLE.untimed_states == done | {"suspended"}


def test_only_ended_cases_can_be_reopened_and_only_open_ones_withdrawn():
    assert {t.source for t in LIFECYCLE.transitions if t.action == "reopen"} == {
        "closed", "followed_up", "archived", "transferred_out"}  # fmt: skip
    assert {t.source for t in LIFECYCLE.transitions if t.action == "withdraw"} == set(OPEN)


def test_a_note_can_be_written_until_the_end():
    assert {t.source for t in LIFECYCLE.transitions if t.action == "feedback"} == set(EVERY)


# What an operation changes.


@pytest.mark.parametrize("transition", LIFECYCLE.transitions, ids=lambda t: f"{t.source}-{t.action}")
def test_every_operation_sets_state_heap_desk_and_a_deadline_that_fits(transition):
    case = a_plain_case(transition.source, unit_id=COMMITTEE, review_id=TOWNSHIP, suspended_from="in_progress",
                        seconds_left=60)  # fmt: skip
    facts = {
        "serial": 1, "unit": unit(), "handling": "general", "county": unit(COUNTY), "reviewer": unit(TOWNSHIP),
        "to_centre": unit(TOWNSHIP), "survivor": SimpleNamespace(id="s"), "days": 3, "category": "dispute",
        "confidentiality": "normal", "risk": "blue", "urgent": "yes", "legacy": "yes", "supervision": "1",
    }  # fmt: skip
    new = changed(case, transition.action, **facts)
    assert new["state"] == LIFECYCLE.target_of(transition, case)
    assert new["bucket"] == BUCKETS[new["state"]]
    assert new["desk_id"] is not None
    due = new.get("due_at", case.due_at if transition.limit != NO_LIMIT else None)
    assert (due is None) == (new["state"] in LIFECYCLE.untimed_states) or transition.source == "suspended"


@pytest.mark.parametrize(
    ("state", "action", "desk", "facts"),
    [
        ("reported", "accept", 1, {"serial": 7}),
        ("accepted", "assign", 5, {"unit": unit(5), "handling": "simple"}),
        ("assigned", "acknowledge", COMMITTEE, {}),
        ("in_progress", "submit_result", TOWNSHIP, RESULT | {"reviewer": unit(TOWNSHIP), "county": unit(COUNTY)}),
        ("feedback_submitted", "send_back", COMMITTEE, {}),
        ("feedback_submitted", "approve", 1, {}),
        ("in_progress", "escalate", TOWNSHIP, {"to_centre": unit(TOWNSHIP)}),
        ("assigned", "return", 1, {"county": unit(COUNTY)}),
    ],
)
def test_the_desk_is_the_unit_that_must_act_next(state, action, desk, facts):
    assert changed(a_plain_case(state, unit_id=COMMITTEE, review_id=TOWNSHIP), action, **facts)["desk_id"] == desk


def test_accepting_gives_the_centres_number_of_the_countys_year():
    new_years_eve = datetime(2026, 12, 31, 17, tzinfo=UTC)
    new = changed(a_plain_case(), "accept", at=new_years_eve, serial=12)
    assert new["number"] == "平定营细沙村〔2027〕0012号"
    assert (new["number_unit_id"], new["number_year"], new["number_serial"]) == (1, 2027, 12)


def test_a_case_that_has_a_number_keeps_it():
    assert "number" not in changed(a_plain_case(number="某〔2026〕0001号"), "accept")


@pytest.mark.parametrize(("handling", "days"), [("simple", 1), ("general", 7), ("complex", 20)])
def test_the_time_to_handle_depends_on_how_hard_it_is(handling, days):
    new = changed(a_plain_case("assigned", handling=handling, unit_id=5), "acknowledge")
    assert LIMITS[f"handle_{handling}"].amount == days
    assert new["due_at"] == LIMITS[f"handle_{handling}"].after(NOON, office_calendar())


def test_assigning_names_unit_person_and_until_when_it_can_be_returned():
    new = changed(a_plain_case("accepted"), "assign", unit=unit(5), handling="complex", handler=SimpleNamespace(id=9))
    assert (new["unit_id"], new["handler_id"], new["handling"]) == (5, 9, "complex")
    assert new["return_until"] == LIMITS["return_window"].after(NOON, office_calendar())


def test_returning_counts_and_the_second_return_goes_to_the_county():
    first = changed(a_plain_case("assigned", unit_id=5), "return", county=unit(COUNTY))
    assert (first["returns"], first["unit_id"], first["handler_id"], first.get("centre_id")) == (1, None, None, None)
    second = changed(a_plain_case("assigned", unit_id=5, returns=1), "return", county=unit(COUNTY))
    assert (second["returns"], second["centre_id"], second["desk_id"]) == (2, COUNTY, COUNTY)


@pytest.mark.parametrize(
    ("risk", "reviewer"), [("blue", TOWNSHIP), ("yellow", TOWNSHIP), ("orange", COUNTY), ("red", COUNTY)]
)
def test_the_risk_says_who_reviews(risk, reviewer):
    told = {"reviewer": unit(TOWNSHIP), "county": unit(COUNTY)}
    assert (
        changed(a_plain_case("in_progress", risk=risk, unit_id=5), "submit_result", **RESULT, **told)["desk_id"]
        == reviewer
    )
    regraded = changed(a_plain_case("feedback_submitted", unit_id=5, review_id=1), "grade", risk=risk, **told)
    assert (regraded["desk_id"], regraded["risk"]) == (reviewer, risk)


def test_whoever_submits_the_result_is_remembered():
    told = {"reviewer": unit(TOWNSHIP), "county": unit(COUNTY)}
    new = changed(
        a_plain_case("in_progress", unit_id=5), "submit_result", by=42, result="好", outcome="not_resolved", **told
    )
    assert (new["result_by_id"], new["outcome"]) == (42, "not_resolved")
    agreed = changed(a_plain_case("mediating", unit_id=5), "agree", by=43, **told)
    assert (agreed["result_by_id"], agreed["outcome"]) == (43, "resolved")
    assert changed(a_plain_case(), "settle", by=44)["result_by_id"] == 44


def test_suspending_stops_the_clock_and_resuming_gives_back_what_was_left():
    suspended = changed(a_plain_case("mediating", unit_id=5, due_at=later(hours=5)), "suspend")
    assert (suspended["due_at"], suspended["seconds_left"], suspended["suspended_from"]) == (
        None,
        5 * 3600,
        "mediating",
    )
    case = a_plain_case("suspended", unit_id=5, suspended_from="mediating", seconds_left=5 * 3600, due_at=None)
    resumed = changed(case, "resume", at=later(days=90))
    assert (resumed["state"], resumed["due_at"], resumed["desk_id"]) == ("mediating", later(days=90, hours=5), 5)
    assert (resumed["suspended_from"], resumed["seconds_left"]) == (None, None)


def test_an_extension_counts_from_the_deadline_and_ends_on_a_working_day():
    due = datetime(2026, 9, 29, 9, 30, tzinfo=UTC)
    assert changed(a_plain_case("in_progress", due_at=due), "extend", days="3")["due_at"] == due + timedelta(days=9)


def test_reopening_begins_a_new_round_without_what_was_there():
    case = a_plain_case("closed", unit_id=5, handler_id=9, round=1, sessions=3, result_by_id=9)
    new = changed(case, "reopen")
    assert {name: new[name] for name in ("round", "unit_id", "handler_id", "result_by_id", "outcome", "sessions")} == {
        "round": 2, "unit_id": None, "handler_id": None, "result_by_id": None, "outcome": None, "sessions": 0}  # fmt: skip


SIMPLE = [
    ("assigned", "recall", {}, {"unit_id": None, "handler_id": None, "return_until": None}),
    ("in_progress", "whistle", {}, {"co_handling": True}),
    ("reported", "merge", {"survivor": SimpleNamespace(id="s")}, {"survivor_id": "s", "due_at": None}),
    ("reported", "mark_urgent", {"urgent": "yes"}, {"urgent": True}),
    ("reported", "mark_urgent", {"urgent": "no"}, {"urgent": False}),
    ("reported", "mark_legacy", {"legacy": "yes"}, {"legacy": True}),
    ("reported", "mark_legacy", {"legacy": "no"}, {"legacy": False}),
    ("reported", "supervise", {"supervision": "2"}, {"supervision": 2}),
    ("reported", "lift_supervision", {}, {"supervision": 0}),
    ("mediating", "hold_session", {}, {"sessions": 1}),
    ("in_progress", "start_mediation", {}, {"sessions": 0}),
    ("assigned", "recall", {}, {"unit_id": None, "handler_id": None, "return_until": None, "desk_id": 1}),
    ("accepted", "delegate", {"unit": unit(8)}, {"centre_id": 8, "unit_id": None, "desk_id": 8}),
    ("reported", "classify", {"category": "fire", "confidentiality": "sensitive", "dispute_type": ""},
     {"category": "fire", "confidentiality": "sensitive", "dispute_type": None}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "action", "facts", "expected"), SIMPLE, ids=[f"{s[1]}-{n}" for n, s in enumerate(SIMPLE)]
)
def test_other_operations_set_their_own_columns(state, action, facts, expected):
    new = changed(a_plain_case(state, unit_id=5), action, **facts)
    assert {name: new.get(name) for name in expected} == expected


@pytest.mark.parametrize("action", ["feedback", "add_party", "name_person", "instruct", "absorb"])
def test_what_only_adds_a_note_changes_nothing_else(action):
    assert set(changed(a_plain_case(), action)) == {"state", "bucket", "desk_id"}


def test_every_effect_is_named_in_this_file():
    tried = {"accept", "assign", "return", "escalate", "submit_result", "agree", "settle", "suspend", "resume", "extend",
             "reopen", "grade", *(action for _state, action, *_rest in SIMPLE)}  # fmt: skip
    assert tried == set(effects.EFFECTS)


def test_levels_are_ordered():
    assert roles.is_above("county", "township")
    assert roles.is_above("township", "village")
    assert not roles.is_above("village", "village")
