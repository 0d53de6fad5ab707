"""The pages of phones: what a phone says of itself, which are signed in, and cutting one off."""

from datetime import datetime
from uuid import UUID

from flask import abort, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from core import api
from core.clock import now
from core.routing import Routes
from grid import devices

routes = Routes("devices", __name__)
TELLS = frozenset(("name", "version", "waiting", "oldest"))


def _read(**_about) -> None:
    g.body = request.get_data()


@routes.put("/api/v1/devices/<uuid:id>", may="use lianhu", first=_read)
def put_device(id: UUID):
    """A phone says which version it has and how much waits on it. The session is bound to it from then on."""
    told = _told(api.parsed(g.body))
    if session.get("device", str(id)) != str(id):
        abort(404)
    device = devices.report_device(id, current_user, now(), **told)
    session["device"] = str(id)
    return api.answer({"uuid": str(id), "waiting": device.waiting})


def _told(said: dict) -> dict:
    """What a phone may say of itself. Raises ``Invalid``."""
    wrong = {str(name): [_("There is no such field.")] for name in said if name not in TELLS}
    texts = {name: said.get(name, "") for name in ("name", "version")}
    wrong |= {
        name: [_("This is not what is expected here.")] for name, text in texts.items() if not isinstance(text, str)
    }
    waiting = said.get("waiting")
    if type(waiting) is not int or not 0 <= waiting <= 100_000:
        wrong["waiting"] = [_("This is not what is expected here.")]
    oldest = _moment(said.get("oldest"), wrong)
    if wrong:
        raise api.Invalid(wrong)
    cut = {name: text.replace("\0", "")[: devices.LONGEST_NAME] for name, text in texts.items()}
    return cut | {"waiting": waiting, "oldest_at": oldest}


def _moment(text, wrong: dict) -> datetime | None:
    if text is None:
        return None
    try:
        return api.moment(text)
    except (TypeError, ValueError, OverflowError):
        wrong["oldest"] = [_("This is not a time with its zone.")]
        return None


@routes.page("/devices", may="use lianhu")
def index():
    """The phones one is signed in on; for centre staff those with unsent things; for the administrator all."""
    everybody = devices.all_devices() if current_user.may("administer") else []
    return render_template("grid/devices.html", own=devices.own_devices(current_user), everybody=everybody,
                           waiting=devices.devices_to_watch(current_user))  # fmt: skip


@routes.action("/devices/<uuid:id>/revoke", may="use lianhu")
def revoke(id: UUID):
    """Cut a phone off: it is signed out at once, and wipes what it keeps to read."""
    devices.revoke(id, current_user, now())
    flash(_("The phone is cut off. What it keeps to read is wiped when it next has signal."))
    return redirect(url_for("devices.index"))
