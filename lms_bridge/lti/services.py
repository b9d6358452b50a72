"""Calls to a platform's services, each with a token of its own scopes, and paging that cannot run away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import current_app

from lms_bridge.lti.http import Answer, LmsClient, OutboundError
from lms_bridge.lti.tokens import ServiceAccount, access_token

MAX_PAGES = 1000
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_NEXT = re.compile(r"""\brel\s*=\s*["'“”]?([^"'“”;,]*)""", re.IGNORECASE)


def call(account: ServiceAccount, method: str, url: str, *, scope: str, **options: Any) -> Answer:
    """Call a service. A refused token is replaced once.

    :raises OutboundError: no token or no answer.
    """
    client: LmsClient = current_app.extensions["lms_bridge.http"]
    headers = options.pop("headers", {})
    answer = _send(client, account, method, url, scope, headers, options, fresh=False)
    return _send(client, account, method, url, scope, headers, options, fresh=True) if answer.status == 401 else answer


def _send(
    client: LmsClient,
    account: ServiceAccount,
    method: str,
    url: str,
    scope: str,
    headers: dict[str, str],
    options: dict[str, Any],
    *,
    fresh: bool,
) -> Answer:
    token = access_token(account, [scope], fresh=fresh)
    return client.request(method, url, headers={**headers, "Authorization": f"Bearer {token}"}, **options)


def pages(account: ServiceAccount, url: str, *, scope: str, accept: str) -> Iterator[Any]:
    """Yield the documents of a paged container until there is no next page.

    :raises OutboundError: a page fails, leads to another host, comes twice, or there are more than 1,000: a list cut
        short silently would remove people.
    """
    seen: set[str] = set()
    following: str | None = url
    while following is not None:
        if following in seen or len(seen) >= MAX_PAGES:
            raise OutboundError("paging", "the pages of the list do not end")
        if not _same_origin(following, url):
            raise OutboundError("paging", "the next page lies on another host")
        seen.add(following)
        answer = call(account, "GET", following, scope=scope, headers={"Accept": accept})
        if answer.status != 200:
            raise OutboundError(f"status-{answer.status}", f"the service answers {answer.status}")
        yield answer.json()
        following = next_page(answer.headers.get("link", ""), base=following)


def _same_origin(one: str, other: str) -> bool:
    try:
        return urlsplit(one)[:2] == urlsplit(other)[:2]
    except ValueError:
        return False


def next_page(header: str, *, base: str) -> str | None:
    """Return the next page of a Link header (RFC 8288), also with no quotes, typographic ones, or ``&amp;``.

    :raises OutboundError: there is one, but its address makes no sense.
    """
    if "\u00e2" in header:  # UTF-8 bytes that were read as Latin-1
        header = header.encode("latin-1", "ignore").decode("utf-8", "ignore")
    for url, rest in _LINK.findall(header):
        relation = _NEXT.search(rest)
        if relation and "next" in relation[1].lower().split():
            try:
                return urljoin(base, url.replace("&amp;", "&"))
            except ValueError as error:
                raise OutboundError("paging", "the address of the next page cannot be read") from error
    return None
