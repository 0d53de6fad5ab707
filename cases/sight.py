"""Who may see a case. Decided here, and nowhere else; applied to every query by grid/access.py.

- *Normal* cases: those who see the area, the units that hold or held it, the people named on it, and its reporter.
- *Sensitive* cases: the units that hold or held it, the people named, and the reporter.
- *Restricted* cases: only the people named, among them whoever is in charge
  (Anti-Domestic-Violence Law Art. 5; Protection of Minors Law Art. 103;
  Regulations on Petition Work Art. 30).
- Whoever works in an area that is complained about sees nothing of the complaint, unless they made it.
"""

from sqlalchemy import and_, false, literal_column, not_, or_, select, true

from cases.lifecycle import NORMAL, RESTRICTED
from core.db import db
from grid.access import one_of


def rule(case, scope):
    """The SQL condition that is true of the cases a scope may see; ``case`` is the model or an alias of its table."""
    if scope.everywhere:
        return true()
    mine = case.reporter_id == scope.person_id if scope.person_id is not None else false()
    named = _named(case, scope)
    came_to_us = _came_to_units(case, scope)
    by_area = scope.covers(case.township_id, case.village_id, case.grid_id)
    seen = or_(
        and_(case.confidentiality == literal_column(f"'{NORMAL}'"), by_area),
        and_(case.confidentiality != literal_column(f"'{RESTRICTED}'"), came_to_us),
        named,
    )
    return or_(mine, and_(not_complained_of(case, scope), seen))


def not_complained_of(case, scope):
    """True where nobody complains about the area in which this person works."""
    if not scope.villages:
        return true()
    return or_(case.conflict_area_id.is_(None), not_(one_of(case.conflict_area_id, scope.villages)))


def may_come_to(case, area) -> bool:
    """Whether a case may be given to a unit or person at an area: never to the place it complains about."""
    return case.conflict_area_id is None or case.conflict_area_id not in area.line


def through_case(case_id, scope):
    """The same rule for a row that belongs to a case."""
    if scope.everywhere:
        return true()
    seen = db.metadata.tables["cases"].alias("seen_case")
    return select(seen.c.id).where(seen.c.id == case_id, rule(seen.c, scope)).exists()


def _came_to_units(case, scope):
    if not scope.units:
        return false()
    held = db.metadata.tables["case_units"].alias("held")
    return select(held.c.case_id).where(held.c.case_id == case.id, one_of(held.c.unit_id, scope.units)).exists()


def _named(case, scope):
    if scope.person_id is None:
        return false()
    named = db.metadata.tables["case_people"].alias("named")
    on_it = select(named.c.case_id).where(named.c.case_id == case.id, named.c.person_id == scope.person_id).exists()
    return or_(case.handler_id == scope.person_id, on_it)
