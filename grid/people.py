"""The people who work here, and the posts they hold: a role, in a unit, over an area, from one day to another."""

from __future__ import annotations

from datetime import date
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import CheckConstraint, ForeignKey, and_, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import db
from grid import roles
from grid.areas import Area
from grid.roles import Actor, PostHeld
from grid.units import Unit

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Person(db.Model):
    """Somebody with an account."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    posts: Mapped[list[Post]] = relationship(back_populates="person", order_by="Post.id")

    def posts_on(self, day: date) -> list[Post]:
        """The posts held on a day."""
        return [p for p in self.posts if p.from_on <= day and (p.to_on is None or day <= p.to_on)]

    def set_password(self, password: str) -> None:
        """Keep the password's argon2id hash (OWASP ASVS 5.0 V11.4.2)."""
        self.password_hash = HASHER.hash(password)


class Post(db.Model):
    """A role in a unit over an area. One person may hold several; every act names the one it was done in."""

    __tablename__ = "posts"
    __table_args__ = (CheckConstraint(f"role IN {roles.ROLES}", name="known_role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    person: Mapped[Person] = relationship(back_populates="posts")
    unit: Mapped[Unit] = relationship()
    area: Mapped[Area] = relationship()

    @classmethod
    def held_on(cls, day: date):
        """The SQL condition that a post is held on a day."""
        return and_(cls.from_on <= day, or_(cls.to_on.is_(None), cls.to_on >= day))

    def held(self) -> PostHeld:
        """The post as plain data, which rules can judge without a database."""
        unit = self.unit
        return PostHeld(self.id, self.role, unit.id, unit.name, unit.level, unit.area.path, self.area.path)


class SignedIn:
    """The person of this request with the posts of today: what the pages know as ``current_user``."""

    is_authenticated = True
    is_anonymous = False

    def __init__(self, person: Person, today: date) -> None:
        self.person = person
        self.posts = person.posts_on(today)
        self.roles = frozenset(post.role for post in self.posts)

    @property
    def is_active(self) -> bool:
        """Whether the account may be used."""
        return self.person.active

    @property
    def name(self) -> str:
        """The person's name."""
        return self.person.name

    def get_id(self) -> str:
        """What the session remembers."""
        return str(self.person.id)

    def may(self, permission: str) -> bool:
        """Whether any post held today gives this permission."""
        return bool(roles.PERMISSIONS[permission] & self.roles)

    def posts_as(self, *wanted: str) -> list[Post]:
        """The posts of these roles."""
        return [post for post in self.posts if post.role in wanted]

    @property
    def actor(self) -> Actor:
        """This person as one who acts."""
        return Actor(self.person.id, self.person.name, tuple(post.held() for post in self.posts))


def matches(password_hash: str, password: str) -> bool:
    """Whether a password belongs to a hash."""
    try:
        return HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def nobodys_hash() -> str:
    """A hash to compare with when there is no such account, so that a stranger learns nothing from the time it takes."""
    return HASHER.hash("nobody")
