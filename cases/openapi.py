"""The interface described for programs (OpenAPI 3.1): made from the routes, the forms and the table, so that it cannot lag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask, current_app, jsonify, render_template
from wtforms import BooleanField, DateField, Field, IntegerField, RadioField, SelectField
from wtforms.validators import Length, NumberRange, Regexp

from cases.api_forms import PLAIN, RANGES, REQUIRED
from cases.dictionaries import CATEGORIES, DISPUTE, PLAIN_KINDS
from cases.forms import NOT_BY_HAND
from cases.lifecycle import LIFECYCLE
from cases.report_form import ReportForm
from core import seal
from core.i18n import gettext
from core.marks import N_
from core.routing import WRITING, Routes

routes = Routes("openapi", __name__)
ROOT = "/api/v1/"
JSON = "application/json"
TEXT, NUMBER, WHOLE, YES_OR_NO = ({"type": kind} for kind in ("string", "number", "integer", "boolean"))
ID = {"type": "string", "format": "uuid"}
MOMENT = {"type": "string", "format": "date-time"}
SUMMARIES = {
    "api.me": N_("Who is signed in, in which posts, for which places, and what a phone needs to work without signal"),
    "api.own_cases": N_("The open cases one has to do with; never a restricted one"),
    "api.put_case": N_("Report a case; sent again, it is answered with the same receipt"),
    "api.post_operation": N_("Carry out an operation on the version of the case that was seen"),
    "api.put_attachment": N_("Add a photo, a paper or a voice note, whole or in parts"),
    "devices.put_device": N_("A phone says which version it has and how much waits on it"),
    "api.received": N_("How many bytes of a file have arrived: the next part begins there"),
    "openapi.document": N_("This description"),
}
PROBLEMS = {
    401: N_("Nobody is signed in, or no longer"), 403: N_("Not for this post, or without a valid token of the form"),
    404: N_("Not there, or out of sight"), 405: N_("This address cannot be used like that"),
    409: N_("The id was used for another body, the case has moved, or a rule says no"),
    413: N_("Too large"), 422: N_("Something is wrong; a sentence for each field"),
    503: N_("Busy; nothing was saved, send it again"),
}  # fmt: skip


def record(_required: tuple[str, ...] | None = None, **fields: Any) -> dict[str, Any]:
    """The schema of an object: all its fields must be there, or those named."""
    return {"type": "object", "properties": fields, "required": list(fields if _required is None else _required)}


def many(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": schema}


def or_none(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of what may be missing."""
    return schema | {"type": [schema["type"], "null"]}


CHOICE = record(value=TEXT, name=TEXT)
ASKED = record(name=TEXT, label=TEXT, required=YES_OR_NO, choices=many(CHOICE))
CASE = record(
    uuid=ID, code=TEXT, number=or_none(TEXT), version=WHOLE, summary=TEXT, kind_name=TEXT, state=TEXT, state_name=TEXT,
    area=TEXT, risk=TEXT, due_at=or_none(MOMENT), operations=many(record(action=TEXT, name=TEXT, fields=many(ASKED))),
)  # fmt: skip
PROBLEM = record(("error", "message"), error=TEXT, message=TEXT, case=CASE, news=many(TEXT),
                 fields={"type": "object", "additionalProperties": many(TEXT)})  # fmt: skip
DEVICE = record(
    ("waiting",), name=TEXT, version=TEXT, waiting=WHOLE | {"minimum": 0, "maximum": 100_000}, oldest=or_none(MOMENT)
)
ME = record(
    user=record(id=WHOLE, name=TEXT), posts=many(record(role=TEXT, role_name=TEXT, unit=TEXT, area=TEXT)),
    areas=many(record(code=TEXT, label=TEXT, kind=TEXT)), leaders=many(record(group=TEXT, name=TEXT, phone=TEXT)),
    duty=many(record(name=TEXT, phone=TEXT)), csrf_token=TEXT, seal=record(id=TEXT, key=TEXT),
)  # fmt: skip
ANSWERS: dict[str, dict[int, Any]] = {
    "api.me": {200: ME},
    "api.own_cases": {200: record(cases=many(CASE))},
    "api.put_case": dict.fromkeys((200, 201), record(uuid=ID, code=TEXT, number=or_none(TEXT))),
    "api.post_operation": dict.fromkeys((200, 201), record(uuid=ID, code=TEXT, version=WHOLE)),
    "api.put_attachment": dict.fromkeys((200, 201), record(uuid=ID, digest=TEXT, size=WHOLE))
    | {202: record(uuid=ID, received=WHOLE)},
    "devices.put_device": {200: record(uuid=ID, waiting=WHOLE)},
    "api.received": {200: record(uuid=ID, received=WHOLE)},
    "openapi.document": {200: {"type": "object"}},
}


