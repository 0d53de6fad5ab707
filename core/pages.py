"""Pages for when something went wrong. Each says what happened and what to do, and keeps what was typed."""

from http import HTTPStatus

from flask import Flask, g, redirect, render_template, request, session, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from core import api
from core.db import db
from core.errors import Conflict, Moved, Refused
from core.i18n import gettext, label
from core.marks import N_

EXPLAINED = {
    400: (N_("This request could not be understood"), N_("Go back, check what was entered, and try again.")),
    403: (N_("This page is not for your post"), N_("Ask your administrator if you need it for your work.")),
    404: (N_("Nothing to see here"), N_("The address is wrong, or what it shows is outside your area.")),
    405: (N_("This address cannot be used like that"), N_("Go back and use the buttons on the page.")),
    413: (
        N_("What you sent is too large"),
        N_("Send smaller or fewer files. Go back: what you typed is still in the form."),
    ),
    500: (
        N_("Something broke on our side"),
        N_("Nothing was saved by your last step. Try again; if it happens again, call the centre."),
    ),
}
UNSENT = ("csrf_token", "password")


def register_error_pages(app: Flask) -> None:
    """Give every error a page of its own."""
    app.register_error_handler(Refused, _show_refusal)
    app.register_error_handler(api.Invalid, _show_invalid)
    app.register_error_handler(StaleDataError, _show_stale)
    app.register_error_handler(OperationalError, _show_busy)
    app.register_error_handler(CSRFError, _show_expired_form)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(500, _show_http_error)


def say(refusal: Refused) -> str:
    """The refusal in the reader's language; operations, states and guards among its values are translated too."""
    values = {k: label(v) if type(v) is str else v for k, v in refusal.values.items()}
    return gettext(refusal.message, **values)


def ask_to_sign_in():
    """Send a reader to sign in; give a writer their text back to send again after signing in."""
    if api.is_asked():
        why = "device_revoked" if g.get("device_revoked") else "sign_in"
        return api.problem(401, why, gettext("Sign in to go on. Nothing is lost."))
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("grid.sign_in", next=request.full_path.rstrip("?")))
    return _keep_what_was_typed(gettext("You were signed out. What you typed is kept here."), HTTPStatus.UNAUTHORIZED)


def sent_fields() -> list[tuple[str, str]]:
    """What the form held, but for passwords, tokens and files, in the order it was sent."""
    return [(k, v) for k, values in request.form.lists() for v in values if k not in UNSENT]


def _keep_what_was_typed(reason, status):
    page = render_template(
        "core/resend.html", reason=reason, fields=sent_fields(), target=request.full_path.rstrip("?"),
        had_files=any(f.filename for f in request.files.values()), signed_in=current_user.is_authenticated,
    )  # fmt: skip
    return page, status


def _show_expired_form(_error):
    db.session.rollback()
    if api.is_asked():
        return api.problem(403, "csrf", gettext("This page was open for too long. Send it again."))
    if request.endpoint == "grid.sign_in":
        session.clear()
        return redirect(url_for("grid.sign_in"))
    if not current_user.is_authenticated and request.endpoint and not request.path.startswith("/r/"):
        return ask_to_sign_in()
    return _keep_what_was_typed(gettext("This page was open for too long. What you typed is kept here."), 400)


def _show_refusal(refusal):
    db.session.rollback()
    if api.is_asked():
        return api.problem(409, refusal.code, say(refusal), **getattr(refusal, "more", {}))
    title = gettext("Somebody was faster") if isinstance(refusal, Conflict) else gettext("That cannot be done now")
    return render_template("core/error.html", title=title, advice=say(refusal), fields=sent_fields()), 409


def _show_invalid(invalid):
    db.session.rollback()
    return api.problem(422, "invalid", gettext("Please look at this again"), fields=invalid.fields)


def _show_stale(_error):
    return _show_refusal(Moved("Somebody else has just changed this case. Look at it again, then decide."))


def _show_busy(error):
    """The database did not answer in time, or two people stood in each other's way."""
    if type(error.orig).__name__ in ("DeadlockDetected", "SerializationFailure"):
        return _show_stale(error)
    db.session.rollback()
    if api.is_asked():
        return api.problem(503, "busy", gettext("Lianhu is very busy"))
    title, advice = gettext("Lianhu is very busy"), gettext("Nothing was saved. Wait a minute, then send it again.")
    return render_template("core/error.html", title=title, advice=advice, fields=sent_fields()), 503


def _show_http_error(error):
    db.session.rollback()
    if getattr(error, "response", None) is not None:
        return error.response
    code = getattr(error, "code", 500) or 500
    title, advice = EXPLAINED.get(code, EXPLAINED[400 if code < 500 else 500])
    if api.is_asked():
        return api.problem(code, HTTPStatus(code).name.lower(), gettext(title))
    fields = [] if code == 413 else sent_fields()  # what is too large cannot be read here either
    return render_template("core/error.html", title=gettext(title), advice=gettext(advice), fields=fields), code
