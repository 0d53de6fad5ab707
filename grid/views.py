"""Signing in and out, the language, leaders' links, feedback, and what the administrator looks after."""

from urllib.parse import urlsplit

from flask import current_app, flash, g, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_user, logout_user
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from core.clock import now
from core.db import db
from core.forms import Form
from core.i18n import LANGUAGES
from core.pages import sent_fields
from core.routing import ANYONE, Routes
from grid import devices, feedback, queries
from grid.access import NOWHERE, scope_of, set_scope
from grid.groups import get_group
from grid.holidays import ZONE
from grid.people import SignedIn, matches, nobodys_hash

PRODUCTION = "production"
routes = Routes("grid", __name__)


class SignInForm(Form):
    """Who is it?"""

    username = StringField(_l("Account"), [InputRequired(_l("Please fill this in."))])
    password = PasswordField(_l("Password"), [InputRequired(_l("Please fill this in."))])
    next = HiddenField()


def load_person(person_id: str) -> SignedIn | None:
    """Who the session belongs to, with the posts of today; nobody if the account was closed."""
    if (device := session.get("device")) and devices.is_revoked(device):
        g.device_revoked = True
        return None
    person = queries.load_person(int(person_id)) if person_id.isdecimal() else None
    return SignedIn(person, now().astimezone(ZONE).date()) if person and _may_enter(person) else None


def set_scope_of_request() -> None:
    """Every request sees what its person's posts of today let it see; without a person it sees nothing."""
    set_scope(NOWHERE)
    if request.endpoint not in ("static", "grid.healthz") and current_user.is_authenticated:
        set_scope(scope_of(current_user.person.id, current_user.posts))


@routes.page("/healthz", may=ANYONE)
def healthz():
    """Whether the process answers."""
    return jsonify(status="ok")


@routes.form("/sign-in", may=ANYONE, writes=False)
def sign_in():
    """Sign in; text that was being typed when a session ended travels along."""
    form = SignInForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
        return render_template("grid/sign_in.html", form=form, kept=[])
    kept = [(name, value) for name, value in sent_fields() if name.startswith("kept.")]
    person = _checked(form) if form.validate() else None
    if person is None:
        status = 422 if form.username.errors or form.password.errors else 401
        return render_template("grid/sign_in.html", form=form, kept=kept), status
    _forget_session()
    login_user(SignedIn(person, now().astimezone(ZONE).date()))
    session.permanent = True
    if kept:
        fields = [(name.removeprefix("kept."), value) for name, value in kept]
        return render_template("core/resend.html", fields=fields, target=_local(form.next.data), signed_in=True,
                               reason=_("You are signed in again. What you typed is kept here."), had_files=False)  # fmt: skip
    return redirect(_local(form.next.data))


def _may_enter(person) -> bool:
    """Accounts that were closed stay out, and so do demonstration accounts where real people's cases are."""
    return person.active and not (person.is_demo and current_app.config["ENVIRONMENT"] == PRODUCTION)


def _forget_session() -> None:
    """Begin a new session with a new token: nothing planted before is kept, but for the language."""
    chosen = session.get("language")
    session.clear()
    g.pop("csrf_token", None)
    if chosen:
        session["language"] = chosen


def _checked(form):
    person = queries.person_named(form.username.data)
    right = matches(person.password_hash if person else nobodys_hash(), form.password.data)
    if right and _may_enter(person):
        return person
    form.form_errors.append(_("Account or password is not right."))
    return None


def _local(target: str) -> str:
    """A target on this site, else the home page: an address elsewhere is never followed."""
    try:
        parts = urlsplit(target or "")
    except ValueError:  # a broken IPv6 address
        return url_for("home.home")
    safe = target.startswith("/") and not parts.scheme and not parts.netloc and "\\" not in target if target else False
    return target if safe and not target.startswith("//") else url_for("home.home")


@routes.action("/sign-out", may=ANYONE)
def sign_out():
    """End the session."""
    logout_user()
    _forget_session()
    return redirect(url_for("grid.sign_in"))


@routes.action("/language", may=ANYONE)
def set_language():
    """Switch between Chinese and English."""
    if request.form.get("language") in LANGUAGES:
        session["language"] = request.form["language"]
    return redirect(_local(request.form.get("next", "")))


@routes.page("/groups", may="keep leaders' links")
def groups():
    """The household groups of one's area, with their leaders."""
    return render_template("grid/groups.html", groups=queries.groups_of(current_user))


@routes.action("/groups/<int(max=2147483647):area_id>/link", may="keep leaders' links")
def make_link(area_id):
    """Give the leader a new personal address; it is shown this once."""
    group = get_group(area_id)
    secret = group.make_link(now())
    return render_template(
        "grid/link.html", group=group, link=url_for("intake.leader_report", secret=secret, _external=True)
    )


@routes.action("/groups/<int(max=2147483647):area_id>/revoke", may="keep leaders' links")
def revoke_link(area_id):
    """Make the leader's address stop working."""
    get_group(area_id).revoke_link()
    flash(_("The link no longer works."))
    return redirect(url_for("grid.groups"))


@routes.form("/feedback", may="use lianhu")
def give_feedback():
    """Complaints and suggestions."""
    form = feedback.FeedbackForm()
    if form.validate_on_submit():
        db.session.add(feedback.Feedback(at=now(), person_id=current_user.person.id, text=form.text.data))
        flash(_("Thank you. The administrator will read it."))
        return redirect(url_for("home.home"))
    return render_template("grid/feedback.html", form=form), 200 if request.method == "GET" else 422


@routes.page("/admin/people", may="administer")
def people():
    """The accounts and their posts."""
    return render_template("grid/people.html", people=queries.people_list())


@routes.page("/admin/units", may="administer")
def units():
    """The units of the county."""
    return render_template("grid/units.html", units=queries.units_list())


@routes.page("/admin/areas", may="administer")
def areas():
    """The tree of areas with their codes."""
    return render_template("grid/areas.html", areas=queries.area_tree())


@routes.page("/admin/feedback", may="administer")
def read_feedback():
    """What users wrote."""
    return render_template("grid/read_feedback.html", messages=feedback.latest())
