"""Row-level access: who may see which rows. Every query passes through here; without a scope it is not executed.

What a scope means for a kind of row is said by that row's own ``visible_to``; that it is applied is decided here.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache

from sqlalchemy import event, false, or_, select, true
from sqlalchemy.orm import LoaderCriteriaOption, with_loader_criteria
from sqlalchemy.sql import visitors

from core.db import db
from grid.areas import COUNTY, GRID, TOWNSHIP, VILLAGE, Area
from grid.roles import SEES_ITS_AREA, SEES_ITS_UNITS


@dataclass(frozen=True)
class Scope:
    """What somebody can see.

    ``areas`` are the (kind, id) of areas whose ordinary rows are seen, ``units`` the units whose cases are seen,
    ``villages`` those in which the person works (who works where the complaint is about must not see it).
    """

    person_id: int | None = None
    areas: tuple[tuple[str, int], ...] = ()
    units: tuple[int, ...] = ()
    villages: tuple[int, ...] = ()
    everywhere: bool = False

    def ids(self, kind: str) -> list[int]:
        """The ids of the seen areas of a kind."""
        return [id for k, id in self.areas if k == kind]

    def covers(self, township, village, grid):
        """The SQL condition that is true of a row with these ancestor columns if it lies in the seen areas."""
        if self.everywhere or self.ids(COUNTY):
            return true()
        columns = ((TOWNSHIP, township), (VILLAGE, village), (GRID, grid))
        return or_(false(), *(one_of(column, self.ids(kind)) for kind, column in columns if self.ids(kind)))

    def covers_path(self, path):
        """The same for a row that is reached through its area's ``path`` column."""
        if self.everywhere:
            return true()
        return or_(false(), *(path.like(f"%/{id}/%") for _kind, id in self.areas))


def one_of(column, ids):
    """The condition that a column has one of these ids: an equality where there is one, since IN costs at every call."""
    if not ids:
        return false()
    return column == ids[0] if len(ids) == 1 else column.in_(ids)


EVERYWHERE = Scope(everywhere=True)
NOWHERE = Scope()


class Sighted:
    """Mixin for a row that is seen only by some: it says by whom in ``visible_to``."""

    @classmethod
    def visible_to(cls, scope: Scope):
        """The SQL condition that is true of the rows this scope may see."""
        raise NotImplementedError(cls.__name__)


class NoScope(Exception):
    """A query was executed before anybody said on whose behalf."""


def scope_of(person_id: int, posts) -> Scope:
    """The scope that a person's posts of today give."""
    seen = [p.area for p in posts if p.role in SEES_ITS_AREA]
    return Scope(
        person_id=person_id,
        areas=tuple(dict.fromkeys((area.kind, area.id) for area in seen)),
        units=tuple(dict.fromkeys(p.unit_id for p in posts if p.role in SEES_ITS_UNITS)),
        villages=tuple(dict.fromkeys(id for p in posts if (id := p.area.ancestor_id(VILLAGE)) is not None)),
    )


def set_scope(scope: Scope) -> None:
    """Say on whose behalf the session's queries are made from now on."""
    db.session.info["scope"] = scope


def current_scope() -> Scope:
    """The scope in force, or one that sees nothing."""
    return db.session.info.get("scope") or NOWHERE


@contextmanager
def scoped_to(scope: Scope):
    """Use another scope inside the block, then restore the previous one."""
    previous = db.session.info.get("scope")
    set_scope(scope)
    try:
        yield
    finally:
        db.session.info["scope"] = previous


@event.listens_for(db.session, "do_orm_execute")
def filter_by_scope(execute_state) -> None:
    """Narrow every query to what its scope may see; refuse what cannot be narrowed."""
    scope = execute_state.session.info.get("scope")
    if scope is None:
        raise NoScope(str(execute_state.statement))
    if scope.everywhere or execute_state.is_column_load:
        return
    if execute_state.is_from_statement or not execute_state.is_orm_statement:
        raise NoScope("Raw SQL can be executed only with the scope EVERYWHERE.")
    narrow = _narrowed_once if execute_state.execution_options.get("kept") else _narrowed
    execute_state.statement = narrow(execute_state.statement, scope)