@routes.page("/api/v1/openapi.json", may="use lianhu")
def document():
    """The description, for programs."""
    return jsonify(described(current_app))


@routes.page("/interface", may="use lianhu")
def read():
    """The description, for people."""
    return render_template("cases/interface.html", described=described(current_app))


def described(app: Flask) -> dict[str, Any]:
    """The whole description as an OpenAPI 3.1 document, in the reader's language."""
    return {
        "openapi": "3.1.0", "info": {"title": gettext("Lianhu"), "version": "1"}, "paths": _paths(app),
        "components": {"schemas": {"Report": report_schema(), "Operation": operation_schema(), "Device": DEVICE,
                                   "Problem": PROBLEM}},
    }  # fmt: skip


def report_schema() -> dict[str, Any]:
    """What a report may say: the fields of the form, with its lengths, choices and ranges."""
    form = ReportForm(formdata=None, meta={"csrf": False})
    form.offer([])
    told = {
        "kind": {"enum": ["dispute", "incident"]}, "area": TEXT, "summary": schema_of(form["description"]) | {"minLength": 1},
        "category": {"enum": [*PLAIN_KINDS, *(name for name in CATEGORIES if name != DISPUTE)]}, "device_time": MOMENT,
        "position": record(**{name: NUMBER | {"minimum": low, "maximum": high} for name, (low, high) in RANGES.items()}),
    }  # fmt: skip
    known = told | {name: schema_of(form[name]) for name in PLAIN}
    return record(REQUIRED, **known) | {"additionalProperties": False}


def operation_schema() -> dict[str, Any]:
    """What an operation says: which one, on which version, and what the table demands for it."""
    actions = [action for action in LIFECYCLE.actions if action not in NOT_BY_HAND]
    said = record(("action", "version", "device_time"), action={"enum": actions}, version=WHOLE, device_time=MOMENT,
                  facts={"type": "object"})  # fmt: skip
    return said | {"additionalProperties": False}


def schema_of(field: Field) -> dict[str, Any]:
    """A field of a form as JSON Schema."""
    about = {"description": str(field.label.text)}
    if isinstance(field, BooleanField):
        return YES_OR_NO | about
    if isinstance(field, RadioField | SelectField):
        return {"enum": [choice[0] for choice in field.iter_choices()]} | about
    if isinstance(field, IntegerField):
        return WHOLE | about | _checked(field)
    return TEXT | ({"format": "date"} if isinstance(field, DateField) else {}) | about | _checked(field)


def _checked(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for check in field.validators:
        if isinstance(check, Length):
            found["maxLength"] = check.max
        elif isinstance(check, NumberRange):
            found |= {"minimum": check.min, "maximum": check.max}
        elif isinstance(check, Regexp):
            found["pattern"] = check.regex.pattern
    return found


def _paths(app: Flask) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(ROOT):
            methods = paths.setdefault(re.sub(r"<uuid:(\w+)>", r"{\1}", rule.rule), {})
            methods |= {method.lower(): _operation(rule) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})}
    return paths


def _operation(rule) -> dict[str, Any]:
    writes = bool(rule.methods & set(WRITING))
    about = {"summary": gettext(SUMMARIES[rule.endpoint]), "operationId": rule.endpoint.replace(".", "_"),
             "parameters": list(_parameters(rule, writes)), "responses": _responses(rule.endpoint, writes)}  # fmt: skip
    return about | ({"requestBody": _sent(rule.endpoint)} if writes else {})


def _parameters(rule, writes: bool) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        yield {"name": name, "in": "path", "required": True, "schema": ID}
    if writes:
        yield {"name": "X-CSRFToken", "in": "header", "required": False, "schema": TEXT}
    if rule.endpoint == "api.put_attachment":
        yield {"name": "Content-Range", "in": "header", "required": False, "schema": TEXT}


def _sent(endpoint: str) -> dict[str, Any]:
    name = {"api.put_case": "Report", "api.post_operation": "Operation", "devices.put_device": "Device"}.get(endpoint)
    plain = (
        {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}} if name else {"image/jpeg": {}, "audio/webm": {}}
    )
    return {"required": True, "content": plain | {seal.MEDIA_TYPE: {}}}


def _responses(endpoint: str, writes: bool) -> dict[str, Any]:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    wrong = PROBLEMS if writes else {code: PROBLEMS[code] for code in (401, 403, 404, 503)}
    good = {str(code): {"description": gettext(SUMMARIES[endpoint]), "content": {JSON: {"schema": schema}}}
            for code, schema in ANSWERS[endpoint].items()}  # fmt: skip
    return good | {str(code): {"description": gettext(why), "content": {JSON: problem}} for code, why in wrong.items()}
