"""What a plugin's source may not do, read from its syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from lms_bridge.plugin_host.discovery import GROUP

_AROUND = {
    "__table__": "a query on __table__",
    "metadata.tables": "a query on metadata.tables",
    "sa.text": "raw SQL",
    "sqlalchemy.text": "raw SQL",
    "exec_driver_sql": "raw SQL",
    "all_agencies": "the option all_agencies",
}


def _files(package: Path) -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(package.rglob("*.py")):
        yield str(file.relative_to(package)), ast.parse(file.read_text("utf-8"))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.args[0].value


def stray_templates(package: Path, plugin: str) -> list[str]:
    """Return the templates of a package that lie beside the folder of its name."""
    all_templates = package / "templates"
    files = (file.relative_to(package) for file in all_templates.rglob("*") if file.is_file())
    return sorted(str(file) for file in files if file.parts[1:2] != (plugin,) or len(file.parts) < 3)


def foreign_imports(package: Path) -> list[str]:
    """Return what a package imports of the bridge beside its public surface, and of other plugins."""
    others = {entry.module.partition(".")[0] for entry in entry_points(group=GROUP)} - {package.name}
    faults = set()
    for file, tree in _files(package):
        for name in _imported(tree):
            parts = name.split(".")
            past_api = parts[0] == "lms_bridge" and parts[1:2] != ["api"]
            if past_api or parts[0] in others:
                faults.add(f"{file} imports {name}")
    return sorted(faults)


def ways_around_the_filter(package: Path) -> list[str]:
    """Return where a package reads rows past the filter of agencies; its migrations, which see no rows, may."""
    return sorted(
        {
            f"{file}: {_AROUND[name]}"
            for file, tree in _files(package)
            if not file.startswith("migrations/")
            for node in ast.walk(tree)
            for name in _names(node)
            if name in _AROUND
        }
    )


def _names(node: ast.AST) -> Iterator[str]:
    """Return what a node names: an attribute, with what it is read from, an option, an import from SQLAlchemy."""
    if isinstance(node, ast.Attribute):
        owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        yield from (node.attr, f"{owner}.{node.attr}")
    elif isinstance(node, ast.keyword):
        yield node.arg or ""
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy":
        yield from (f"sqlalchemy.{alias.name}" for alias in node.names)
