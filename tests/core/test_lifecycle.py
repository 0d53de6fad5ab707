"""The engine: a table with a mistake cannot be built, and a good one answers three questions."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from core.calendar import Limit
from core.errors import Refused
from core.lifecycle import ALWAYS, KEEP, NO_LIMIT, WHERE_IT_WAS, Attempt, Lifecycle, from_any

LIMITS = {"soon": Limit(1, "days")}
GUARDS = {"it is ripe": lambda subject, attempt: subject.ripe}
GOOD = (
    ("new", "start", "running", ("worker", "boss"), "", ALWAYS, "soon"),
    ("running", "note", "running", ("worker",), "note", ALWAYS, KEEP),
    ("running", "pause", "paused", ("boss",), "reason until", ALWAYS, NO_LIMIT),
    ("paused", "resume", WHERE_IT_WAS, ("boss",), "", ALWAYS, KEEP),
    ("running", "finish", "done", ("worker",), "", "it is ripe", NO_LIMIT),
)


def table(*rows, judged_when_said=()):
    """A lifecycle of these rows; without any, of the good ones."""
    return Lifecycle(*(rows or GOOD), initial="new", limits=LIMITS, guards=GUARDS, judged_when_said=judged_when_said)


def subject(state="new", *, ripe=True, suspended_from=None):
    """What has a life."""
    return SimpleNamespace(state=state, ripe=ripe, suspended_from=suspended_from)


def attempt(*capacities, **facts):
    """Somebody tries; each capacity comes from the post of that name."""
    posts = {capacity: f"post of {capacity}" for capacity in capacities}
    return Attempt(1, posts, datetime(2026, 3, 2, tzinfo=UTC), facts)


BROKEN = {
    "the same operation twice in one state": (
        [*GOOD, ("new", "start", "done", ("boss",), "", ALWAYS, NO_LIMIT)], "Two rows"),
    "a guard that is not defined": (
        [*GOOD, ("new", "guess", "running", ("boss",), "", "the moon is full", "soon")], "the moon is full"),
    "a limit that is not defined": (
        [*GOOD, ("new", "guess", "running", ("boss",), "", ALWAYS, "whenever")], "whenever"),
    "a limit that runs on into another state": (
        [*GOOD, ("new", "slide", "running", ("boss",), "", ALWAYS, KEEP)], "slide"),
    "a state that nothing leads to": (
        [*GOOD, ("island", "leave", "done", ("boss",), "", ALWAYS, NO_LIMIT)], "island"),
    "a state that nothing leads out of": (
        [*GOOD, ("new", "fall", "pit", ("boss",), "", ALWAYS, "soon")], "pit"),
    "a state entered both with a limit and without": (
        [*GOOD, ("new", "rush", "running", ("boss",), "", ALWAYS, NO_LIMIT)], "running"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "culprit"), BROKEN.values(), ids=BROKEN)
def test_a_table_with_a_mistake_cannot_be_built_and_the_culprit_is_named(rows, culprit):
    with pytest.raises(ValueError, match=culprit):
        table(*rows)


def test_states_and_actions_come_in_the_order_of_the_table():
    assert table().states == ("new", "running", "paused", "done")
    assert table().actions == ("start", "note", "pause", "resume", "finish")


def test_states_without_a_deadline_are_those_no_limit_leads_into():
    assert table().untimed_states == {"paused", "done"}


def test_finding_gives_the_row_or_says_that_nobody_can():
    assert table().find("new", "start").target == "running"
    with pytest.raises(Refused, match="Nobody can finish what is new"):
        table().find("new", "finish")
    with pytest.raises(Refused, match="Nobody can fly"):
        table().find("new", "fly")


def test_what_the_table_allows_is_allowed_and_the_post_is_named():
    transition, post = table().allow(subject(), "start", attempt("worker"))
    assert (transition.target, post) == ("running", "post of worker")


def test_of_several_capacities_the_tables_first_one_counts():
    _transition, post = table().allow(subject(), "start", attempt("boss", "worker"))
    assert post == "post of worker"


def test_without_the_capacity_it_is_refused_with_whose_it_is():
    with pytest.raises(Refused, match="that is for the worker"):
        table().allow(subject(), "start", attempt("visitor"))


def test_what_must_be_said_is_named_when_it_is_missing_or_empty():
    with pytest.raises(Refused, match="say the reason"):
        table().allow(subject("running"), "pause", attempt("boss"))
    with pytest.raises(Refused, match="say the until"):
        table().allow(subject("running"), "pause", attempt("boss", reason="rain", until=""))
    assert table().allow(subject("running"), "pause", attempt("boss", reason="rain", until="noon"))


def test_a_guard_decides_and_is_named():
    assert table().allow(subject("running", ripe=True), "finish", attempt("worker"))
    with pytest.raises(Refused, match="only if it is ripe"):
        table().allow(subject("running", ripe=False), "finish", attempt("worker"))


def test_the_wrong_person_is_not_told_what_the_guard_thinks():
    with pytest.raises(Refused, match="that is for the worker"):
        table().allow(subject("running", ripe=False), "finish", attempt("boss"))


def buttons(of, *capacities, judged_when_said=()):
    """The operations somebody may try."""
    return [t.action for t in table(judged_when_said=judged_when_said).available(of, attempt(*capacities))]


def test_the_buttons_are_the_rows_of_the_state_for_those_capacities_in_table_order():
    assert buttons(subject("running"), "worker") == ["note", "finish"]
    assert buttons(subject("running"), "boss", "worker") == ["note", "pause", "finish"]
    assert buttons(subject("running")) == []
    assert buttons(subject("done"), "boss", "worker") == []


def test_what_a_guard_would_refuse_is_no_button_unless_the_guard_looks_at_what_is_said():
    unripe = subject("running", ripe=False)
    assert buttons(unripe, "worker") == ["note"]
    assert buttons(unripe, "worker", judged_when_said=["it is ripe"]) == ["note", "finish"]


def test_why_something_is_no_button_can_be_asked():
    unripe = subject("running", ripe=False)
    with pytest.raises(Refused, match="Nobody can start what is running"):
        table().refuse(unripe, "start", attempt("worker"))
    with pytest.raises(Refused, match="that is for the worker"):
        table().refuse(unripe, "finish", attempt("boss"))
    with pytest.raises(Refused, match="only if it is ripe"):
        table().refuse(unripe, "finish", attempt("worker"))
    assert table().refuse(subject("running"), "finish", attempt("worker")) is None


def test_resuming_leads_back_to_where_it_was():
    resume = table().find("paused", "resume")
    assert table().target_of(resume, subject("paused", suspended_from="running")) == "running"
    assert table().target_of(resume, subject("paused")) == "new"


def test_every_other_row_leads_where_it_says():
    assert table().target_of(table().find("new", "start"), subject()) == "running"


def test_a_row_for_several_states_stays_in_each_of_them_unless_it_says_where_to():
    stay = from_any(("a", "b"), "note", None, ("worker",), "", ALWAYS, KEEP)
    move = from_any(("a", "b"), "end", "c", ("worker",), "", ALWAYS, NO_LIMIT)
    assert [row[:3] for row in stay] == [("a", "note", "a"), ("b", "note", "b")]
    assert [row[:3] for row in move] == [("a", "end", "c"), ("b", "end", "c")]
