"""Refusals: of a page to a person, of a service to a tool, of a login, of a token, of a registration."""

from __future__ import annotations


class PageRefused(Exception):
    """A page cannot be shown or a form not taken. The person sees title and text."""

    def __init__(self, title: str, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.title = title
        self.text = text
        self.status = status


class ServiceRefused(Exception):
    """A service call of a tool is refused. ``html`` is the page of a platform that breaks instead of answering."""

    def __init__(self, status: int, reason: str, *, html: bool = False, empty_list: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.html = html
        self.empty_list = empty_list


class LoginFault(Exception):
    """An authorization request cannot be answered to the tool at all; the person sees it here."""


class LoginError(Exception):
    """An authorization request is answered to the tool with an error instead of an id_token."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class TokenRefused(Exception):
    """No access token is given. ``kind`` is an OAuth error, or ``unknown-kid``, ``no-kid``, ``no-key-set``."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(text or kind)
        self.kind = kind
        self.text = text or kind


class RegistrationRefused(Exception):
    """A tool's registration is refused. ``code`` is the short word that the tool reads."""

    def __init__(self, status: int, code: str, *, html: bool = False) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.html = html


class AnswerRefused(Exception):
    """A Deep Linking answer cannot be trusted. The teacher sees the text, the trace the reason."""
