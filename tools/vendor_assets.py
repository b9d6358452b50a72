"""Fetch the committed assets anew, as tools/vendor.toml says. Only for developers: it needs npm and its registry."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "lms_bridge" / "static" / "vendor"
LICENCES = ROOT / "THIRD_PARTY_LICENSES"
_SOURCE_MAP = re.compile(rb"\n?/[/*]# sourceMappingURL=[^\n]*\n?$")


class WrongPackage(Exception):
    """What npm delivered is not what vendor.toml names."""


def digest(data: bytes, algorithm: str) -> str:
    """Return a hash in the form of subresource integrity."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def fetch(package: dict[str, Any], folder: Path) -> Path:
    """Fetch and unpack one package.

    :raises WrongPackage: its hash is not the one in vendor.toml.
    """
    wanted = f"{package['name']}@{package['version']}"
    command = ["npm", "pack", wanted, "--silent", "--pack-destination", str(folder)]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    found = digest((folder / name).read_bytes(), "sha512")
    if found != package["integrity"]:
        raise WrongPackage(f"{wanted}: vendor.toml says {package['integrity']}, npm delivered {found}")
    with tarfile.open(folder / name) as archive:
        archive.extractall(folder / package["name"], filter="data")
    return folder / package["name"] / "package"


def copy(package: dict[str, Any], unpacked: Path) -> list[dict[str, str]]:
    """Copy the files of one package and its licence, and return their lines of the manifest."""
    rows = []
    for asset, source in package["assets"].items():
        # The maps are not shipped, and a browser's developer tools would ask for them in vain.
        data = _SOURCE_MAP.sub(b"\n", (unpacked / source).read_bytes())
        file = f"{package['name']}/{package['version']}/{Path(source).name}"
        (VENDOR / file).parent.mkdir(parents=True, exist_ok=True)
        (VENDOR / file).write_bytes(data)
        rows.append(
            {
                "asset": asset,
                "name": package["name"],
                "version": package["version"],
                "file": file,
                "licence": package["licence"],
                "integrity": digest(data, "sha384"),
                "source": f"npm package {package['name']}@{package['version']}, {source}",
            }
        )
    LICENCES.mkdir(exist_ok=True)
    licence = (unpacked / package["licence_file"]).read_text("utf-8")
    (LICENCES / f"{package['name'].partition('.')[0]}.txt").write_text(licence, "utf-8")
    return rows


def main() -> int:
    """Replace the vendored files and write the manifest."""
    wanted = tomllib.loads(Path(__file__).with_name("vendor.toml").read_text("utf-8"))["package"]
    with tempfile.TemporaryDirectory() as scratch:
        try:
            unpacked = [(package, fetch(package, Path(scratch))) for package in wanted]
        except WrongPackage as error:
            print(error, file=sys.stderr)
            return 1
        shutil.rmtree(VENDOR, ignore_errors=True)
        rows = [row for package, folder in unpacked for row in copy(package, folder)]
    (VENDOR / "manifest.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    print("\n".join(f"{row['asset']}: {row['file']} ({row['licence']})" for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
