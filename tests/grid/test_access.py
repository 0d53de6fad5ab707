"""No kind of query, executed on behalf of one village, returns the rows of another."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, exists, func, literal, select, text, update
from sqlalchemy.orm import aliased, joinedload, selectinload

from cases.lifecycle import LIFECYCLE
from cases.mediation import Consent, Mediation, Session
from cases.models import Attachment, Case, CaseEntry, CasePerson, CaseUnit, Party
from cases.search import CaseText
from core.db import db
from grid.access import EVERYWHERE, NOWHERE, NoScope, Sighted, current_scope, scoped_to, set_scope
from grid.areas import Area
from grid.groups import HouseholdGroup
from grid.people import Person, SignedIn
from tests.factories import NOON, a_case, act, later, mediating, person, scope, with_parties


@pytest.fixture
def here(app):
    """One village's eyes: one case of its own, another village's case beside it."""
    with_parties(a_case(description="Mine"))
    theirs = a_case(by="grid2", description="Theirs")
    act(theirs, "add_party", "grid2", party_name="他某", party_side="applicant")
    seen = scope("village")
    db.session.commit()
    db.session.expunge_all()
    set_scope(seen)
    return db.session


def rows(statement):
    """All objects of a query."""
    return list(db.session.scalars(statement).unique())


OTHER = aliased(Case)
INNER = select(Case.id, Case.description).subquery()
QUERIES = {
    "a column": select(Case.description),
    "a replaced column list": select(Case).with_only_columns(Case.description),
    "an alias": select(OTHER.description),
    "an alias of a subquery": select(aliased(Case, select(Case).subquery()).description),
    "a join": select(Case.description).join(Area, Case.area_id == Area.id),
    "a join to the history": select(Case.description).join(CaseEntry, CaseEntry.case_id == Case.id),
    "a join from the history": select(Case.description).select_from(CaseEntry).join(Case, Case.id == CaseEntry.case_id),
    "an outer join": select(Case.description).select_from(Person).join(Case, Case.reporter_id == Person.id, isouter=True)
    .where(Case.id.is_not(None)),
    "a product with itself": select(OTHER.description).where(OTHER.category == Case.category),
    "a subquery": select(Case.description).where(Case.id.in_(select(Case.id))),
    "an or": select(Case.description).where((Case.description == "Theirs") | (Case.description == "Mine")),
    "a union": select(Case.description).union_all(select(Case.description).where(Case.category == "none")),
    "a union of aliases": select(OTHER.description).union(select(Case.description)),
    "a derived table": select(INNER.c.description),
    "a common table expression": select(select(Case.description).cte("all_of_them").c.description),
    "a bare subquery": select(select(func.max(Case.description)).scalar_subquery()),
    "a subquery beside a literal": select(select(func.max(Case.description)).where(literal(True)).scalar_subquery()),
    "a group": select(Case.description).group_by(Case.description),
    "a relationship's any()": select(Case.description).where(Case.units.any(CaseUnit.unit_id > 0)),
    "a correlated exists": select(Case.description).where(
        exists().where(CaseEntry.case_id == Case.id, CaseEntry.action == "report")),
    "a query in an order of its own": select(Case.description).order_by(Case.id.desc()).limit(5),
}  # fmt: skip


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_only_rows_in_sight_are_returned(here, query):
    assert set(db.session.scalars(query)) == {"Mine"}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_nobody_without_a_post_is_given_anything(here, query):
    set_scope(NOWHERE)
    assert set(db.session.scalars(query)) <= {None}


def test_counts_include_only_rows_in_sight(here):
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1
    assert db.session.scalar(select(func.count(Case.id))) == 1
    assert db.session.scalar(select(select(func.count()).select_from(Case).scalar_subquery())) == 1


@pytest.mark.parametrize("model", [CaseEntry, Party, CaseUnit, CasePerson, CaseText])
def test_what_belongs_to_a_case_is_seen_with_it_and_only_with_it(here, model):
    mine = db.session.scalar(select(Case.id))
    assert set(db.session.scalars(select(model.case_id))) == {mine}
    set_scope(NOWHERE)
    assert rows(select(model)) == []


def test_getting_by_primary_key_stays_in_sight(here):
    with scoped_to(EVERYWHERE):
        theirs = db.session.scalar(select(Case.id).where(Case.description == "Theirs"))
        entry = db.session.scalar(select(CaseEntry.id).where(CaseEntry.case_id == theirs))
    assert db.session.get(Case, theirs) is None
    assert db.session.get(CaseEntry, entry) is None


def test_following_a_relationship_stays_in_sight(here):
    [mine] = rows(select(Case).options(selectinload(Case.units), joinedload(Case.people), joinedload(Case.centre)))
    assert len(mine.units) == 1
    assert {named.case_id for named in mine.people} == {mine.id}
    assert [entry.action for entry in db.session.scalars(mine.history.select())] == ["report", "add_party", "add_party"]


def test_a_relationship_that_leads_out_of_sight_leads_nowhere(here):
    with scoped_to(EVERYWHERE):
        mine, theirs = rows(select(Case).order_by(Case.description))
        mine.survivor_id = theirs.id
        db.session.commit()
        db.session.expunge_all()
    for query in (
        select(Case),
        select(Case).options(joinedload(Case.survivor)),
        select(Case).options(selectinload(Case.survivor)),
    ):
        [mine] = rows(query)
        assert mine.survivor is None
        db.session.expunge_all()


def test_a_bulk_update_changes_only_rows_in_sight(here):
    db.session.execute(update(Case).values(title="changed"))
    with scoped_to(EVERYWHERE):
        assert dict(db.session.execute(select(Case.description, Case.title)).all()) == {"Mine": "changed", "Theirs": ""}


def test_a_bulk_delete_deletes_only_rows_in_sight(here):
    db.session.execute(delete(Party))
    with scoped_to(EVERYWHERE):
        assert rows(select(Party.name)) == ["他某"]


SELF_JOINS = {
    "the joined": select(OTHER.description).select_from(Case).join(OTHER, OTHER.category == Case.category),
    "the joined, loosely": select(OTHER.description).select_from(Case).join(OTHER, literal(True), isouter=True),
    "along a relationship": select(OTHER.description).select_from(Case).join(Case.survivor.of_type(OTHER)),
}  # fmt: skip


@pytest.mark.parametrize("query", SELF_JOINS.values(), ids=SELF_JOINS)
def test_a_join_of_cases_with_cases_is_narrowed_on_both_sides_or_refused(here, query):
    with scoped_to(EVERYWHERE):
        mine, theirs = rows(select(Case).order_by(Case.description))
        mine.survivor_id = theirs.id
        db.session.commit()
        db.session.expunge_all()
    try:
        found = set(db.session.scalars(query))
    except NoScope:
        return
    assert found <= {"Mine", None}


RAW = {
    "a bare window": select(func.first_value(Case.description).over(order_by=Case.description.desc())),
    "text": text("SELECT description FROM cases"),
    "a bare table": select(Case.__table__.c.description),
    "a bare update": update(Case.__table__).values(title="changed"),
    "a bare delete": delete(Case.__table__),
    "a bare count": select(func.count()).select_from(Case.__table__),
    "a bare exists": select(exists().where(Case.description == "Theirs")),
    "text returning objects": select(Case).from_statement(text("SELECT * FROM cases")),
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_a_query_that_cannot_be_narrowed_is_refused(here, raw):
    with pytest.raises(NoScope):
        db.session.execute(raw)


def test_without_a_scope_no_query_is_executed(here):
    db.session.info.clear()
    with pytest.raises(NoScope):
        rows(select(Case))
    assert current_scope() == NOWHERE


def test_a_scope_is_not_cached_from_the_last_person(here):
    with scoped_to(EVERYWHERE):
        there = scope("village2")
        here_again = scope("village")
    for _ in range(2):
        set_scope(there)
        assert rows(select(Case.description)) == ["Theirs"]
        set_scope(here_again)
        assert rows(select(Case.description)) == ["Mine"]


def test_the_scope_before_is_restored_even_after_an_error(here):
    mine = current_scope()
    with pytest.raises(ZeroDivisionError), scoped_to(EVERYWHERE):
        raise ZeroDivisionError
    assert current_scope() == mine


def test_groups_are_seen_by_those_who_see_their_area(here):
    village = rows(select(HouseholdGroup))
    with scoped_to(EVERYWHERE):
        [post] = person("village").posts
        total, path, grid, mediator = (
            len(rows(select(HouseholdGroup))),
            post.area.path,
            scope("grid"),
            scope("mediator"),
        )
    assert village
    assert all(group.area.path.startswith(path) for group in village)
    assert len(village) < total
    with scoped_to(grid):
        assert len(rows(select(HouseholdGroup))) == len(village) // 4
    with scoped_to(mediator):
        assert rows(select(HouseholdGroup)) == []


def test_a_post_that_ended_or_has_not_begun_gives_nothing(app):
    village = person("village")
    [post] = village.posts
    day = NOON.date()
    post.from_on, post.to_on = day, day
    assert SignedIn(village, day).posts == [post]
    assert SignedIn(village, day - timedelta(days=1)).posts == SignedIn(village, day + timedelta(days=1)).posts == []
    assert SignedIn(village, day + timedelta(days=1)).roles == frozenset()


def test_every_model_that_belongs_to_a_case_is_narrowed():
    """A model with a ``case_id``, or a column that points to cases, says who sees it."""
    unfiltered = [
        mapper.class_.__name__
        for mapper in db.Model.registry.mappers
        if "case_id" in mapper.columns and not issubclass(mapper.class_, Sighted)
    ]
    assert unfiltered == []
    assert issubclass(Case, Sighted)
    assert LIFECYCLE is Case.lifecycle


@pytest.mark.parametrize("model", [Mediation, Consent, Session, Attachment])
def test_papers_of_a_mediation_are_seen_with_the_case(app, model):
    case = mediating()
    act(case, "hold_session", "mediator", held_at=later(hours=9), place="村委会", note="谈了。")
    db.session.add(
        Attachment(case_id=case.id, digest="0" * 64, name="a.pdf", media_type="application/pdf", size=1, at=NOON)
    )
    db.session.flush()
    for username, sees in (("village", True), ("mediator", True), ("village2", False), ("grid2", False)):
        with scoped_to(EVERYWHERE):
            seen = scope(username)
        with scoped_to(seen):
            assert bool(rows(select(model))) == sees, username
