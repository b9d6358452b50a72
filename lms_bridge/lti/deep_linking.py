"""Deep Linking: the signed answer by which chosen modules become activities of a course."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

from lms_bridge.contributions import CatalogItem
from lms_bridge.lti.claims import CLAIM
from lms_bridge.lti.keys import sign

_DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"


def content_item(item: CatalogItem, *, with_line_item: bool) -> dict[str, Any]:
    """Return a catalogue item as an ``ltiResourceLink``.

    It has no ``url``: some platforms then use it as redirect_uri and fail. The module travels in ``custom``.
    """
    custom = {"module": item.module, **({"item": item.item} if item.item else {})}
    content: dict[str, Any] = {
        "type": "ltiResourceLink",
        "title": str(item.title),
        "text": str(item.description),
        "custom": custom,
    }
    if item.line_item is not None and with_line_item:
        line_item: dict[str, Any] = {"scoreMaximum": item.line_item.score_maximum, "label": str(item.line_item.label)}
        line_item["resourceId"] = item.line_item.resource_id or item.module
        if item.line_item.tag:
            line_item["tag"] = item.line_item.tag
        content["lineItem"] = line_item
    return content


def response_jwt(
    items: Sequence[dict[str, Any]], *, client_id: str, issuer: str, deployment_id: str, data: str | None
) -> str:
    """Sign the answer. ``data`` goes back exactly as it came, and only if it came."""
    moment = int(time.time())
    payload: dict[str, Any] = {
        "iss": client_id,
        "aud": issuer,
        "iat": moment - 30,
        "exp": moment + 300,
        "nonce": secrets.token_urlsafe(24),
        f"{CLAIM}deployment_id": deployment_id,
        f"{CLAIM}message_type": "LtiDeepLinkingResponse",
        f"{CLAIM}version": "1.3.0",
        f"{_DL}content_items": list(items),
    }
    if data is not None:
        payload[f"{_DL}data"] = data
    return sign(payload)
