"""What somebody is to one case: from the posts held and the case's place, centre and unit. Pure."""

from cases.lifecycle import CENTRE, CO_HANDLER, GRID_WORKER, HANDLER, LEADER, MEDIATOR, REPORTER, UPPER
from grid import roles
from grid.roles import Actor, PostHeld

BY_AREA = {roles.GRID_WORKER: GRID_WORKER, roles.LEADER: LEADER}
HANDLING_ROLES = (roles.HANDLER, roles.MEDIATOR, roles.CENTRE_STAFF)


def capacities(case, actor: Actor) -> dict[str, PostHeld]:
    """Each capacity this actor has towards the case, with the post that gives it.

    ``case`` needs ``area.path``, ``centre`` (``id``, ``level``, ``area.path``), ``unit_id``, ``handler_id``,
    ``co_unit_ids`` and ``reporter_id``.
    """
    found: dict[str, PostHeld] = {}
    for post in actor.posts:
        for capacity in _of_post(case, actor, post):
            found.setdefault(capacity, post)
    if actor.posts and actor.person_id is not None and actor.person_id == case.reporter_id:
        found.setdefault(REPORTER, actor.posts[0])
    return found


def _of_post(case, actor, post):
    if post.role == roles.CENTRE_STAFF:
        yield from _of_centre_staff(case, post)
    if post.role in BY_AREA and case.area.path.startswith(post.area_path):
        yield BY_AREA[post.role]
    if _handles(case, actor, post):
        yield HANDLER
        if post.role == roles.MEDIATOR:
            yield MEDIATOR
    if post.role in HANDLING_ROLES and post.unit_id in case.co_unit_ids:
        yield CO_HANDLER


def _of_centre_staff(case, post):
    if post.unit_id == case.centre.id:
        yield CENTRE
    above = roles.is_above(post.level, case.centre.level) or post.level == case.centre.level == roles.COUNTY
    if above and case.centre.area.path.startswith(post.unit_path):
        yield UPPER


def _handles(case, actor, post) -> bool:
    if case.unit_id is None or post.unit_id != case.unit_id:
        return False
    if post.role == roles.GRID_WORKER:  # belongs to the village's unit, but handles only what is given by name
        return case.handler_id is not None and case.handler_id == actor.person_id
    return post.role in HANDLING_ROLES
