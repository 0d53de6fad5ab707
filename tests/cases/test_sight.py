"""Who may see a case: by its class, by where it came, and never where it is complained of."""

import pytest
from sqlalchemy import select

from cases import queries
from cases.models import Case, CaseEntry
from cases.queries import parties_of
from core.db import db
from core.errors import Refused
from grid.access import EVERYWHERE, scoped_to
from tests.factories import (
    a_case,
    accepted,
    act,
    colleague,
    grid_of,
    in_progress,
    mediating,
    person,
    reviewed,
    scope,
    unit_of,
    with_parties,
)

ACCOUNTS = ("grid", "village", "township", "county", "mediator", "department", "supervisor", "leader", "admin", "grid2",
            "village2")  # fmt: skip
AREA = {"grid", "village", "township", "county", "supervisor", "leader"}


def sees(username, case) -> bool:
    """Whether this account sees the case; if it does not, it sees nothing of it either."""
    db.session.flush()
    with scoped_to(EVERYWHERE):
        theirs = scope(username)
    with scoped_to(theirs):
        seen = db.session.scalar(select(Case.id).where(Case.id == case.id)) is not None
        entries = list(db.session.scalars(select(CaseEntry.serial).where(CaseEntry.case_id == case.id)))
        assert len(entries) == (case.entries if seen else 0), "the whole history or nothing"
    return seen


def those_who_see(case) -> set[str]:
    """The demonstration accounts that see it."""
    return {username for username in ACCOUNTS if sees(username, case)}


@pytest.mark.parametrize(
    ("confidentiality", "expected"),
    [
        ("normal", AREA),
        ("sensitive", {"grid", "village"}),  # the reporter and the unit it lies with
        ("restricted", {"grid", "village"}),  # the reporter, and the staff named because it lies with them
    ],
)
def test_who_sees_a_fresh_case(app, confidentiality, expected):
    assert those_who_see(a_case(confidentiality=confidentiality)) == expected


@pytest.mark.parametrize("confidentiality", ["normal", "sensitive", "restricted"])
def test_the_worker_of_another_grid_sees_nothing_of_it(app, confidentiality):
    assert not sees(f"worker{grid_of().parent_id}", a_case(confidentiality=confidentiality))


def test_the_other_township_sees_nothing_whatever_happens(app):
    case = reviewed(confidentiality="sensitive")
    act(case, "approve", "township")
    act(case, "reopen", "village", reason="又堵了")
    assert not {"grid2", "village2"} & those_who_see(case)
    assert those_who_see(a_case(by="grid2")) == {"grid2", "village2", "county", "supervisor", "leader"}


# A unit keeps sight of what came to it, with the whole history.


def test_after_escalation_the_unit_below_still_sees_it(app):
    case = in_progress(confidentiality="sensitive")
    act(case, "escalate", "village", reason="难", steps_tried="谈过")
    assert those_who_see(case) == {"grid", "village", "township"}
    act(case, "escalate", "township", reason="难", steps_tried="会商")
    assert those_who_see(case) == {"grid", "village", "township", "county"}


def test_after_delegation_the_centre_above_still_sees_it(app):
    case = a_case(by="township", area=person("township").posts[0].area, confidentiality="sensitive")
    act(case, "accept", "township")
    act(case, "delegate", "township", unit=unit_of("village"), reason="就近")
    assert those_who_see(case) == {"village", "township"}


def test_after_returning_it_a_unit_still_sees_it(app):
    case = accepted(confidentiality="sensitive")
    act(case, "assign", "village", unit=unit_of("mediator"), handling="general")
    assert sees("mediator", case)
    act(case, "return", "mediator", reason="不属调解")
    assert sees("mediator", case)


def test_after_handing_it_over_everybody_who_held_it_still_sees_it(app):
    case = in_progress("mediator", confidentiality="sensitive")
    act(case, "transfer_out", "village", destination="court", receipt="1号", reason="起诉")
    assert those_who_see(case) == {"grid", "village", "mediator"}


def test_the_reviewing_unit_sees_the_result(app):
    assert "township" not in those_who_see(in_progress(confidentiality="sensitive"))
    assert "township" in those_who_see(reviewed(confidentiality="sensitive"))


def test_a_unit_called_to_help_sees_it(app):
    case = accepted(confidentiality="sensitive")
    act(case, "escalate", "village", reason="难", steps_tried="谈过")
    act(case, "escalate", "township", reason="难", steps_tried="会商")
    assert not sees("department", case)
    act(
        case, "whistle", "county", units=[unit_of("department")], place="县综治中心", meet_at=case.acted_at, reason="急"
    )
    assert sees("department", case)


def test_a_person_named_sees_a_sensitive_case(app):
    case = accepted(confidentiality="sensitive")
    assert not sees("department", case)
    act(case, "name_person", "village", person=person("department"), reason="懂土地")
    assert sees("department", case)


