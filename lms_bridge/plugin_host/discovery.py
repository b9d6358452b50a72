"""Where plugins are found: installed distributions and files dropped into the instance folder."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

GROUP = "lms_bridge"


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin before it is loaded: its name, and the module or the file that holds it."""

    name: str
    module: str
    file: Path | None = None

    def load(self) -> ModuleType:
        """Import it. Whatever its code raises comes through."""
        if self.file is None:
            return importlib.import_module(self.module)
        spec = importlib.util.spec_from_file_location(self.module, self.file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.file.name} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[self.module] = module
        spec.loader.exec_module(module)
        return module

    @property
    def package(self) -> Path | None:
        """The folder of its package, found without importing it; none for a dropped-in file."""
        top = self.module.partition(".")[0]
        if self.file is not None or not top:
            return None
        spec = importlib.util.find_spec(top)
        places = (spec.submodule_search_locations if spec else None) or ()
        return next((Path(place) for place in places), None)

    def files(self) -> Iterator[Path]:
        """Yield its files, as far as Python did not make them."""
        if self.file is not None:
            yield self.file
        for file in self.package.rglob("*") if self.package else ():
            if "__pycache__" not in file.parts and file.is_file():
                yield file

    def folder(self, name: str) -> Path | None:
        """Return a folder of its package, such as ``migrations``, without importing the package."""
        package = self.package
        return package / name if package and (package / name).is_dir() else None


def _module_of(entry: EntryPoint) -> str:
    """Return the module of an entry point, as it is written: ``entry.module`` raises where that is no module's name."""
    return entry.value.partition(":")[0].partition("[")[0].strip()


def discover(instance: Path) -> Iterator[Found]:
    """Yield every plugin that is installed or dropped in, in the order of their names."""
    found = [Found(entry.name, _module_of(entry)) for entry in entry_points(group=GROUP)]
    # Hidden files are what editors and other systems leave beside them.
    files = [file for file in (instance / "plugins").glob("*.py") if not file.name.startswith(".")]
    found += [Found(file.stem, f"lms_bridge_dropin_{file.stem}", file) for file in files]
    yield from sorted(found, key=lambda plugin: (plugin.name, plugin.file is not None))
