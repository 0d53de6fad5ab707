"""The form of a report: three answers, and a fold of more for those who have the time."""

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
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp, ValidationError

from cases.dictionaries import CATEGORIES, DISPUTE, PLAIN_KINDS, SOURCES
from cases.forms import PHONE, digits, keys_as_choices
from core.forms import Form, RecordField, at_most, choices, not_in_the_future, said
from core.marks import N_
from grid.areas import Area

RISK_WORDS = {
    "blue": N_("Calm; somebody should keep an eye on it"),
    "yellow": N_("Still hot, but nobody is in danger"),
    "orange": N_("It may get worse: repeated fights, many people, much money"),
    "red": N_("Somebody is in danger now. Call 110 first!"),
}
"""The four colours as a grid worker says them (domain default: set by a person, never computed)."""


class ReportForm(Form):
    """Three answers, and a fold of more for those who have the time."""

    id = HiddenField()
    device_at = HiddenField()
    kind = RadioField(_l("What kind is it?"), [InputRequired(_l("Tap what fits best."))], choices=[])
    area = RecordField(_l("Where?"), [InputRequired(_l("Please choose."))])
    description = TextAreaField(_l("What happened?"), said(2000))
    settled = BooleanField(_l("It is settled here already"))
    result = TextAreaField(_l("How was it settled?"), at_most(2000))
    place = StringField(_l("The exact place, in words"), at_most(100))
    risk = RadioField(_l("How dangerous is it?"), choices=[], default="blue")
    urgent = BooleanField(_l("Urgent"))
    source = SelectField(_l("How did you hear of it?"), choices=[])
    told_by = StringField(_l("Who told you? (a group leader, a resident)"), at_most(60))
    applicant = StringField(_l("Who asks for help?"), at_most(60))
    applicant_phone = StringField(
        _l("Their phone"), [Regexp(PHONE, message=_l("This is not a phone number."))], filters=[digits]
    )
    respondent = StringField(_l("Who is on the other side?"), at_most(60))
    people_count = IntegerField(_l("How many people?"), [Optional(), NumberRange(1, 10000, _l("A number, please."))])
    occurred_on = DateField(_l("When did it happen?"), [Optional(), not_in_the_future])
    private = BooleanField(_l("Private matter: family, illness, money trouble"))
    protected = BooleanField(_l("Violence at home, a child harmed, or a threat: only people named may see it"))
    against_village = BooleanField(_l("It is about the village's own officials: the village will not see it"))
    files = MultipleFileField(_l("Photos (only if they help)"))

    def offer(self, areas: list[Area]) -> None:
        """Fill in the choices for whoever reports."""
        self.kind.choices = keys_as_choices(PLAIN_KINDS) + keys_as_choices([c for c in CATEGORIES if c != DISPUTE])
        self.risk.choices = choices({risk: _(words) for risk, words in RISK_WORDS.items()})
        self.source.choices = keys_as_choices(SOURCES)
        self.area.by_id = {str(area.id): area for area in areas}
        self.area.choices = choices({str(area.id): area.label for area in areas})

    def validate_result(self, field):
        """A case settled on the spot says how."""
        if self.settled.data and not field.data:
            raise ValidationError(_("Say in a few words how it was settled."))

    @property
    def sorted_as(self) -> tuple[str, str | None]:
        """Category and dispute type of the button that was tapped."""
        kind = self.kind.data
        return (DISPUTE, PLAIN_KINDS[kind]) if kind in PLAIN_KINDS else (kind, None)

    @property
    def confidentiality(self) -> str:
        """The class that the ticks ask for, the strictest first."""
        return "restricted" if self.protected.data else "sensitive" if self.private.data else "normal"
