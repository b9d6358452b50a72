"""What was asked of plugins, for ``LMS_BRIDGE_TRACE_HOOKS``: names, times and kinds of answers, never their content."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger("lms_bridge.plugins")


def traced(call: Callable[..., Any], *given: Any, hook: str, plugin: str) -> Any:
    """Ask one plugin and write down how that went. Whatever it raises comes through."""
    started = time.perf_counter()
    try:
        answer = call(*given)
        result = kind_of(answer)
        return answer
    except BaseException as error:
        result = f"raised {type(error).__name__}"
        raise
    finally:
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        log.info("hook asked", hook=hook, plugin=plugin, milliseconds=milliseconds, result=result)


def kind_of(answer: Any) -> str:
    """Name the kind of an answer: ``Plugin``, ``2 Card``, ``empty list``."""
    if not isinstance(answer, list):
        return type(answer).__name__
    kinds = sorted({type(part).__name__ for part in answer})
    return f"{len(answer)} {' and '.join(kinds)}" if answer else "empty list"
