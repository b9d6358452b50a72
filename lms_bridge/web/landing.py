"""Where a launch lands: the module it names, the content picker, or home."""

from __future__ import annotations

from flask import current_app

from lms_bridge.plugin_host import host
from lms_bridge.services.arrivals import Arrival


def endpoint_path(endpoint: str) -> str:
    """Return the path of a page inside a session, without the session's prefix."""
    return current_app.url_map.bind("").build(endpoint)


def landing_path(arrival: Arrival) -> str:
    """Return the path, inside the new session, of the page that this launch is for."""
    if arrival.deep_linking:
        return endpoint_path("session.pick")
    if arrival.module is None:
        return endpoint_path("home.index")
    module = host().module(arrival.module)
    return endpoint_path(module.endpoint if module else "home.unknown_module")
