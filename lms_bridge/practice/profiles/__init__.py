"""How a platform behaves where platforms differ: one object, chosen when the practice LMS starts."""

from __future__ import annotations

from lms_bridge.practice.profiles.moodle import Moodle
from lms_bridge.practice.profiles.plain import Plain

Profile = Plain
PROFILES: dict[str, type[Plain]] = {profile.name: profile for profile in (Plain, Moodle)}


def profile_named(name: str) -> Profile:
    """Return a profile.

    :raises ValueError: there is none of that name.
    """
    if name not in PROFILES:
        raise ValueError(f"there is no profile {name!r}; known: {', '.join(sorted(PROFILES))}")
    return PROFILES[name]()
