"""LTI roles become the four words that pages use. The role in the course decides, institution roles only add."""

from __future__ import annotations

from collections.abc import Iterable

_MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_KNOWN = ("http://purl.imsglobal.org/vocab/lis/v2/", "urn:lti:")
_WORDS = {
    "learner": "learner",
    "student": "learner",
    "instructor": "instructor",
    "teachingassistant": "instructor",
    "contentdeveloper": "instructor",
    "mentor": "mentor",
    "administrator": "administrator",
    "sysadmin": "administrator",
}


def roles_from_claim(claim: Iterable[str]) -> frozenset[str]:
    """Return ``learner``, ``instructor``, ``mentor`` and ``administrator`` as far as the claim says so.

    Full URIs, sub-roles and bare words are understood; anything else is ignored. Somebody with no known role is a
    learner, because that is the role with the fewest rights.
    """
    found = {role for text in claim if (role := _role(text))}
    if "instructor" in found:
        found.discard("learner")
    return frozenset(found or {"learner"})


def _role(text: str) -> str | None:
    if not text.startswith(_KNOWN) and (":" in text or "/" in text):
        return None  # a word of somebody else's vocabulary, whatever it looks like
    vocabulary, _, name = text.rpartition("#")
    if "/institution/person" in vocabulary and name not in {"Administrator", "SysAdmin"}:
        return None  # a person may be a student of the institution and teach this course
    if vocabulary.startswith(f"{_MEMBERSHIP}/"):
        name = vocabulary.rpartition("/")[2]
    return _WORDS.get((name or text).rpartition("/")[2].lower())
