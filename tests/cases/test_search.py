"""Search finds any Chinese word, names, phones, codes and numbers, and nothing that is out of sight. The same on both databases."""

import pytest
from sqlalchemy import select

from cases import queries
from cases.models import Case
from cases.search import CaseText
from core.db import db
from grid.access import EVERYWHERE, NOWHERE, scoped_to
from tests.factories import a_case, accepted, act, in_progress, person, scope, unit_of, with_parties


@pytest.fixture
def case(app):
    """A case with much to find."""
    found = accepted(description="田埂的排水沟堵了，两家都说该对方挖。", place="老井旁边", told_by="赵某芳",
                     title="Well No7 水沟")  # fmt: skip
    act(found, "add_party", "village", party_name="欧阳某兰", party_side="applicant", party_phone="16000005678")
    accepted(description="另一件事。")
    db.session.commit()
    return found


def found(words, by="village") -> list[str]:
    """The codes somebody finds."""
    with scoped_to(EVERYWHERE):
        theirs = scope(by)
    with scoped_to(theirs):
        return [hit.code for hit in queries.find(words)]


@pytest.mark.parametrize(
    "words",
    [
        "排水", "水沟", "排水沟", "沟", "挖", "老井", "井旁", "赵某芳", "赵某", "欧阳", "欧阳某兰", "兰", "16000005678",
        "5678", "排水 老井", "  堵了\u3000欧阳  ", "堵了，两家", "well", "WELL", "no7", "细沙村 排水", "田埂",
    ],
)  # fmt: skip
def test_it_is_found_by_any_of_its_words(case, words):
    assert found(words) == [case.code]


def test_it_is_found_by_its_code_however_that_is_written(case):
    for written in (case.code, case.code.lower(), case.code.replace("-", ""), case.code.replace("-", " ")):
        assert found(written) == [case.code]


def test_it_is_found_by_its_number(case):
    assert case.number == "平定营细沙村〔2026〕0001号"
    for written in (case.number, "细沙村〔2026〕0001", "0001号", "2026 0001"):
        assert found(written) == [case.code]


@pytest.mark.parametrize(
    "words",
    ["水排", "沟水", "排沟", "567", "0005678", "wel", "排水 没有的词", "欧阳兰", "龘",
     "排水%", "_", "%", "*", "\"", "'; DROP TABLE cases; --", "OR", "NOT", "排水 AND", "NEAR(排 水)", "{", "^排", ":", "zzp"],
)  # fmt: skip
def test_what_is_not_there_is_not_found_and_nothing_is_a_command(case, words):
    hits = found(words)
    assert hits == ([case.code] if words in ("排水%", "^排") else [])


def test_full_width_digits_and_letters_are_found_as_their_narrow_ones(case):
    """A Chinese keyboard easily types them."""
    assert found("１６０００００５６７８") == [case.code]
    assert found("Ｗｅｌｌ") == [case.code]


@pytest.mark.parametrize("character", ["𠮷", "㐂", "鿫", "𰻝", "豈"])
def test_rare_characters_are_found(app, character):
    rare = accepted(description=f"住在{character}家湾。")
    db.session.commit()
    assert found(character) == found(f"{character}家") == [rare.code]


def test_nothing_is_found_for_nothing(case):
    assert found("") == found("   ") == found("，。！") == []


def test_the_newest_come_first_and_no_more_than_a_page(app):
    codes = [a_case(description="路灯坏了。").code for _ in range(queries.PAGE + 3)]
    db.session.commit()
    assert found("路灯") == codes[::-1][: queries.PAGE]


def test_what_changes_is_found_as_it_is_now(case):
    act(case, "add_party", "village", party_name="夏侯某", party_side="respondent", party_phone="16000009999")
    db.session.commit()
    assert found("夏侯") == found("9999") == [case.code]


# Sight.


def test_restricted_cases_are_found_by_no_word_and_by_their_code_only_for_those_who_see_them(app):
    case = accepted(confidentiality="restricted", description="家里的事。")
    db.session.commit()
    for by in ("grid", "village", "county"):
        assert found("家里", by) == []
        assert found(case.code, by) == ([] if by == "county" else [case.code])


def test_a_case_leaves_the_index_when_it_is_restricted_and_comes_back_when_it_is_not(case):
    act(case, "classify", "village", category="dispute", confidentiality="restricted")
    db.session.commit()
    assert found("排水") == []
    assert db.session.scalar(select(CaseText.id).where(CaseText.case_id == case.id)) is None
    act(case, "classify", "village", category="dispute", confidentiality="normal")
    db.session.commit()
    assert found("排水") == [case.code]


@pytest.mark.parametrize(
    ("confidentiality", "finders"),
    [("normal", {"grid", "village", "township", "county", "supervisor", "leader"}), ("sensitive", {"grid", "village"})],
)
def test_only_those_who_see_it_find_it(app, confidentiality, finders):
    case = accepted(confidentiality=confidentiality)
    db.session.commit()
    everybody = (
        "grid",
        "village",
        "township",
        "county",
        "mediator",
        "department",
        "supervisor",
        "leader",
        "grid2",
        "village2",
    )
    assert {by for by in everybody if found("排水", by) == [case.code]} == finders
    assert all(found("排水", by) == [] for by in everybody if by not in finders)


def test_whoever_came_to_see_a_case_finds_it_too(app):
    case = in_progress("mediator", confidentiality="sensitive")
    db.session.commit()
    assert found("排水", "mediator") == [case.code]
    act(case, "escalate", "village", reason="难", steps_tried="谈过")
    db.session.commit()
    assert found("排水", "township") == found("排水", "mediator") == [case.code]


def test_a_person_named_on_a_case_finds_it(app):
    case = accepted(confidentiality="sensitive")
    act(case, "name_person", "village", person=person("department"), reason="懂土地")
    db.session.commit()
    assert found("排水", "department") == [case.code]


def test_search_agrees_with_sight_for_everybody(app):
    cases = [a_case(), a_case(confidentiality="sensitive"), a_case(by="grid2"), a_case(against_village=True)]
    act(cases[3], "classify", "county", category="dispute", confidentiality="normal")
    act(in_progress("mediator"), "feedback", "mediator", note="去看了")
    called = with_parties(accepted())
    act(called, "escalate", "village", reason="难", steps_tried="谈过")
    act(
        called, "whistle", "township", units=[unit_of("department")], place="镇里", meet_at=called.acted_at, reason="急"
    )
    db.session.commit()
    for by in ("grid", "village", "township", "county", "mediator", "department", "supervisor", "leader", "admin", "grid2",
               "village2"):  # fmt: skip
        with scoped_to(EVERYWHERE):
            theirs = scope(by)
        with scoped_to(theirs):
            seen = set(db.session.scalars(select(Case.code)))
        assert set(found("排水", by)) == seen, by


def test_nobody_finds_nothing(case):
    with scoped_to(NOWHERE):
        assert queries.find("排水") == []
