"""The pages where a case begins: a worker's report, and a group leader's own page."""

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from cases import commands, queries, reporting
from cases.dictionaries import LEADER_KINDS
from cases.forms import given_id
from cases.report_form import ReportForm
from cases.views import device_time, uploaded
from core.clock import now
from core.db import db, new_id
from core.errors import Refused
from core.pages import say
from core.routing import ANYONE, Routes
from grid.access import EVERYWHERE, scoped_to
from grid.groups import group_of_link
from grid.queries import areas_to_report_in
from grid.roles import Actor

routes = Routes("intake", __name__)


@routes.form("/cases/new", may="report a case")
def new():
    """Log a dispute or an incident."""
    form = ReportForm()
    form.offer(areas_to_report_in(current_user))
    if request.method == "GET":
        form.id.data = str(new_id())
        return render_template("cases/new.html", form=form)
    if given_id(form.id.data) is None:
        form.id.data = str(new_id())
    if (known := _already_reported(form)) is not None:
        return redirect(url_for("cases.show", code=known.code))
    if not form.validate():
        return render_template("cases/new.html", form=form), 422
    return _report(form)


def _already_reported(form):
    """The case this very form made already, if it was sent before by the same person."""
    id = given_id(form.id.data)
    known = queries.case_by_id(id) if id else None
    return known if known is not None and known.reporter_id == current_user.person.id else None


def _report(form):
    try:
        uploads = uploaded()
        case = reporting.report_from(form, by=current_user.actor, at=now(), device_at=device_time(form))
        commands.attach(case, uploads, by=current_user.actor, at=now())
        db.session.flush()
    except IntegrityError:  # the same form, sent twice at the same moment
        db.session.rollback()
        if (known := _already_reported(form)) is not None:
            return redirect(url_for("cases.show", code=known.code))
        form.id.data = str(new_id())
        again = _("This did not go through. Look at it, then send it again.")
        return render_template("cases/new.html", form=form, refused=again), 409
    except Refused as refusal:
        db.session.rollback()
        return render_template("cases/new.html", form=form, refused=say(refusal)), 422
    return redirect(url_for("cases.show", code=case.code, thanks=1))


@routes.form("/r/<secret>", may=ANYONE)
def leader_report(secret):
    """A group leader's own page: four buttons and a few words, no account."""
    group = group_of_link(secret)
    if group is None:
        abort(404)
    kind, words = request.form.get("kind", ""), request.form.get("words", "").replace("\0", "").strip()
    error = _leader_error(kind, words) if request.method == "POST" else ""
    if request.method == "GET" or error:
        page = render_template("cases/leader.html", group=group, kinds=LEADER_KINDS, kind=kind, words=words, error=error,
                               id=request.form.get("id") or new_id())  # fmt: skip
        return page, 422 if error else 200
    code = _leader_reports(group, kind, words)
    return render_template("cases/leader_thanks.html", group=group, code=code)


def _leader_error(kind: str, words: str) -> str:
    if kind not in LEADER_KINDS:
        return _("Tap what fits best.")
    if not words:
        return _("Say in a few words what happened.")
    return _("Please use at most %(max)d characters.", max=500) if len(words) > 500 else ""


def _leader_reports(group, kind: str, words: str) -> str:
    """The link gives the right to report for this one group, and to see nothing."""
    id = given_id(request.form.get("id")) or new_id()
    with scoped_to(EVERYWHERE):
        known = queries.case_by_id(id)
        if known is not None and (known.area_id, known.reporter_id) == (group.area_id, None):
            return known.code
        return _report_for(group, kind, words, id if known is None else new_id())


def _report_for(group, kind: str, words: str, id) -> str:
    category, dispute_type = LEADER_KINDS[kind]
    told = reporting.Report(area=group.area, category=category, dispute_type=dispute_type, description=words,
                            source="group_leader", told_by=group.leader_name)  # fmt: skip
    try:
        return reporting.report(told, id=id, by=Actor(None, group.leader_name), at=now()).code
    except IntegrityError:  # the same page, sent twice at the same moment
        db.session.rollback()
        return queries.case_by_id(id).code
