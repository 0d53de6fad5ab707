"""Two languages: Chinese unless the reader switched to English. Catalogues are compiled when the application starts."""

import os
import tempfile
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, current_app, g, has_request_context, session
from flask_babel import Babel

LANGUAGES = {"zh": "中文", "en": "English"}
HTML_LANGUAGE = {"zh": "zh-CN", "en": "en"}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {"N_": None, "_l": None, "Refused": None, "Conflict": None}
TEMPLATE_FOLDERS = ("home", "phone")
SOURCES = Path(__file__).parents[1] / "translations"


def catalogue() -> NullTranslations:
    """The texts of the reader's language, loaded once in the process."""
    if "catalogue" not in g:
        g.catalogue = _loaded(current_app.config["TRANSLATIONS"], language())
    return g.catalogue


@lru_cache(maxsize=8)
def _loaded(folder: str, chosen: str) -> NullTranslations:
    return Translations.load(folder, [chosen])


def gettext(text: str, **values) -> str:
    """A text in the reader's language. Flask-Babel's own looks up domain and locale anew at each of a page's texts."""
    found = catalogue().gettext(text)
    return found % values if values else found


def ngettext(one: str, many: str, num: int, **values) -> str:
    """A text that counts, in the reader's language."""
    return catalogue().ngettext(one, many, num) % {"num": num, **values}


def label(key: str) -> str:
    """A name of the tables (an operation, a state, a role) in the reader's language."""
    text = gettext(key)
    return text.replace("_", " ") if text == key else text


def open_catalogues(app: Flask) -> None:
    """Compile what has changed and choose the language of each request."""
    folder = Path(app.config["TRANSLATIONS"])
    compile_catalogues(folder)
    app.config.update(BABEL_TRANSLATION_DIRECTORIES=str(folder), BABEL_DEFAULT_LOCALE="zh",
                      BABEL_DEFAULT_TIMEZONE="Asia/Shanghai")  # fmt: skip
    Babel(app, locale_selector=language)
    app.jinja_env.install_gettext_callables(
        lambda text: catalogue().gettext(text),
        lambda one, many, num: catalogue().ngettext(one, many, num),
        newstyle=True,
    )
    app.jinja_env.filters["label"] = label
    app.jinja_env.globals.update(languages=LANGUAGES, html_language=lambda: HTML_LANGUAGE[language()])


def language() -> str:
    """The language of this page, or that this reader chose: a key of ``LANGUAGES``. Outside a request it is Chinese."""
    if not has_request_context():
        return "zh"
    return g.get("language") or session.get("language", "zh")


def is_chinese() -> bool:
    """Whether the page being made is in Chinese; outside a request it is."""
    return language() == "zh"


def compile_catalogues(folder: Path) -> None:
    """Compile each catalogue into ``folder`` unless it is there and newer; several processes may do so at once."""
    for source in SOURCES.glob("*/LC_MESSAGES/messages.po"):
        target = folder / source.relative_to(SOURCES).with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            _compile(source, target)


def _compile(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as po:
        catalogue = read_po(po)
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as mo:
        write_mo(mo, catalogue)
    os.replace(name, target)


def missing_translations() -> list[str]:
    """The texts in the code and the templates that have no Chinese, or one that may be wrong."""
    with (SOURCES / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as po:
        chinese = read_po(po, locale="zh")
    found = extract_from_dir(str(SOURCES.parent), METHODS, keywords=KEYWORDS, directory_filter=_is_ours,
                             options_map={"templates/**.html": {"silent": "false"}})  # fmt: skip
    texts = dict.fromkeys(text if isinstance(text, tuple) else (text,) for _f, _l, text, _c, _x in found)
    return [text[0] for text in texts if not _is_translated(chinese.get(text[0]))]


def _is_translated(message) -> bool:
    if message is None or message.fuzzy:
        return False
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _is_ours(folder: str) -> bool:
    return Path(folder).name in ("core", "grid", "cases", "drills", "templates", *TEMPLATE_FOLDERS)
