"""The phone's pages: a shell that works without signal, its service worker and its manifest. None holds anybody's data."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, current_app, g, jsonify, redirect, render_template, request, url_for

from cases.report_form import ReportForm
from core.compressed import gzipped
from core.i18n import HTML_LANGUAGE, gettext, language
from core.routing import ANYONE, Routes

routes = Routes("phone", __name__)
ICONS = (("192", "any"), ("512", "any"), ("512", "maskable"))
VERSION_DIGITS = 10


@routes.page("/m/", may=ANYONE)
def choose():
    """The phone's page in the reader's language."""
    return redirect(url_for("phone.shell", language=language()))


@routes.page("/m/<any(zh,en):language>", may=ANYONE)
def shell(language):
    """The page that is kept on the phone: forms and empty lists, the same for everybody."""
    g.language = language
    form = ReportForm(formdata=None, meta={"csrf": False})
    form.offer([])
    return _kept_by_phones(
        Response(render_template("phone/shell.html", form=form, version=version()), mimetype="text/html")
    )


@routes.page("/sw.js", may=ANYONE)
def worker():
    """The service worker: served from the root, since it may serve only what lies below it."""
    source = _static("sw.js").read_text(encoding="utf-8").replace("{version}", version())
    return _kept_by_phones(Response(source, mimetype="text/javascript"))


@routes.page("/manifest.webmanifest", may=ANYONE)
def manifest():
    """What a phone needs to know to put Lianhu on its home screen."""
    described = {
        "name": gettext("Lianhu"), "short_name": gettext("Lianhu"), "lang": HTML_LANGUAGE[language()], "id": "/m/",
        "start_url": url_for("phone.choose"), "scope": "/", "display": "standalone", "theme_color": "#0b5563",
        "background_color": "#f4f5f2",
        "icons": [{"src": url_for("static", filename=f"icons/{size}.png"), "sizes": f"{size}x{size}", "type": "image/png",
                   "purpose": purpose} for size, purpose in ICONS],
    }  # fmt: skip
    answer = _kept_by_phones(jsonify(described))
    answer.mimetype = "application/manifest+json"
    return answer


def version() -> str:
    """The first digits of the SHA-256 of all that a phone keeps: another text is another version."""
    return _version(current_app.root_path)


@cache
def _version(root: str) -> str:
    kept = [path for folder in ("static", "templates/phone", "templates/macros", "translations")
            for path in sorted(Path(root, folder).rglob("*")) if path.is_file()]  # fmt: skip
    return hashlib.sha256(b"".join(path.read_bytes() for path in kept)).hexdigest()[:VERSION_DIGITS]


def _kept_by_phones(answer: Response) -> Response:
    """Asked for anew each time, sent only if it changed, and small: it holds no secret that its size could tell."""
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    return gzipped(answer).make_conditional(request)


def _static(name: str) -> Path:
    return Path(current_app.static_folder, name)
