"""The forms of the table: which fields each operation asks for, and what each field is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)  # fmt: skip
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp, ValidationError

from cases import queries
from cases.dictionaries import CATEGORIES, OUTCOMES, SIDES, dispute_types
from cases.labels import FIELD_NAMES, SUPERVISION
from cases.lifecycle import CONFIDENTIALITIES, HANDLINGS, RISKS, SKIP_REASONS
from cases.models import Case
from cases.sight import may_come_to
from core.forms import Form, MomentField, RecordField, TicksField, at_most, choices, not_in_the_future, said
from core.i18n import is_chinese, label
from grid.units import centres_below, units_to_call, units_under

OPTIONAL = {
    "accept": (), "acknowledge": (), "approve": ("note",), "assign": ("handler", "note"), "escalate": ("skip_reason",),
    "start_mediation": ("agreed_on",), "archive": ("gap",), "classify": ("dispute_type",), "add_party": ("party_phone",),
    "settle": ("files",), "submit_result": ("files",), "feedback": ("files",), "agree": ("files",),
    "follow_up": (), "resume": (),
}  # fmt: skip
"""What an operation may be told beside what the table demands."""
NOT_BY_HAND = ("absorb",)
"""Operations that only go with another one."""
PHONE = r"^(1\d{10}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|\d{3,5})?$"


def digits(phone: str) -> str:
    """A number as it is kept: phones paste it with spaces and dashes."""
    return re.sub(r"[\s\-]", "", phone or "")


@dataclass(frozen=True)
class Asked:
    """For which operation on which case a field is made."""

    case: Case
    action: str
    day: date


def keys_as_choices(keys, empty: bool = False) -> list[SelectChoice]:
    """Keys of a table as the choices of a field."""
    return choices(({"": ""} if empty else {}) | {key: label(key) for key in keys})


def _text(name, most=2000):
    return lambda asked: TextAreaField(_(FIELD_NAMES[name]), said(most))


def _radio(name, keys):
    return lambda asked: RadioField(
        _(FIELD_NAMES[name]), [InputRequired(_l("Please choose."))], choices=keys_as_choices(keys)
    )


def _line(name, most=100):
    return lambda asked: StringField(_(FIELD_NAMES[name]), said(most))


def _unit(asked):
    around = centres_below if asked.action == "delegate" else units_under
    records = [unit for unit in around(asked.case.centre) if may_come_to(asked.case, unit.area)]
    return RecordField(_(FIELD_NAMES["unit"]), [InputRequired(_l("Please choose."))], records=records, empty="")


def _units(asked):
    records = [unit for unit in units_to_call(asked.case.centre) if may_come_to(asked.case, unit.area)]
    return TicksField(_(FIELD_NAMES["units"]), [InputRequired(_l("Please choose."))], records=records)


def _handler(asked):
    return RecordField(
        _("Person in charge (if you name one)"), records=queries.people_around(asked.case, asked.day), empty=""
    )


def _person(asked):
    return RecordField(_(FIELD_NAMES["person"]), [InputRequired(_l("Please choose."))],
                       records=queries.people_around(asked.case, asked.day), empty="")  # fmt: skip


def _consents(asked):
    return TicksField(_(FIELD_NAMES["consents"]), records=queries.parties_of(asked.case))


def _dispute_type(asked):
    names = {"": ""} | {t.code: f"{t.code} {t.zh if is_chinese() else t.en}" for t in dispute_types().values()}
    return SelectField(_(FIELD_NAMES["dispute_type"]), choices=choices(names), default=asked.case.dispute_type)


def _survivor(asked):
    return StringField(_("Code of the case that goes on"), [*said(20), _must_be_a_case])


def _must_be_a_case(form, field):
    if queries.find_case(field.data) is None:
        raise ValidationError(_("There is no case with this code among yours."))


FIELDS: dict[str, Callable] = {
    "reason": _text("reason"),
    "where_to_go": _text("where_to_go", 500),
    "survivor": _survivor,
    "result": _text("result"),
    "unit": _unit,
    "units": _units,
    "handler": _handler,
    "handling": _radio("handling", HANDLINGS),
    "consents": _consents,
    "agreed_on": lambda a: DateField(_(FIELD_NAMES["agreed_on"]), [Optional(), not_in_the_future]),
    "held_at": lambda a: MomentField(
        _(FIELD_NAMES["held_at"]), [InputRequired(_l("Please fill this in.")), not_in_the_future]
    ),
    "meet_at": lambda a: MomentField(_(FIELD_NAMES["meet_at"]), [InputRequired(_l("Please fill this in."))]),
    "place": _line("place"),
    "note": _text("note"),
    "agreement_form": _radio("agreement_form", ("oral", "written")),
    "terms": _text("terms"),
    "notice_given": lambda a: BooleanField(_(FIELD_NAMES["notice_given"]), [InputRequired(_l("The law asks for this."))]),
    "outcome": _radio("outcome", OUTCOMES),
    "satisfaction": _radio("satisfaction", ("satisfied", "partly_satisfied", "not_satisfied", "not_reached")),
    "file_complete": _radio("file_complete", ("yes", "no")),
    "gap": lambda a: TextAreaField(_("If not: what is missing, and why"), at_most(1000)),
    "skip_reason": lambda a: SelectField(_(FIELD_NAMES["skip_reason"]), choices=keys_as_choices(SKIP_REASONS, empty=True)),
    "steps_tried": _text("steps_tried"),
    "destination": _radio("destination", ("court", "police", "arbitration", "petition", "other_authority")),
    "receipt": _line("receipt", 60),
    "days": lambda a: IntegerField(_(FIELD_NAMES["days"]), [InputRequired(_l("Please fill this in.")),
                                   NumberRange(1, 60, _l("Between 1 and 60 days."))]),
    "waiting_for": _radio("waiting_for", ("court", "appraisal", "party_away", "something_else")),
    "party_name": _line("party_name", 60),
    "party_side": _radio("party_side", SIDES),
    "party_phone": lambda a: StringField(_(FIELD_NAMES["party_phone"]),
                                         [Regexp(PHONE, message=_l("This is not a phone number."))], filters=[digits]),
    "category": lambda a: SelectField(_(FIELD_NAMES["category"]), choices=keys_as_choices(CATEGORIES), default=a.case.category),
    "dispute_type": _dispute_type,
    "confidentiality": lambda a: RadioField(_(FIELD_NAMES["confidentiality"]), [InputRequired(_l("Please choose."))],
                                            choices=keys_as_choices(CONFIDENTIALITIES), default=a.case.confidentiality),
    "risk": _radio("risk", RISKS),
    "person": _person,
    "urgent": _radio("urgent", ("yes", "no")),
    "legacy": _radio("legacy", ("yes", "no")),
    "supervision": lambda a: RadioField(_(FIELD_NAMES["supervision"]), [InputRequired(_l("Please choose."))],
                                        choices=choices({str(n): label(SUPERVISION[n]) for n in (1, 2, 3)})),
    "files": lambda a: MultipleFileField(_(FIELD_NAMES["files"])),
}  # fmt: skip


def form_for(case: Case, transition, day: date, **given) -> Form:
    """The form of one operation on one case: what the table demands, then what may be added.

    Filled in from the request, unless ``given`` says otherwise (``formdata``, ``meta``).
    """
    asked = Asked(case, transition.action, day)
    names = list(dict.fromkeys([*transition.requires, *OPTIONAL.get(transition.action, ())]))
    fields = {name: FIELDS[name](asked) for name in names}
    if "note" in fields and "note" not in transition.requires:
        fields["note"] = TextAreaField(_("Note (if you like)"), at_most(2000))
    hidden = {"version": HiddenField(), "key": HiddenField(), "device_at": HiddenField()}
    return type("OperationForm", (Form,), {**fields, **hidden})(**given)


def facts_of(form: Form) -> dict:
    """What was said, with records as objects and moments with their zone."""
    return {field.name: _fact(field) for field in form if field.name not in ("csrf_token", "version", "key", "device_at",
                                                                            "files")}  # fmt: skip


def _fact(field):
    if field.name == "consents":
        return [record.id for record in field.records]
    if field.name == "survivor":
        return queries.find_case(field.data)
    if field.name == "notice_given":
        return "yes" if field.data else ""
    for attribute in ("records", "record", "moment"):
        if hasattr(field, attribute):
            return getattr(field, attribute)
    return field.data


def given_id(text: str) -> UUID | None:
    """The id a form carries, or None if it was tampered with."""
    try:
        return UUID(text)
    except (TypeError, ValueError):
        return None