# Restricted: only people who are named.


def test_a_restricted_case_is_seen_by_its_handler_and_not_by_the_handlers_unit(app):
    case = accepted(confidentiality="restricted")
    with pytest.raises(Refused, match="Name the person"):
        act(case, "assign", "village", unit=unit_of("department"), handling="general")
    act(case, "assign", "village", unit=unit_of("department"), handling="general", handler=person("department"))
    act(case, "acknowledge", "department")
    assert those_who_see(case) == {"grid", "village", "department"}
    assert not sees(colleague("department"), case)


def test_a_colleague_who_came_later_does_not_see_the_restricted_cases_of_the_unit(app):
    restricted, sensitive = accepted(confidentiality="restricted"), accepted(confidentiality="sensitive")
    newcomer = colleague("village")
    assert sees(newcomer, sensitive)
    assert not sees(newcomer, restricted)


def test_a_restricted_case_that_moves_up_names_the_staff_there(app):
    case = accepted(confidentiality="restricted")
    act(case, "escalate", "village", reason="难", steps_tried="谈过")
    assert those_who_see(case) == {"grid", "village", "township"}


def test_the_reviewer_of_a_restricted_case_can_open_it(app):
    case = accepted(confidentiality="restricted")
    act(case, "assign", "village", unit=unit_of("village"), handling="general", handler=person("village"))
    act(case, "acknowledge", "village")
    act(case, "submit_result", "village", result="好了", outcome="resolved")
    assert sees("township", case)


@pytest.mark.parametrize("by", ["village", "township", "county"])
def test_whoever_restricts_a_case_does_so_for_good_and_keeps_sight_of_it(app, by):
    case = a_case()
    with scoped_to(scope(by)):
        act(case, "classify", by, category="dispute", confidentiality="restricted")
        db.session.commit()
    assert those_who_see(case) == {"grid", "village", by}


# What is complained of is not shown there.


def test_a_complaint_about_the_village_is_hidden_from_the_village_but_not_from_whoever_made_it(app):
    case = a_case(against_village=True)
    assert those_who_see(case) == {"grid", "township"}
    assert not sees(f"worker{grid_of().parent_id}", case)


def test_it_stays_hidden_from_the_village_whatever_its_class(app):
    case = a_case(against_village=True)
    act(case, "classify", "county", category="dispute", confidentiality="normal")
    assert those_who_see(case) == AREA - {"village"}
    assert not sees(f"worker{grid_of().parent_id}", case)
    act(case, "name_person", "township", person=person("village"), reason="弄错了")
    assert not sees("village", case)


def test_a_complaint_by_the_villages_own_clerk_is_seen_by_that_clerk_only(app):
    case = a_case(by="village", area=grid_of(), against_village=True)
    assert those_who_see(case) == {"village", "township"}


@pytest.mark.parametrize("action", ["assign", "delegate", "whistle"])
def test_a_complaint_is_never_given_to_those_it_is_about(app, action):
    """They could not see it, and nobody would work on it."""
    case = a_case(against_village=True)
    act(case, "accept", "township")
    village = unit_of("village")
    told = {
        "assign": {"unit": village, "handling": "general", "handler": person("village")},
        "delegate": {"unit": village, "reason": "就近"},
        "whistle": {"units": [village], "place": "镇里", "meet_at": case.acted_at, "reason": "急"},
    }[action]
    with pytest.raises(Refused, match="complaint about this place"):
        act(case, action, "township", **told)


# Lists obey the same rule without saying so.


def test_lists_and_counts_show_only_what_is_seen(app):
    for kind in ("normal", "sensitive", "restricted"):
        a_case(confidentiality=kind)
    a_case(against_village=True)
    expected = {"village": 3, "township": 2, "county": 1, "leader": 1, "mediator": 0, "village2": 0, "grid": 4}
    for username, count in expected.items():
        with scoped_to(EVERYWHERE):
            theirs = scope(username)
        with scoped_to(theirs):
            assert len(list(db.session.scalars(select(Case)))) == count, username
            assert len(list(queries.all_cases_in_batches())) == count, username


def test_the_parties_and_papers_of_a_case_are_seen_with_it(app):
    case = mediating()
    for username, names in (("village", 2), ("mediator", 2), ("county", 2), ("village2", 0), ("department", 0)):
        with scoped_to(EVERYWHERE):
            theirs = scope(username)
        with scoped_to(theirs):
            assert len(parties_of(case)) == names
            assert len(queries.mediations_of(case)) == bool(names)


def test_a_case_out_of_sight_is_not_found_by_code_or_id(app):
    case = with_parties(a_case())
    with scoped_to(scope("village2")):
        assert queries.find_case(case.code) is None
        assert queries.case_by_id(case.id) is None
