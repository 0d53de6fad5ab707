"""The application factory: the only module that imports every package.

Serve with ``granian --interface wsgi --factory wsgi:create_app``; for a first try, ``make run``.
"""

from flask import Flask, request
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import cases.api
import cases.cli
import cases.home
import cases.intake
import cases.labels
import cases.openapi
import cases.phone
import cases.views
import config
import grid.device_views
import grid.views
from core import compressed, files, i18n, pages, parts, seal, timewords
from core.clock import now
from core.db import open_database
from core.routing import require_permissions

BLUEPRINTS = (
    cases.home.routes,
    grid.views.routes,
    cases.views.routes,
    cases.intake.routes,
    cases.api.routes,
    cases.openapi.routes,
    cases.phone.routes,
    grid.device_views.routes,
)
# No page runs what another site, or an attacker's text, brings along.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self)",
}


def create_app(settings: config.Config | None = None) -> Flask:
    """The application, ready to serve. Raises ``config.SettingMissing`` or ``RuntimeError`` where it may not start."""
    app = Flask(__name__)
    app.config.from_object(settings or config.from_env())
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=app.config["PROXIES"], x_proto=app.config["PROXIES"],
                            x_host=app.config["PROXIES"])  # fmt: skip
    open_database(app)
    files.open_store(app)
    parts.open_parts(app)
    seal.open_keys(app)
    i18n.open_catalogues(app)
    _open_sessions(app)
    pages.register_error_pages(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _teach_templates(app)
    app.after_request(_harden)
    cases.cli.register(app)
    require_permissions(app)
    return app


def _open_sessions(app: Flask) -> None:
    login_manager = LoginManager(app)
    login_manager.user_loader(grid.views.load_person)
    login_manager.unauthorized_handler(pages.ask_to_sign_in)
    app.before_request(grid.views.set_scope_of_request)
    # After the person is known, so that a session that ended is noticed before its old token is.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf = CSRFProtect(app)
    app.before_request(lambda: csrf.protect() if app.config["WTF_CSRF_ENABLED"] else None)


def _teach_templates(app: Flask) -> None:
    app.jinja_env.filters |= {"moment": timewords.moment, "day": timewords.day, "county_year": timewords.county_year}
    app.jinja_env.filters["left"] = lambda due: timewords.left(due, now())
    app.jinja_env.filters["urgency"] = lambda due: timewords.urgency(due, now())
    app.jinja_env.filters |= cases.labels.filters()
    app.jinja_env.globals |= {"now": now, "labels": cases.labels, "is_chinese": i18n.is_chinese}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _harden(response):
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    elif response.mimetype in compressed.TEXTS:
        return compressed.gzipped(response)
    return response
