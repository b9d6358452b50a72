"""A person's rights: all their data in one file, and its erasure with a receipt; core and every plugin together."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _

from lms_bridge.context import PersonRef
from lms_bridge.contributions import ErasureReceipt, ExportPart
from lms_bridge.db import current_agency, db
from lms_bridge.models import Agency, AuditKind
from lms_bridge.plugin_host import host
from lms_bridge.services.audit import audit
from lms_bridge.services.duties import ask_duty
from lms_bridge.services.personal_data import PLACES, core_parts, erase_core, plain


@dataclass(frozen=True, slots=True)
class PersonExport:
    """All of a person's data, by who keeps it; the plugins in ``missing`` keep more and did not hand it over."""

    agency: str
    made_at: dt.datetime
    parts: Mapping[str, list[ExportPart]]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a person's rows, by who kept them; the plugins in ``missing`` keep theirs still."""

    person: int
    erased_at: dt.datetime
    done: Mapping[str, ErasureReceipt]
    missing: tuple[str, ...]

    def as_json(self) -> str:
        """Return the receipt as a file; it names nobody."""
        done = {name: asdict(receipt) for name, receipt in self.done.items()}
        told = {"person": self.person, "erased_at": self.erased_at.isoformat(), "complete": not self.missing}
        return json.dumps({**told, "rows": done, "missing": self.missing}, indent=2)


def export_person(person: PersonRef, *, now: dt.datetime) -> PersonExport:
    """Collect everything about a person and note it in the audit log."""
    answers = ask_duty("export_person", person)
    agency = db.session.get_one(Agency, current_agency())
    export = PersonExport(agency.name, now, {"core": core_parts(person), **answers.given}, answers.missing)
    audit("privacy.exported", kind=AuditKind.EXPORT, subject=person, missing="/".join(answers.missing)[:64])
    return export


def erase_person(person: PersonRef, *, now: dt.datetime) -> Receipt:
    """Erase a person: plugins first, then core. May be done again by the person's number when a plugin was missing."""
    answers = ask_duty("erase_person", person)
    agency = db.session.get_one(Agency, current_agency())
    done = {name: receipts[0] for name, receipts in answers.given.items()}
    done = {"core": erase_core(person, now=now, today=now.astimezone(ZoneInfo(agency.timezone)).date()), **done}
    audit(
        "privacy.erased",
        subject=person,
        deleted=sum(one.deleted for one in done.values()),
        anonymised=sum(one.anonymised for one in done.values()),
        missing="/".join(answers.missing)[:64],
    )
    return Receipt(person.id, now, done, answers.missing)


def export_zip(export: PersonExport) -> bytes:
    """Return the file that a person gets: the same once for programs (JSON) and once to be read (HTML)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", _as_json(export))
        archive.writestr("data.html", _as_html(export))
    return stream.getvalue()


def _as_json(export: PersonExport) -> str:
    parts = {name: {part.name: part.rows for part in given} for name, given in export.parts.items()}
    told = {"agency": export.agency, "made_at": export.made_at, "complete": not export.missing}
    return json.dumps({**told, "missing": export.missing, "data": parts}, default=_plain, indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    found = plain(value)
    # Whatever a plugin puts into its rows, the others' must reach the person.
    return str(value) if found is value else found


def _as_html(export: PersonExport) -> str:
    titles: dict[str, Any] = {declared.name: declared.title for declared in host().declarations}
    titles["core"] = _("Organisation and LMS")
    page = current_app.jinja_env.get_template("bridge/person_export.html")
    return page.render(
        export=export,
        language=str(get_locale()),
        titles=titles,
        parts={place.name: place.title for place in PLACES},
        missing=[titles.get(name, name) for name in export.missing],
        value=lambda value: (
            json.dumps(value, default=_plain, ensure_ascii=False) if isinstance(value, (dict, list)) else value
        ),
    )
