"""The public surface, ``lms_bridge.api.__all__``, with every signature: what a plugin may rely on."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any

from sqlalchemy import inspect as inspect_model
from sqlalchemy.orm import DeclarativeBase

from lms_bridge import api
from lms_bridge.db import TYPES
from tools.reference.docstrings import described

_VALUES = {
    "API_VERSION": f"The version of this surface, `{api.API_VERSION}`.",
    "current": "The `BridgeContext` of this request; outside a launch it raises `NoLaunch`.",
    "db": "The database: `db.session`, with SQLAlchemy's usual calls. A view commits once, a service and a hook never.",
    "hookimpl": "Marks the function that answers a hook; its name is the hook's.",
}
"""What has no docstring of its own."""


@cache
def entries() -> Mapping[str, str]:
    """Return every public name as a page shows it."""
    return {name: f"### `{name}`\n\n{_told(name, getattr(api, name))}\n" for name in api.__all__}


def _told(name: str, thing: Any) -> str:
    thing = inspect.unwrap(thing) if callable(thing) and name not in _VALUES else thing
    if name in _VALUES:
        return _VALUES[name]
    if thing in TYPES:
        return f"`{thing.__origin__.__name__}` as a model's type, stored as `{TYPES[thing]!r}`."
    if not thing.__module__.startswith("lms_bridge"):
        return f"As in `{thing.__module__.partition('.')[0]}`."
    code = "\n".join(_class(name, thing) if isinstance(thing, type) else [_call(name, thing)])
    return f"```text\n{code}\n```\n\n{described(inspect.getdoc(thing) or '')}"


def _class(name: str, thing: type) -> Iterator[str]:
    bases = [base.__name__ for base in thing.__bases__ if base.__name__ in {*api.__all__, *dir(builtins)} - {"object"}]
    yield f"class {name}({', '.join(bases)})" if bases else f"class {name}"
    if is_dataclass(thing):
        yield from (f"    {field.name}: {field.type}{_default(field)}" for field in fields(thing))
    elif issubclass(thing, DeclarativeBase):
        yield from (f"    {one.key}: {one.columns[0].type!r}" for one in inspect_model(thing).column_attrs)
    elif issubclass(thing, Exception):
        yield from (f"    {one}: {kind}" for one, kind in inspect.get_annotations(thing).items())
        if "__init__" in vars(thing):
            yield f"    {_call('__init__', thing.__init__)}"
    for one, value in vars(thing).items():
        if not one.startswith("_") and isinstance(value, property):
            yield f"    {one}: {inspect.signature(value.fget).return_annotation}"
        elif not one.startswith("_") and (inspect.isfunction(value) or isinstance(value, classmethod)):
            yield f"    {_call(one, getattr(value, '__func__', value))}"


def _call(name: str, function: Any) -> str:
    return f"{name}{signature(function)}"


def signature(function: Any) -> inspect.Signature:
    """Return a signature whose annotations read as they are written, without quotes."""
    found = inspect.signature(function)
    given = [one.replace(annotation=_written(one.annotation)) for one in found.parameters.values()]
    return found.replace(parameters=given, return_annotation=_written(found.return_annotation))


class _Written(str):
    __repr__ = str.__str__


def _written(annotation: Any) -> Any:
    return _Written(annotation) if isinstance(annotation, str) else annotation


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return f" = {field.default!r}"
    return "" if field.default_factory is MISSING else f" = {field.default_factory()!r}"
