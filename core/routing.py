"""Routes with permissions: a route cannot be declared without saying who may use it. Also the one place that commits."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Flask, abort, current_app, g, make_response, request
from flask_login import current_user

from core.db import begin_writing, db
from core.files import receive_all

ANYONE = "anyone"
WRITING = ("POST", "PUT")


class Routes(Blueprint):
    """A blueprint that checks permissions on every route and commits after every action."""

    def page(self, rule: str, *, may: str):
        """A route that is read. Nothing it changes is committed."""
        return self._route(rule, may, methods=["GET"])

    def action(self, rule: str, *, may: str):
        """A route that is posted to. Everything it changes is committed, or nothing is."""
        return self._route(rule, may, methods=["POST"])

    def form(self, rule: str, *, may: str, writes: bool = True):
        """A form: read to be filled in, posted to be carried out. One that does not write stops nobody who does."""
        return self._route(rule, may, methods=["GET", "POST"], writes=writes)

    def put(self, rule: str, *, may: str, first: Callable[..., None]):
        """A body sent under an id of the sender's own. ``first`` reads it before anybody else has to wait."""
        return self._route(rule, may, methods=["PUT"], first=first)

    def post(self, rule: str, *, may: str, first: Callable[..., None]):
        """The same for what is done to something that is there."""
        return self._route(rule, may, methods=["POST"], first=first)

    def _route(self, rule, may, *, methods, writes=True, first=None):
        def decorator(view):
            @wraps(view)
            def guarded(**kwargs):
                if may != ANYONE and not current_user.is_authenticated:
                    return current_app.login_manager.unauthorized()
                if may != ANYONE and not current_user.may(may):
                    abort(403)
                if request.method in WRITING and writes:
                    (first or clean_uploads)(**kwargs)
                    begin_writing()
                return _finish(make_response(view(**kwargs)))

            guarded.may = may
            self.add_url_rule(rule, view_func=guarded, methods=methods)
            return guarded

        return decorator


def clean_uploads(**_about) -> None:
    """Clean the uploads first: while a picture is drawn anew nobody else should wait."""
    g.uploads, g.upload_refusal = receive_all(request.files.getlist("files"), current_app.config["UPLOAD_LIMIT"])


def _finish(response):
    if request.method in WRITING and response.status_code < 400:
        db.session.commit()
    elif request.method in WRITING:
        db.session.rollback()
    return response


def require_permissions(app: Flask) -> None:
    """Refuse to start with a route that does not say who may use it.

    Raises ``RuntimeError`` naming the route.
    """
    for endpoint, view in app.view_functions.items():
        if endpoint != "static" and not hasattr(view, "may"):
            raise RuntimeError(f"{endpoint} does not say who may use it.")


def route_table(app: Flask) -> list[str]:
    """Every route and who may use it, one line each, sorted."""
    rows = [
        (rule.rule, method, app.view_functions[rule.endpoint].may)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]
    return [f"{method:<5} {rule:<46} {may}" for rule, method, may in sorted(rows)]
