"""What users want to tell those who run Lianhu: a complaint or a suggestion, as every government app must offer."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship
from wtforms import TextAreaField

from core.db import db
from core.forms import Form, said
from grid.people import Person


class Feedback(db.Model):
    """One message."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str]
    person: Mapped[Person] = relationship()


class FeedbackForm(Form):
    """One box."""

    text = TextAreaField(_l("What should be better?"), said(1000))


def latest() -> list[Feedback]:
    """The last hundred messages, newest first."""
    query = select(Feedback).options(joinedload(Feedback.person)).order_by(Feedback.id.desc()).limit(100)
    return list(db.session.scalars(query))
