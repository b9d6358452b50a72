"""The settings of the server: one table, read from the instance file and the environment."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "LMS_BRIDGE_"
FILE_NAME = "lms_bridge.toml"


class BadSetting(Exception):
    """A setting cannot be used as given. The message names it and says what to write instead."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: name without prefix, how text becomes a value, default, meaning."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    secret: bool = False


def _flag(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("write 1 or 0")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write the public address, such as https://kompetensi.example.go.id")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    if text.startswith(("postgres://", "postgresql://")):
        text = "postgresql+psycopg://" + text.partition("://")[2]
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    # A database in memory would be another one in each worker, and gone with it.
    usable = url is not None and url.database not in {None, "", ":memory:"}
    if not usable or not text.startswith(("sqlite://", "postgresql+psycopg://")):
        # Without the text: it may hold a password.
        raise ValueError("write sqlite:///FILE or postgresql://USER@HOST/NAME")
    return text


def _log_level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("write DEBUG, INFO, WARNING or ERROR")
    return text.upper()


def _hosts(text: str) -> tuple[str, ...]:
    hosts = _words(text)
    for host in hosts:
        if "/" in host:
            try:
                ipaddress.ip_network(host, strict=False)
            except ValueError as error:
                raise ValueError(f"{host!r} is no network, such as 10.0.0.0/8") from error
    return hosts


def _proxies(text: str) -> int | tuple[str, ...]:
    if text.isdigit():
        return int(text)
    for proxy in _words(text):
        ipaddress.ip_network(proxy, strict=False)
    return _words(text)


TABLE: tuple[Setting, ...] = (
    Setting(
        "BASE_URL", _base_url, "http://127.0.0.1:8000", "Public address of this server, as browsers and LMSs see it."
    ),
    Setting(
        "DATABASE_URL",
        _database_url,
        "",
        "`sqlite:///FILE` or `postgresql://USER@HOST/NAME`; empty means SQLite in the instance path.",
        secret=True,
    ),
    Setting(
        "INSTANCE_PATH", str, "instance", "Folder of configuration, secret key, SQLite database and drop-in plugins."
    ),
    Setting("SECRET_KEY", str, "", "Key from which cookies and stored tool keys are protected.", secret=True),
    Setting("SECRET_KEY_FILE", str, "", "File that holds the secret key; default is secret_key in the instance path."),
    Setting(
        "ALLOW_PRIVATE_HOSTS",
        _hosts,
        (),
        "Hosts or networks (comma list) that outgoing requests may reach although private, also by plain http.",
    ),
    Setting(
        "TRUSTED_PROXIES", _proxies, 0, "Addresses or networks of reverse proxies, or the number of them in front."
    ),
    Setting("LOAD_PLUGINS", _words, None, "Load only these plugins (comma list); empty means all."),
    Setting("DISABLED_PLUGINS", _words, (), "Do not load these plugins (comma list)."),
    Setting("SAFE_MODE", _flag, False, "1 starts without any plugin, to find out whether one is to blame."),
    Setting(
        "TRACE_HOOKS",
        _flag,
        False,
        "1 logs each question to a plugin: hook, plugin, milliseconds and the kind of the answer.",
    ),
    Setting("LOG_LEVEL", _log_level, "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Setting("TEST_DATABASE_URL", str, "", "PostgreSQL server used by the tests.", secret=True),
    Setting("CHROMIUM", str, "/usr/bin/chromium", "Chromium used by the browser tests."),
)
NAMES = {setting.name: setting for setting in TABLE}


@dataclass(frozen=True, slots=True)
class Settings:
    """All values with their origin (``default``, ``file`` or ``environment``)."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def instance(self) -> Path:
        return Path(self.values["INSTANCE_PATH"]).absolute()

    @property
    def database_url(self) -> str:
        return str(self.values["DATABASE_URL"]) or f"sqlite:///{self.instance / 'lms_bridge.sqlite'}"


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read every setting: defaults, then the instance file, then the environment, then ``overrides``.

    :raises BadSetting: a name is unknown or a value cannot be used.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {setting.name: setting.default for setting in TABLE}
    origins = dict.fromkeys(values, "default")
    found = {name.removeprefix(PREFIX): text for name, text in environ.items() if name.startswith(PREFIX)}
    instance = Path(overrides.get("INSTANCE_PATH") or found.get("INSTANCE_PATH") or values["INSTANCE_PATH"])
    for source, given in (("file", _read_file(instance / FILE_NAME)), ("environment", found)):
        for name, text in given.items():
            values[name] = _parse(name, text, source)
            origins[name] = source
    for name, value in overrides.items():
        if name not in NAMES:
            raise BadSetting(f"unknown setting {name}")
        values[name], origins[name] = value, "override"
    values["SECRET_KEY"] = values["SECRET_KEY"] or _secret(values, instance)
    return Settings(values, origins)


def _read_file(path: Path) -> dict[str, str]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"{path} cannot be read: {error}") from error
    return {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in document.items()
    }


def _parse(name: str, text: str, source: str) -> Any:
    setting = NAMES.get(name)
    if setting is None:
        known = ", ".join(sorted(NAMES))
        raise BadSetting(f"{PREFIX}{name} ({source}) is no setting of lms_bridge. Known: {known}")
    try:
        return setting.parse(text.strip()) if text.strip() else setting.default
    except ValueError as error:
        raise BadSetting(f"{PREFIX}{name} ({source}) cannot be used: {error}") from error


def _secret(values: Mapping[str, Any], instance: Path) -> str:
    path = Path(values["SECRET_KEY_FILE"] or instance / "secret_key")
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadSetting(f"{PREFIX}SECRET_KEY_FILE cannot be read: {error}") from error
