"""What an LMS's refusal of a grade or a token means: a sentence for the administrator, with the next step."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

_AWAY = _l("The LMS does not answer properly. Nothing needs to be done here: it is tried again, at least every hour.")
_KEYS = _l(
    "The LMS cannot fetch the keys of this server. Moodle: under Site administration > General > HTTP security allow "
    "the address and the port of this server."
)
_ADVICE: dict[str, Any] = {
    "token-no-scope": _l(
        "The LMS gives this tool no right to read or write grades. Moodle: in the tool's settings, under Services, let "
        "it use grade sync. Then send the grades again."
    ),
    "token-400": _l(
        "The LMS does not know the tool, or does not accept its signature. Check that the tool is active there, and "
        "that the LMS can fetch the keys of this server."
    ),
    "token-404": _KEYS,
    "token-garbage": _l("The LMS answers the request for a token with something else. Check its token address."),
    "status-400": _l(
        "The LMS takes no grade for this person, most often because they are not a student of the course there: "
        "teachers and administrators get none. Enrol them as a student, then send the grade again."
    ),
    "status-401": _l("The LMS refuses even a fresh token. Check that the tool is active there."),
    "status-403": _l("The LMS does not let this tool write into this column."),
    "status-404": _l("The column is gone from the LMS: the activity was deleted, or it no longer takes grades."),
    "status-429": _l("The LMS asks to wait. Nothing needs to be done here."),
    "status-500": _l(
        "The LMS fails on its own side. Moodle does so when the column is locked: unlock it in the gradebook setup, "
        "and the grade arrives by itself."
    ),
    "conflict": _l(
        "The LMS says that it holds a newer grade and does not let us read it. Let the tool read results there."
    ),
    "address-refused": _l(
        "This server may not reach the LMS: it is a private address or has no https. The operator adds it to "
        "LMS_BRIDGE_ALLOW_PRIVATE_HOSTS."
    ),
    "tls": _l("The certificate of the LMS is not accepted. Ask its operator to renew it."),
    "redirect": _l("The LMS leads elsewhere, perhaps because it is under maintenance. It is tried again."),
    "tool-key": _l(
        "The keys of this server cannot be read with its secret key. Restore the secret key, or run: lms-bridge keys "
        "rotate --now"
    ),
}


def advice(reason: str) -> Any:
    """Return the sentence for a reason such as ``status-400`` or ``timeout``, translated when it is shown."""
    return _ADVICE.get(reason) or (_l("The LMS refuses the grade.") if reason.startswith("status-4") else _AWAY)
