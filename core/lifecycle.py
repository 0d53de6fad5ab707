"""A state machine read from a table: each row is one operation that somebody may do.

Pure: no Flask, no database, no clock. A table with a mistake in it cannot be built, so an application with a mistake
in its table cannot start.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from core.calendar import Limit
from core.errors import Refused

ALWAYS = NO_LIMIT = ""
KEEP = "the limit runs on"
WHERE_IT_WAS = "where it was"


class Subject(Protocol):
    """What has a life: its state now, and the state it was in when it was suspended."""

    @property
    def state(self) -> str: ...
    @property
    def suspended_from(self) -> str | None: ...


@dataclass(frozen=True)
class Transition:
    """One row: from ``source`` an actor may do ``action``, which leads to ``target``."""

    source: str
    action: str
    target: str
    actors: tuple[str, ...]
    requires: tuple[str, ...]
    guard: str
    limit: str

    @property
    def stays(self) -> bool:
        """Whether the state does not change."""
        return self.source == self.target


@dataclass(frozen=True)
class Attempt:
    """What a guard judges: the operation asked for, by whom, in which capacities, when, and what was said.

    ``capacities`` maps each capacity (see the table's actors) to the post that gives it. ``at`` is aware.
    """

    person_id: int | None
    capacities: Mapping[str, object]
    at: datetime
    facts: Mapping[str, Any]
    post: object | None = None
    """The post that a guard judges; the engine fills it in."""


Guard = Callable[[Any, Attempt], bool]
Row = tuple[str, str, str, tuple[str, ...], str, str, str]


class Lifecycle:
    """The table, and the questions one can ask of it."""

    def __init__(
        self,
        *rows: Row,
        initial: str,
        limits: Mapping[str, Limit],
        guards: Mapping[str, Guard] | None = None,
        judged_when_said: Collection[str] = (),
    ) -> None:
        self.initial = initial
        self.limits = limits
        self.judged_when_said = frozenset(judged_when_said)
        self.guards: dict[str, Guard] = {ALWAYS: lambda *_: True, **(guards or {})}
        self.transitions = tuple(
            Transition(source, action, target, actors, tuple(requires.split()), guard, limit)
            for source, action, target, actors, requires, guard, limit in rows
        )
        self._by_key = {(t.source, t.action): t for t in self.transitions}
        self._validate_rows()
        self._validate_states()

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order the table first names it."""
        named = (s for t in self.transitions for s in (t.source, t.target) if s != WHERE_IT_WAS)
        return tuple(dict.fromkeys([self.initial, *named]))

    @property
    def actions(self) -> tuple[str, ...]:
        """Every operation, in the order of the table."""
        return tuple(dict.fromkeys(t.action for t in self.transitions))

    @property
    def untimed_states(self) -> frozenset[str]:
        """States without a deadline: no row into them sets a limit."""
        timed = {t.target for t in self.transitions if t.limit not in (NO_LIMIT, KEEP)}
        return frozenset(self.states) - {self.initial} - timed

    def find(self, state: str, action: str) -> Transition:
        """The row for this operation in this state.

        Raises ``Refused`` if there is none.
        """
        try:
            return self._by_key[state, action]
        except KeyError:
            raise Refused("Nobody can %(action)s what is %(state)s.", action=action, state=state) from None

    def allow(self, subject: Subject, action: str, attempt: Attempt) -> tuple[Transition, object]:
        """The row to follow and the post it is done in.

        Raises ``Refused`` with the reason why not.
        """
        transition = self.find(subject.state, action)
        posts = self._posts(transition, attempt)
        if missing := [name for name in transition.requires if not attempt.facts.get(name)]:
            raise Refused("To %(action)s, say the %(field)s.", action=action, field=missing[0])
        return transition, self._judge(transition, subject, attempt, posts)

    def refuse(self, subject: Subject, action: str, attempt: Attempt) -> None:
        """Raise ``Refused`` with the reason why this operation is not among those available, if it is not."""
        transition = self.find(subject.state, action)
        posts = self._posts(transition, attempt)
        if transition.guard not in self.judged_when_said:
            self._judge(transition, subject, attempt, posts)

    def _posts(self, transition: Transition, attempt: Attempt) -> list[object]:
        found = [attempt.capacities[c] for c in transition.actors if c in attempt.capacities]
        if not found:
            raise Refused(
                "You cannot %(action)s this case: that is for the %(actor)s.",
                action=transition.action,
                actor=transition.actors[0],
            )
        return found

    def _judge(self, transition: Transition, subject: Subject, attempt: Attempt, posts: list[object]) -> object:
        """The first of the posts in which the guard lets it be done."""
        for post in posts:
            if self.guards[transition.guard](subject, replace(attempt, post=post)):
                return post
        raise Refused("You can %(action)s only if %(guard)s.", action=transition.action, guard=transition.guard)

    def target_of(self, transition: Transition, subject: Subject) -> str:
        """The state a row leads to for this subject."""
        if transition.target != WHERE_IT_WAS:
            return transition.target
        return subject.suspended_from or self.initial

    def available(self, subject: Subject, attempt: Attempt) -> tuple[Transition, ...]:
        """The operations that would be allowed now if the right things were said: the buttons, in table order."""
        return tuple(t for t in self.transitions if t.source == subject.state and self._is_open(t, subject, attempt))

    def _is_open(self, transition: Transition, subject: Subject, attempt: Attempt) -> bool:
        posts = [attempt.capacities[c] for c in transition.actors if c in attempt.capacities]
        if transition.guard in self.judged_when_said:
            return bool(posts)
        return any(self.guards[transition.guard](subject, replace(attempt, post=post)) for post in posts)

    def _validate_rows(self) -> None:
        if len(self._by_key) != len(self.transitions):
            raise ValueError("Two rows define the same operation in the same state.")
        if unknown := {t.guard for t in self.transitions} - set(self.guards):
            raise ValueError(f"Undefined guards: {sorted(unknown)}.")
        if unknown := {t.limit for t in self.transitions} - {NO_LIMIT, KEEP} - set(self.limits):
            raise ValueError(f"Undefined limits: {sorted(unknown)}.")
        if moved := {
            t.action for t in self.transitions if t.limit == KEEP and not t.stays and t.target != WHERE_IT_WAS
        }:
            raise ValueError(f"A limit runs on only where the state stays: {sorted(moved)}.")

    def _validate_states(self) -> None:
        if lost := set(self.states) - self._reachable(self.initial):
            raise ValueError(f"Unreachable states: {sorted(lost)}.")
        if stuck := {s for s in self.states if not self._reachable(s) & self.untimed_states}:
            raise ValueError(f"No way out of {sorted(stuck)}.")
        entering = (t for t in self.transitions if t.limit == NO_LIMIT)
        if mixed := {t.target for t in entering} - self.untimed_states - {WHERE_IT_WAS}:
            raise ValueError(f"A row into {sorted(mixed)} lacks a limit.")

    def _reachable(self, state: str) -> set[str]:
        seen: set[str] = set()
        queue = [state]
        while queue:
            current = queue.pop()
            if current not in seen and current != WHERE_IT_WAS:
                seen.add(current)
                queue += [t.target for t in self.transitions if t.source == current]
        return seen


def from_any(
    states: Iterable[str],
    action: str,
    target: str | None,
    actors: tuple[str, ...],
    requires: str,
    guard: str,
    limit: str,
) -> tuple[Row, ...]:
    """The same row for each of ``states``; without a target the state stays as it is."""
    return tuple((state, action, target or state, actors, requires, guard, limit) for state in states)
