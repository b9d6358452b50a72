"""Lets ``requests`` call a WSGI application in this process, so that two servers talk in a test without sockets."""

from __future__ import annotations

import io
from contextvars import Context
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from werkzeug.test import Client


class WsgiAdapter(BaseAdapter):
    """Mount it on a ``requests.Session`` for the base address of the application."""

    def __init__(self, application: Any) -> None:
        super().__init__()
        self.client = Client(application, use_cookies=False)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(request.url or "")
        # In a context of its own: another server knows nothing of what this one is in the middle of.
        answer = Context().run(
            self.client.open,
            path=parts.path,
            query_string=parts.query,
            method=request.method,
            data=request.body,
            headers=[(name, value) for name, value in request.headers.items()],
            base_url=f"{parts.scheme}://{parts.netloc}/",
        )
        body = io.BytesIO(answer.data)
        raw = HTTPResponse(body=body, status=answer.status_code, headers=dict(answer.headers), preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Nothing stays open."""
