"""The life of a case, as those who live it do it."""

import pytest
from sqlalchemy import select

from cases.models import Case
from cases.verify import differences
from core.db import db
from core.errors import Refused
from tests.factories import a_case, accepted, act, in_progress, later, mediating, reviewed, unit, unit_of


def test_a_reported_case_lies_on_the_village_centres_desk(app):
    case = a_case()
    assert (case.state, case.desk.id, case.bucket) == ("reported", unit_of("village").id, "to_accept")


def test_accepting_gives_the_centres_next_number(app):
    first, second = accepted(), accepted()
    assert first.number == "平定营细沙村〔2026〕0001号"
    assert second.number_serial == 2


def test_a_refused_acceptance_burns_no_number(app):
    case = accepted()
    with pytest.raises(Refused):
        act(case, "accept", "village")
    db.session.rollback()
    db.session.begin()
    assert accepted().number_serial == 1


def test_a_case_is_mediated_closed_followed_up_and_archived(app):
    case = mediating()
    act(case, "hold_session", "mediator", held_at=later(hours=9), place="村委会", note="双方都到了。")
    act(case, "agree", "mediator", agreement_form="oral", terms="各出一半的工。")
    act(case, "approve", "village")
    act(case, "follow_up", "village", satisfaction="satisfied", note="都满意。")
    act(case, "archive", "village", file_complete="yes")
    assert (case.state, case.due_at, case.bucket) == ("archived", None, "done")
    assert list(differences()) == []


def test_mediation_needs_the_consent_of_every_party(app):
    case = in_progress("mediator")
    with pytest.raises(Refused, match="voluntary"):
        act(case, "start_mediation", "mediator", consents=[])


def test_an_agreement_needs_a_session(app):
    with pytest.raises(Refused, match="a session was held"):
        act(mediating(), "agree", "mediator", agreement_form="oral", terms="各退一步。")


def test_escalation_passes_every_level(app):
    case = in_progress()
    act(case, "escalate", "village", reason="超出能力", steps_tried="谈了三次")
    assert case.centre.level == "township"
    act(case, "escalate", "township", reason="跨部门", steps_tried="开了协调会")
    assert case.centre.level == "county"
    with pytest.raises(Refused, match="higher level"):
        act(case, "escalate", "county", reason="再上", steps_tried="无")


def test_a_level_is_skipped_only_for_a_reason(app):
    case = in_progress()
    with pytest.raises(Refused, match="skipped only"):
        act(case, "escalate", "village", reason="急", steps_tried="无", skip_reason="red_risk")
    act(case, "escalate", "village", reason="涉及村干部", steps_tried="无", skip_reason="conflict_of_interest")
    assert case.centre.level == "county"


def test_after_two_returns_the_county_names_the_unit_for_good(app):
    case = accepted()
    department = unit("平定营镇自然资源所")
    handler = f"unit{department.id}"
    for _ in range(2):
        act(
            case,
            "assign",
            "village" if case.centre.level == "village" else "county",
            unit=department,
            handling="general",
        )
        act(case, "return", handler, reason="不属我所职责")
    assert (case.returns, case.centre.level) == (2, "county")
    act(case, "assign", "county", unit=department, handling="general")
    with pytest.raises(Refused, match="still be returned"):
        act(case, "return", handler, reason="还是不属我所")


def test_whoever_handled_it_does_not_review_it(app):
    case = reviewed()
    with pytest.raises(Refused, match="did not handle"):
        act(case, "approve", "village")
    assert case.desk.id == unit_of("township").id
    act(case, "approve", "township")


def test_orange_and_red_are_closed_by_the_county(app):
    case = reviewed(risk="orange")
    with pytest.raises(Refused, match="county"):
        act(case, "approve", "township")
    act(case, "approve", "county")
    assert case.state == "closed"


def test_a_suspended_case_goes_on_with_the_time_it_had_left(app):
    case = in_progress()
    left = case.due_at - case.acted_at
    act(case, "suspend", "township", waiting_for="court", reason="等鉴定", at=case.acted_at)
    assert case.due_at is None
    act(case, "resume", "township", reason="鉴定出来了", at=case.acted_at.replace(year=2026, month=6))
    assert (case.state, case.due_at - case.acted_at) == ("in_progress", left)


def test_a_reopened_case_keeps_its_code_and_number(app):
    case = reviewed()
    code, number = case.code, case.number
    act(case, "approve", "township")
    act(case, "reopen", "village", reason="又堵了")
    assert (case.code, case.number, case.round, case.state) == (code, number, 2, "accepted")


def test_merging_leaves_a_trace_in_both(app):
    survivor, other = accepted(), a_case()
    act(other, "merge", "village", survivor=survivor)
    db.session.flush()
    assert (other.state, other.survivor_id) == ("merged", survivor.id)
    assert db.session.scalar(select(Case.entries).where(Case.id == survivor.id)) == 3


def test_a_complaint_about_the_village_skips_it(app):
    case = a_case(against_village=True)
    assert (case.centre.level, case.confidentiality) == ("township", "restricted")
