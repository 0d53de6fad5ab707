"""The floor: the least a Flask and SQLAlchemy application can do on the same server and database.

It signs in with a cookie, checks a token on every form, inserts one durable row, lists 20 rows through an index and
shows one row. It has no people, no rights, no history and no languages.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Flask, abort, redirect, render_template_string, request, session
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, Index, MetaData, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import config
from core.clock import now
from core.db import db, new_id, open_database

CENTRES = 100
BATCH = 10_000
TEXT = "邻里为排水沟争执，双方同意调解。" * 10


class Base(DeclarativeBase):
    """Apart from the application's models."""

    metadata = MetaData()


class Row(Base):
    """What a case is at the least."""

    __tablename__ = "floor_rows"
    __table_args__ = (Index("ix_floor_rows_queue", "centre_id", "bucket", "due_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[int]
    bucket: Mapped[str]
    due_at: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]


LIST = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Cases</title></head><body><main><ol>
{% for row in rows %}<li class="row"><a href="/rows/{{ row.id }}">{{ row.title }}</a>
<small>{{ row.due_at }} {{ row.bucket }}</small></li>
{% endfor %}</ol></main></body></html>"""
SHOW = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{{ row.title }}</title></head><body><main>
<h1>{{ row.title }}</h1><p>{{ row.description }}</p><p>{{ row.due_at }} {{ row.bucket }}</p></main></body></html>"""
FORM = """<form method="post"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<input name="title"><textarea name="description"></textarea><button>Send</button></form>"""


def fill(engine: Engine, count: int) -> None:
    """Make the table with as many rows as there are cases, a tenth of them open."""
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        for start in range(0, count, BATCH):
            connection.execute(insert(Row), [_row(number) for number in range(start, min(start + BATCH, count))])


def _row(number: int) -> dict:
    bucket = "open" if number // CENTRES % 10 == 0 else "done"
    due_at = (now() + timedelta(minutes=number)).isoformat()
    return {"id": new_id(), "centre_id": number % CENTRES, "bucket": bucket, "due_at": due_at, "title": f"Row {number}",
            "description": TEXT}  # fmt: skip


def create_app() -> Flask:
    """The floor as an application, on the database of the environment."""
    app = Flask(__name__)
    app.config.from_object(config.from_env())
    open_database(app)
    CSRFProtect(app)
    for rule, view in (("/sign-in", _sign_in), ("/rows", _list), ("/rows/<uuid:id>", _show), ("/new", _new)):
        app.add_url_rule(rule, view_func=view, methods=["GET", "POST"] if view in (_sign_in, _new) else ["GET"])
    app.before_request(_ask_to_sign_in)
    return app


def _ask_to_sign_in():
    if request.endpoint != "_sign_in" and "person" not in session:
        abort(401)


def _sign_in():
    if request.method == "GET":
        return render_template_string(FORM)
    session["person"] = request.form["title"]
    return redirect("/rows")


def _list():
    query = select(Row).where(Row.centre_id == 7, Row.bucket == "open")
    rows = db.session.scalars(query.order_by(Row.due_at, Row.id).limit(20)).all()
    return render_template_string(LIST, rows=rows)


def _show(id: UUID):
    return render_template_string(SHOW, row=db.session.get_one(Row, id))


def _new():
    if request.method == "GET":
        return render_template_string(FORM)
    row = Row(centre_id=int(request.form["centre"]), bucket="open", due_at=now().isoformat(),
              title=request.form["title"], description=request.form["description"])  # fmt: skip
    db.session.add(row)
    db.session.commit()
    return redirect(f"/rows/{row.id}")
