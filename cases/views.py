"""The pages of cases: the queue, one case, its operations, reporting, searching, and the table itself."""

from urllib.parse import quote
from uuid import UUID

from flask import Response, abort, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from cases import commands, labels, queries, queues
from cases.dictionaries import CATEGORIES
from cases.forms import NOT_BY_HAND, facts_of, form_for, given_id
from cases.lifecycle import LIFECYCLE, RISKS
from cases.limits import limits_in_force
from core import api, files
from core.clock import now
from core.db import db, new_id
from core.errors import Refused
from core.lifecycle import Attempt
from core.pages import say
from core.routing import Routes
from grid.holidays import ZONE

routes = Routes("cases", __name__)


@routes.page("/cases/", may="see cases")
def index():
    """The work queue."""
    views = queues.viewpoints(current_user)
    view = views.get(request.args.get("view", ""), next(iter(views.values())))
    tab = request.args.get("tab") if request.args.get("tab") in queues.TABS else "in_hand"
    asked = {name: request.args.get(name, "").replace("\0", "") for name in ("category", "risk", "after")}
    try:
        rows, following = queues.page_of(view, tab, now(), **asked)
    except ValueError:
        abort(404)
    return render_template("cases/index.html", view=view, views=views, tab=tab, tabs=queues.TABS, rows=rows, asked=asked,
                           counts=queues.counts(view, now()), following=following, categories=CATEGORIES, risks=RISKS,
                           many=queues.MANY)  # fmt: skip


@routes.page("/search", may="see cases")
def search():
    """Search by code, name, phone or any words of the text."""
    words = request.args.get("q", "").replace("\0", "").strip()[:100]
    rows = queries.find(words) if words else []
    return render_template("cases/search.html", words=words, rows=rows, most=queries.PAGE)


@routes.page("/cases/<code>", may="see cases")
def show(code):
    """One case: what it is, where it stands, what may be done, and its history."""
    case = queries.get_case(code)
    return render_template("cases/case.html", case=case, buttons=_buttons(case), history=queries.history_of(case),
                           parties=queries.parties_of(case), files=queries.attachments_of(case), key=new_id(),
                           mediations=queries.mediations_of(case), labels=labels, allowed=LIFECYCLE)  # fmt: skip


@routes.form("/cases/<code>/<action>", may="work on cases")
def act(code, action):
    """One operation of the table: asks what the table demands, then carries it out."""
    case = queries.get_case(code)
    transition = next((t for t in _buttons(case) if t.action == action), None)
    if transition is None:
        return _not_possible(case, action)
    form = form_for(case, transition, now().astimezone(ZONE).date())
    if request.method == "GET":
        form.version.data, form.key.data = str(case.version), str(new_id())
        return _operation_page(case, transition, form)
    return _carry_out(case, transition, form)


def _carry_out(case, transition, form):
    key = given_id(form.key.data)
    if _done_before(case, key):
        return redirect(url_for("cases.show", code=case.code))
    if not form.validate():
        return _operation_page(case, transition, form), 422
    if form.version.data != str(case.version):
        return _ask_again(case, transition, form), 409
    try:
        uploads, facts = uploaded(), facts_of(form)
        facts["files"] = [upload.name for upload in uploads]
        commands.perform(case, transition.action, by=current_user.actor, at=now(), key=key,
                         device_at=device_time(form), **facts)  # fmt: skip
        commands.attach(case, uploads, by=current_user.actor, at=now())
        db.session.flush()
    except Refused as refusal:
        return _send_again(case, transition, form, say(refusal))
    except IntegrityError:  # the same key was used for something else, or at the same moment
        return _send_again(case, transition, form, _("This did not go through. Look at it, then send it again."))
    return redirect(url_for("cases.show", code=case.code))


def _send_again(case, transition, form, why):
    """The form as it was typed, with the reason on top and a key of its own."""
    db.session.rollback()  # first: after a failed flush nothing can be read, not even the code
    case = queries.get_case(case.code)
    form.key.data, form.version.data = str(new_id()), str(case.version)
    return _operation_page(case, transition, form, refused=why), 409


def _done_before(case, key) -> bool:
    """Whether this very form was carried out already, by the same person on the same case."""
    if key is None:
        return False
    entry = queries.entry_with_key(key)
    return entry is not None and entry.case_id == case.id and entry.actor_id == current_user.person.id


def _operation_page(case, transition, form, **more):
    condition = transition.guard if transition.guard in LIFECYCLE.judged_when_said else ""
    return render_template("cases/act.html", case=case, transition=transition, form=form, condition=condition, **more)


def _ask_again(case, transition, form):
    """Somebody acted meanwhile: show what they did, keep what was typed, and let the person decide."""
    seen = int(form.version.data) if (form.version.data or "").isdecimal() else 0
    news = [entry for entry in queries.history_of(case) if entry.serial > seen] or queries.history_of(case)[-1:]
    form.version.data, form.version.raw_data = str(case.version), None
    return _operation_page(case, transition, form, news=news)


def _not_possible(case, action):
    """Say why an operation is not among this person's: another did it meanwhile, or it was never theirs."""
    if action not in LIFECYCLE.actions or action in NOT_BY_HAND:
        abort(404)
    if request.method == "POST" and _done_before(case, given_id(request.form.get("key"))):
        return redirect(url_for("cases.show", code=case.code))
    LIFECYCLE.refuse(case, action, attempt(case))
    return abort(404)


def _buttons(case):
    found = LIFECYCLE.available(case, attempt(case))
    return [t for t in found if t.action not in NOT_BY_HAND] if current_user.may("work on cases") else []


def attempt(case) -> Attempt:
    """What this person could try now, before anything is said."""
    actor = current_user.actor
    return Attempt(actor.person_id, case.capacities(actor), now(), {})


def uploaded() -> list[files.Upload]:
    """The cleaned files of this request. Raises ``Refused`` if one of them cannot be kept."""
    if g.upload_refusal is not None:
        raise g.upload_refusal
    return g.uploads


def device_time(form):
    """What the device's clock showed when the form was sent, if it said so."""
    from_device = form.device_at.data or ""
    try:
        return api.moment(from_device) if from_device else None
    except (ValueError, OverflowError):
        return None


@routes.page("/cases/files/<uuid:id>", may="see cases")
def file(id: UUID):
    """One attachment, as a download that runs nothing."""
    found = queries.get_attachment(id)
    disposition = "inline" if found.media_type.startswith("image/") else "attachment"
    headers = {"Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(found.name, safe='')}",
               "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store"}  # fmt: skip
    return Response(files.read(found.digest), mimetype=found.media_type, headers=headers)


@routes.page("/rules", may="use lianhu")
def rules():
    """The table, as a page a public servant can read."""
    return render_template("cases/rules.html", rows=rule_rows(), limits=limits_in_force(), labels=labels)


def rule_rows():
    """The table's rows, with those that differ only in their state drawn together."""
    rows = {}
    for t in LIFECYCLE.transitions:
        kept = t.target if not t.stays else None
        rows.setdefault((t.action, kept, t.actors, t.requires, t.guard, t.limit), []).append(t.source)
    return [(sources, *row) for row, sources in rows.items()]
