"""The interface for phones and other programs: each body comes under an id of the sender's own and is taken once.

Rules, words and limits are those of the forms: what a page refuses is refused here, with the same sentences.
"""

from uuid import UUID

from flask import abort, current_app, g, jsonify, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from cases import commands, phone_work, queries, reporting
from cases.api_forms import operation_form, report_form
from cases.forms import NOT_BY_HAND, facts_of
from cases.lifecycle import LIFECYCLE
from cases.views import attempt
from core import api, files, parts, seal
from core.clock import now
from core.db import db
from core.errors import Moved, Refused
from core.routing import Routes
from grid import receipts
from grid.queries import areas_to_report_in

routes = Routes("api", __name__)
MOVED = "Somebody else has just changed this case. Look at it again, then decide."


@routes.page("/api/v1/me", may="use lianhu")
def me():
    """Who is signed in, in which posts, for which places, and what a phone needs to work without signal."""
    areas = areas_to_report_in(current_user) if current_user.may("report a case") else []
    return jsonify(
        user={"id": current_user.person.id, "name": current_user.name}, posts=phone_work.posts_of(current_user),
        areas=phone_work.areas(areas), leaders=phone_work.leaders(areas), duty=phone_work.duty_desks(current_user),
        csrf_token=generate_csrf(), seal=seal.public_key(),
    )  # fmt: skip


@routes.page("/api/v1/cases", may="see cases")
def own_cases():
    """The open cases this person has to do with, none of them restricted; with what may be done from a phone."""
    return jsonify(cases=phone_work.own_cases(current_user, now()))


def _read_body(**about) -> None:
    """Read what was sent, before anybody has to wait for it: a phone may be slow. Keeps it as sent, and opened."""
    g.sent = request.get_data()
    g.body = _opened(g.sent, about)


def _opened(body: bytes, about: dict) -> bytes:
    return seal.opened(body, str(about.get("item", about["id"]))) if request.mimetype == seal.MEDIA_TYPE else body


def _once(id: UUID, take):
    """Take the body of this request once; answers with the receipt."""
    digest = receipts.digest_of(f"{request.method} {request.path}", g.sent)
    return api.answer(*receipts.once(id, digest, person_id=current_user.person.id, at=now(), take=take))


@routes.put("/api/v1/cases/<uuid:id>", may="report a case", first=_read_body)
def put_case(id: UUID):
    """Report a case. The receipt repeats the id and gives the case's code."""
    return _once(id, lambda: _report(id))


def _report(id: UUID) -> dict:
    form, device_at, position = report_form(api.parsed(g.body), areas_to_report_in(current_user))
    form.id.data = str(id)
    case = reporting.report_from(form, by=current_user.actor, at=now(), device_at=device_at, position=position)
    return {"uuid": str(id), "code": case.code, "number": case.number}


@routes.post("/api/v1/cases/<uuid:id>/operations/<uuid:item>", may="work on cases", first=_read_body)
def post_operation(id: UUID, item: UUID):
    """Carry out an operation of the table on the version of the case that was seen."""
    return _once(item, lambda: _operate(_case(id), item))


def _operate(case, item: UUID) -> dict:
    said = api.parsed(g.body)
    if said.get("version") != case.version:
        raise Moved(
            MOVED, case=phone_work.as_seen(case, current_user, now()), news=phone_work.news(case, said.get("version"))
        )
    form, device_at = operation_form(case, _transition(case, said.get("action")), said, now())
    commands.perform(
        case, said["action"], by=current_user.actor, at=now(), key=item, device_at=device_at, **facts_of(form)
    )
    return {"uuid": str(item), "code": case.code, "version": case.version}


def _transition(case, action):
    if not isinstance(action, str) or action not in LIFECYCLE.actions or action in NOT_BY_HAND:
        raise Refused("There is no such operation.")
    LIFECYCLE.refuse(case, action, attempt(case))
    return LIFECYCLE.find(case.state, action)


def _case(id: UUID):
    case = queries.case_by_id(id)
    return queries.get_case(case.code) if case is not None else abort(404)


def _read_file(id: UUID, item: UUID) -> None:
    """Read a file, or the part of it that came; open and clean it while nobody has to wait."""
    limit = current_app.config["UPLOAD_LIMIT"]
    if (request.content_length or 0) > limit + 1024:
        abort(413)
    g.sent, g.part = request.get_data(), None
    if header := request.headers.get("Content-Range"):
        g.part = parts.part_of(header, len(g.sent))
        if g.part.total > limit + 1024:
            abort(413)
        if not g.part.is_last:
            return
        g.sent = parts.joined(_parts_of(item), g.part, g.sent)
    g.body = _opened(g.sent, {"id": id, "item": item})
    g.upload = files.received_whole(g.body, limit)


def _parts_of(item: UUID) -> str:
    """Parts lie under their sender: nobody adds to what another sends."""
    return f"{current_user.person.id}/{item}"


@routes.put("/api/v1/cases/<uuid:id>/attachments/<uuid:item>", may="report a case", first=_read_file)
def put_attachment(id: UUID, item: UUID):
    """Add a photo, a paper or a voice note to a case, whole or in parts; a part that is not the last is answered 202."""
    if g.part is not None and not g.part.is_last:
        _case(id)
        return api.answer({"uuid": str(item), "received": parts.keep_part(_parts_of(item), g.part, g.sent)}, 202)
    answer = _once(item, lambda: _attach(_case(id), item))
    if g.part is not None:
        parts.forget(_parts_of(item))
    return answer


def _attach(case, item: UUID) -> dict:
    if not _may_attach(case):
        raise Refused("You can add files only to cases you reported or work on.")
    commands.attach(case, [g.upload], by=current_user.actor, at=now(), ids=[item])
    db.session.flush()
    return {"uuid": str(item), "digest": g.upload.digest, "size": len(g.upload.content)}


def _may_attach(case) -> bool:
    return case.reporter_id == current_user.person.id or bool(
        set(case.capacities(current_user.actor)) - {"leader", "reporter"}
    )


@routes.page("/api/v1/cases/<uuid:id>/attachments/<uuid:item>/received", may="report a case")
def received(id: UUID, item: UUID):
    """How many bytes of a file have arrived without a gap: the next part begins there."""
    _case(id)
    return jsonify(uuid=str(item), received=parts.received(_parts_of(item)))
