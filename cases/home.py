"""The home of each role: what must I do now? Also the administrator's page of limits."""

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from cases import queues
from cases.limits import change_limit, limits_in_force
from core.calendar import UNITS
from core.clock import now
from core.routing import Routes
from grid import roles
from grid.areas import Area

routes = Routes("home", __name__)


@routes.page("/", may="use lianhu")
def home():
    """One section for each role held, the working roles first."""
    at = now()
    held = [role for role in roles.ROLES if role in current_user.roles]
    sections = [SECTIONS[role](at) | {"role": role} for role in held]
    return render_template("home/home.html", sections=sections, many=queues.MANY, labels_at=at)


def _grid_worker(at):
    views = queues.viewpoints(current_user)
    view = views.get("grid") or views["area"]
    return {"template": "grid_worker", "mine": queues.in_charge(current_user.person.id),
            "to_follow_up": queues.page_of(view, "to_follow_up", at)[0][:5],
            "reported": queues.reported_by(current_user.person.id)}  # fmt: skip


def _desk(name):
    def section(at):
        view = queues.viewpoints(current_user)[name]
        counts = queues.counts(view, at)
        desk = replace(view, column="desk_id")
        urgent = queues.page_of(desk, "overdue", at)[0] + queues.page_of(desk, "due_soon", at)[0]
        return {"template": "desk", "view": view, "counts": counts, "rows": urgent[:10], "tabs": queues.TABS}

    return section


def _supervisor(at):
    area = _widest_area(roles.SUPERVISOR)
    view = queues.viewpoints(current_user)["area"]
    return {"template": "supervisor", "area": area, "below": queues.by_area(area, at), "view": view,
            "counts": queues.counts(view, at), "tabs": queues.TABS}  # fmt: skip


def _leader(at):
    area = _widest_area(roles.LEADER)
    view = queues.viewpoints(current_user)["area"]
    return {"template": "leader", "area": area, "lists": queues.red_and_overdue(view, at), "view": view,
            "counts": queues.counts(view, at)}  # fmt: skip


def _administrator(at):
    return {"template": "administrator"}


def _widest_area(role: str) -> Area:
    return min((post.area for post in current_user.posts_as(role)), key=lambda area: len(area.path))


SECTIONS = {
    roles.GRID_WORKER: _grid_worker,
    roles.CENTRE_STAFF: _desk("centre"),
    roles.MEDIATOR: _desk("unit"),
    roles.HANDLER: _desk("unit"),
    roles.SUPERVISOR: _supervisor,
    roles.LEADER: _leader,
    roles.ADMINISTRATOR: _administrator,
}


@routes.form("/admin/limits", may="administer")
def limits():
    """The limits in force; a change holds for steps that begin afterwards."""
    if request.method == "GET":
        return render_template("home/limits.html", limits=limits_in_force(), units=UNITS, error="")
    try:
        change_limit(_known(request.form["name"]), int(request.form["amount"]), request.form["unit"])
    except (KeyError, ValueError):
        page = render_template("home/limits.html", limits=limits_in_force(), units=UNITS,
                               error=_("A limit is a whole number of hours, days, working days or months."))  # fmt: skip
        return page, 422
    flash(_("The limit is changed. Steps that began before keep theirs."))
    return redirect(url_for("home.limits"))


def _known(name: str) -> str:
    if name not in limits_in_force():
        raise ValueError(name)
    return name
