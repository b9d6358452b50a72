"""The language of a page: the person's choice, then the launch's, then the browser's, then Indonesian."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flask import Flask, g, has_request_context, request
from flask_babel import Babel

LANGUAGES = ("id", "en")


def choose_locale() -> str:
    """Return ``id`` or ``en``."""
    if not has_request_context():
        return "id"
    visit = g.get("visit")
    for wanted in (visit.locale, visit.launch_locale) if visit else ():
        if wanted and (language := _language(wanted)):
            return language
    return request.accept_languages.best_match(LANGUAGES) or "id"


def _language(locale: str) -> str | None:
    language = locale.lower().replace("-", "_").partition("_")[0]
    return "id" if language in {"id", "in", "ms"} else "en" if language == "en" else None


def init_locale(app: Flask, folders: Iterable[Path]) -> None:
    """Set up Flask-Babel with the catalogues of core and of each plugin."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(folder) for folder in folders)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app, locale_selector=choose_locale)
