"""Form pieces that every package uses: fields that give records, moments in the county's time, and lists of ticks."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import has_request_context, request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import DateTimeLocalField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from core.clock import now

ZONE = ZoneInfo("Asia/Shanghai")
LIKELY_YEARS = (1950, 2100)


class Form(FlaskForm):
    """A form that trims what was typed."""

    class Meta(FlaskForm.Meta):
        """Strip spaces from every text."""

        def bind_field(self, form, unbound_field, options):
            """Bind a field with the trimming filter in front of its own."""
            if issubclass(unbound_field.field_class, StringField) and unbound_field.field_class is not PasswordField:
                options = options | {"filters": [_trimmed, *unbound_field.kwargs.get("filters", ())]}
            return unbound_field.bind(form=form, **options)

        def wrap_formdata(self, form, formdata):
            """A page's form is filled in from a form; what a program sends as JSON is judged where it is expected."""
            not_ours = formdata is _Auto and has_request_context() and request.is_json
            return None if not_ours else super().wrap_formdata(form, formdata)


def _trimmed(value) -> str:
    """Text without spaces at its ends and without NUL, which PostgreSQL cannot keep; a field left out is empty."""
    return (value or "").replace("\0", "").strip()


def said(most: int = 2000) -> list:
    """The checks of a text that must be given, of at most ``most`` characters."""
    return [
        DataRequired(_l("Please fill this in.")),
        Length(max=most, message=_l("Please use at most %(max)d characters.")),
    ]


def at_most(most: int) -> list:
    """The check of a text that may be left empty."""
    return [Length(max=most, message=_l("Please use at most %(max)d characters."))]


def not_in_the_future(_form, field) -> None:
    """The check of a day or moment that has passed. Raises ``ValidationError`` for one that has not."""
    if field.data is None:  # what was typed is no day at all, which the field itself says
        return
    last = now().astimezone(ZONE)
    late = field.data.replace(tzinfo=ZONE) > last if isinstance(field.data, datetime) else field.data > last.date()
    if late:
        raise ValidationError(_l("This lies in the future."))


def choices(names: dict[str, str]) -> list[SelectChoice]:
    """The choices of a field: what is sent, and what is read."""
    return [SelectChoice(value, name) for value, name in names.items()]


class RecordField(SelectField):
    """A choice among records; ``record`` is the one chosen, or None."""

    def __init__(self, label=None, validators=None, *, records=(), name_of=None, empty=None, **kwargs):
        name_of = name_of or (lambda record: record.name)
        self.by_id = {str(record.id): record for record in records}
        names = {id: name_of(record) for id, record in self.by_id.items()}
        super().__init__(
            label, validators, choices=choices({"": empty} | names if empty is not None else names), **kwargs
        )

    @property
    def record(self):
        """The record that was chosen."""
        return self.by_id.get(self.data or "")


class TicksField(SelectMultipleField):
    """Several choices as a list of tick boxes; ``records`` are those chosen."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label=None, validators=None, *, records=(), name_of=None, **kwargs):
        name_of = name_of or (lambda record: record.name)
        self.by_id = {str(record.id): record for record in records}
        names = {id: name_of(record) for id, record in self.by_id.items()}
        super().__init__(label, validators, choices=choices(names), **kwargs)

    @property
    def records(self) -> list:
        """The records that were chosen."""
        return [self.by_id[id] for id in self.data or [] if id in self.by_id]


class MomentField(DateTimeLocalField):
    """A date and time on the county's clock, within a lifetime; ``moment`` is aware."""

    def pre_validate(self, form) -> None:
        """Refuse years nobody can mean."""
        if self.data and not LIKELY_YEARS[0] <= self.data.year <= LIKELY_YEARS[1]:
            raise ValidationError(_l("Is the year right?"))

    @property
    def moment(self):
        """The moment chosen, with the county's zone."""
        return self.data.replace(tzinfo=ZONE) if self.data else None
