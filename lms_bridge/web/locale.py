"""The language of a page: the person's choice, then the launch's, then the browser's, then Indonesian."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from babel.support import Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_translations

from lms_bridge.context import context_or_none

LANGUAGES = {"id": "Indonesia", "en": "English"}
"""The languages of the pages, each by its own name; the first is used where nothing else is known."""
# "in" is Indonesian's old code, which old Java and Android systems still send.
_CODES = {"id": "id", "in": "id", "ms": "id", "en": "en"}


def init_locale(app: Flask, directories: Iterable[Path]) -> None:
    """Set up Flask-Babel with the catalogues of core and of each plugin. Messages are written in English."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(folder) for folder in directories)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app, locale_selector=choose_locale, timezone_selector=_timezone)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: _catalogue().ugettext(message),
        ngettext=lambda one, many, number: _catalogue().ungettext(one, many, number),
        newstyle=True,
    )


def _catalogue() -> Translations:
    """Return the catalogue of this page, looked up once a page and not once a message."""
    if "catalogue" not in g:
        g.catalogue = get_translations()
    catalogue: Translations = g.catalogue
    return catalogue


def choose_locale() -> str:
    """Return ``id`` or ``en``."""
    if not has_request_context():
        return "id"
    visit = g.get("visit")
    for wanted in (visit.locale, visit.launch_locale) if visit else ():
        if wanted and (language := supported(wanted)):
            return language
    for wanted, quality in request.accept_languages:
        if quality > 0 and (language := supported(wanted)):
            return language
    return "id"


def supported(locale: str) -> str | None:
    """Return our language for a locale as LMSs and browsers write it: ``en_us``, ``id-ID``, ``in``."""
    return _CODES.get(locale.lower().replace("-", "_").partition("_")[0])


def _timezone() -> str | None:
    context = context_or_none() if has_request_context() else None
    return context.agency.timezone if context else "Asia/Jakarta"
