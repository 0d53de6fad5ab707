"""The roles a post can give, which permissions each has, and who acts. Pure."""

from dataclasses import dataclass

GRID_WORKER = "grid_worker"
CENTRE_STAFF = "centre_staff"
MEDIATOR = "mediator"
HANDLER = "handler"
SUPERVISOR = "supervisor"
LEADER = "leader"
ADMINISTRATOR = "administrator"
ROLES = (GRID_WORKER, CENTRE_STAFF, MEDIATOR, HANDLER, SUPERVISOR, LEADER, ADMINISTRATOR)

SEES_ITS_AREA = frozenset({GRID_WORKER, CENTRE_STAFF, SUPERVISOR, LEADER})
"""Roles that see the ordinary cases of their area; the others see only what came to their unit."""

SEES_ITS_UNITS = frozenset({CENTRE_STAFF, MEDIATOR, HANDLER})
"""Roles that see what came to their unit; a grid worker's unit is the village's, but its cases are not all theirs."""

# fmt: off
PERMISSIONS: dict[str, frozenset[str]] = {
    "use lianhu":         frozenset(ROLES),
    "see cases":          frozenset({GRID_WORKER, CENTRE_STAFF, MEDIATOR, HANDLER, SUPERVISOR, LEADER}),
    "report a case":      frozenset({GRID_WORKER, CENTRE_STAFF, MEDIATOR}),
    "work on cases":      frozenset({GRID_WORKER, CENTRE_STAFF, MEDIATOR, HANDLER, LEADER}),
    "keep leaders' links": frozenset({GRID_WORKER, CENTRE_STAFF}),
    "administer":         frozenset({ADMINISTRATOR}),
}
# fmt: on

VILLAGE, TOWNSHIP, COUNTY = "village", "township", "county"
LEVELS = (VILLAGE, TOWNSHIP, COUNTY)


def is_above(level: str, other: str) -> bool:
    """Whether ``level`` is higher than ``other``."""
    return LEVELS.index(level) > LEVELS.index(other)


@dataclass(frozen=True)
class PostHeld:
    """A post as plain data: a role, in a unit of a level, over an area.

    ``unit_path`` and ``area_path`` are paths in the tree of areas, such as ``/1/5/30/``.
    """

    id: int | None
    role: str
    unit_id: int | None
    unit_name: str
    level: str
    unit_path: str
    area_path: str


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a person with the posts held today, or the system. Easy to make in a test."""

    person_id: int | None
    name: str
    posts: tuple[PostHeld, ...] = ()


SYSTEM = Actor(person_id=None, name="system")
