"""Templates, statements and addresses compiled once a session, although each test has applications of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from werkzeug.routing import Rule


class CompiledTemplates(BytecodeCache):
    """Keeps what was compiled in this process; templates do not change while tests run."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.code


class CompiledRule(Rule):
    """Keeps the functions that werkzeug compiles to build an address: seven tenths of making an application."""

    _compiled: dict[tuple[str, str, bool], Callable[..., tuple[str, str]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, repr(self.defaults), append_unknown)
        if key not in self._compiled:
            self._compiled[key] = super()._compile_builder(append_unknown)
        return self._compiled[key]


class CompiledStatements(dict[tuple[Any, ...], Any]):
    """Keeps compiled statements by the name of their dialect; each engine has a dialect object of its own."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


def compile_once(app: Flask, engine: Engine) -> None:
    """Let an application that is about to be used take what others have compiled."""
    app.jinja_env.bytecode_cache = TEMPLATES
    engine.update_execution_options(compiled_cache=STATEMENTS)


TEMPLATES = CompiledTemplates()
STATEMENTS = CompiledStatements()
Flask.url_rule_class = CompiledRule