def kept(statement):
    """Mark a statement that is built once and executed often, with its values as bound parameters.

    It is narrowed once for each scope, and SQLAlchemy then knows its cache key already: a third of the cost.
    """
    return statement.execution_options(kept=True)


def _narrowed(statement, scope: Scope):
    if any(isinstance(option, LoaderCriteriaOption) for option in statement._with_options):
        return statement  # SQLAlchemy's own, made from one that is narrowed already
    models = sighted_in(statement)
    return statement.options(*_criteria(scope, models)) if models else statement


_narrowed_once = lru_cache(maxsize=8192)(_narrowed)


def sighted_in(statement) -> frozenset[type]:
    """The sighted models a statement may read: those whose tables it names, and all that these are related to.

    Criteria for every model would be right too, but cost three times the rest of a small query. Raises ``NoScope``
    for what criteria do not reach: text, and tables named without their model.
    """
    found = _Named()
    for element in visitors.iterate(statement):
        found.note(element)
    if statement.is_dml:
        found.as_model.add(statement.table.name)
    for names, why in found.faults():
        if sighted := sorted(name for name in names if reachable_models()[name]):
            raise NoScope(f"{why}: {sighted}.")
    return frozenset().union(*(reachable_models()[name] for name in found.tables))


class _Named:
    """The tables a statement names, and how: through their models, bare, or under another name."""

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.as_model: set[str] = set()
        self.plainly: set[str] = set()
        self.aliases: set[str] = set()
        self.joins = False

    def note(self, element) -> None:
        """Take note of one element of the statement."""
        if element.__visit_name__ == "textclause":
            raise NoScope("Text inside a statement cannot be narrowed.")
        self.joins |= element.__visit_name__ == "join" or bool(getattr(element, "_setup_joins", ()))
        source = element if element.__visit_name__ in ("table", "alias") else getattr(element, "table", None)
        aliased = getattr(source, "__visit_name__", "") == "alias"
        name = getattr(source.element if aliased else source, "name", None)
        if name not in reachable_models():
            return
        self.tables.add(name)
        if "parententity" in element._annotations:
            self.as_model.add(name)
            (self.aliases if aliased else self.plainly).add(name)

    def faults(self):
        """What criteria do not reach, each with the reason."""
        yield self.tables - self.as_model, "Bare tables cannot be narrowed; name their models"
        if self.joins:
            yield self.plainly & self.aliases, "A model joined with itself cannot be narrowed on both sides"


@cache
def reachable_models() -> dict[str, frozenset[type]]:
    """For each table: the sighted models that loading from it may load too, through any chain of relationships."""
    return {mapper.local_table.name: _related(mapper) for mapper in db.Model.registry.mappers}


def _related(mapper) -> frozenset[type]:
    seen, queue = set(), [mapper]
    while queue:
        current = queue.pop()
        if current not in seen:
            seen.add(current)
            queue += [r.mapper for r in current.relationships if r.lazy != "write_only"]
    return frozenset(found.class_ for found in seen if issubclass(found.class_, Sighted))


@lru_cache(maxsize=16384)
def _criteria(scope: Scope, models: frozenset[type]) -> tuple:
    # Plain expressions, one for each model: a lambda would be cached with the first person's values.
    ordered = sorted(models, key=lambda model: model.__name__)
    return tuple(with_loader_criteria(model, model.visible_to(scope), include_aliases=True) for model in ordered)


def in_area(area_id_column, scope: Scope):
    """The condition that the area a column points to is seen by this scope."""
    areas = Area.__table__
    return area_id_column.in_(select(areas.c.id).where(scope.covers_path(areas.c.path)))
