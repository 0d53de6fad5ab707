"""Mediation: a living thing of its own beside the case. Opened with the consent of all parties, held in sessions, ended one way."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cases.models import Case, InCase, Party
from core.db import db, new_id
from grid.people import Person

OPEN, AGREED, FAILED = "open", "agreed", "failed"
STATES = (OPEN, AGREED, FAILED)
WRITTEN, ORAL = "written", "oral"
FORMS = (WRITTEN, ORAL)


class Mediation(InCase, db.Model):
    """One attempt to settle a case by people's mediation (People's Mediation Law Art. 17–30)."""

    __tablename__ = "mediations"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="known_state"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[str] = mapped_column(default=OPEN)
    mediator_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    agreement_form: Mapped[str | None]
    terms: Mapped[str | None]
    mediator: Mapped[Person] = relationship()
    consents: Mapped[list[Consent]] = relationship(back_populates="mediation", lazy="selectin")
    sessions: Mapped[list[Session]] = relationship(order_by="Session.held_at", lazy="selectin")

    @classmethod
    def opened(cls, case: Case, parties: list[Party], *, by, at: datetime, on: date) -> Mediation:
        """A mediation to which every party has agreed on the day ``on`` (Art. 17: voluntary)."""
        consents = [Consent(case_id=case.id, party=party, agreed_on=on) for party in parties]
        return cls(case_id=case.id, mediator_id=by.person_id, opened_at=at, consents=consents)

    def hold(self, *, held_at: datetime, place: str, note: str) -> None:
        """Record one session (Art. 27)."""
        self.sessions.append(Session(case_id=self.case_id, held_at=held_at, place=place, note=note))

    def end(self, state: str, at: datetime, *, agreement_form=None, terms=None) -> None:
        """End it with an agreement, written or oral (Art. 28), or without one."""
        self.state, self.ended_at = state, at
        self.agreement_form, self.terms = agreement_form, terms


class Consent(InCase, db.Model):
    """One party's consent to one mediation, with its date."""

    __tablename__ = "mediation_consents"
    __table_args__ = (UniqueConstraint("mediation_id", "party_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    mediation_id: Mapped[UUID] = mapped_column(ForeignKey("mediations.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    agreed_on: Mapped[date]
    mediation: Mapped[Mediation] = relationship(back_populates="consents")
    party: Mapped[Party] = relationship(lazy="joined", innerjoin=True)


class Session(InCase, db.Model):
    """One sitting: when, where, and what was said."""

    __tablename__ = "mediation_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    mediation_id: Mapped[UUID] = mapped_column(ForeignKey("mediations.id"), index=True)
    held_at: Mapped[datetime]
    place: Mapped[str]
    note: Mapped[str]
