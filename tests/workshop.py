"""The folder, the shell and the environment of somebody who writes a plugin."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

PROGRAMS = {
    "lms-bridge": "lms_bridge",
    "pip": "pip",
    "pybabel": "babel.messages.frontend",
    "pytest": "pytest",
}


class Workshop:
    """A plugin author's environment: it sees all that this one has, and what is installed there no other test sees.

    One shell serves all commands: where a command went and what it exported holds for the next.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shell = folder / ".shell"
        home = folder / "venv"
        venv.create(home, symlinks=True)
        packages = next(home.glob("lib/python*/site-packages"))
        places = [path for path in sys.path if path.endswith("site-packages")]
        lines = [f"import site; site.addsitedir({place!r})" for place in places]
        (packages / "zz_bridge.pth").write_text("\n".join(lines), "utf-8")
        for command, module in PROGRAMS.items():
            script = home / "bin" / command
            script.write_text(f'#!/bin/sh\nexec "{home}/bin/python" -m {module} "$@"\n', "utf-8")
            script.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LMS_BRIDGE_INST", "PYTHON"))}
        self.environment = {**kept, "PATH": f"{home}/bin:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def write(self, name: str, text: str, *, mode: str = "w") -> None:
        """Write a file, or with mode ``a`` add to its end."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode, encoding="utf-8") as opened:
            opened.write(text)

    def run(self, script: str) -> str:
        """Run commands and return what they printed; each must succeed."""
        before = f". {self._shell}" if self._shell.exists() else ""
        after = f"export -p > {self._shell}; echo \"cd '$PWD'\" >> {self._shell}"
        done = subprocess.run(
            ["sh", "-ec", f"{before}\n{script}\n{after}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout
