"""Units of a list, the parents before their children or not: the tree is checked as a whole and attached as a whole."""

from __future__ import annotations

from sqlalchemy import select, update

from lms_bridge.db import current_agency, db
from lms_bridge.imports.faults import Fault
from lms_bridge.models import ImportRow, Unit
from lms_bridge.services.unit_tree import derive_closure, lock_tree

_R, _U = ImportRow.__table__, Unit.__table__
_ABOVE = _U.alias("above")


def check(import_id: int) -> dict[int, Fault]:
    """Find units whose parent is nowhere, or below them, or another one than now."""
    lying = select(_U.c.code, _ABOVE.c.code).outerjoin(_ABOVE, _ABOVE.c.id == _U.c.parent_id)
    now = {code: above for code, above in db.session.execute(lying.where(_U.c.agency_id == current_agency()))}
    good = select(_R.c.number, _R.c["values"]).where(_R.c.import_id == import_id, _R.c.faults.is_(None))
    rows = {values["code"]: (number, values.get("parent")) for number, values in db.session.execute(good)}
    faults: dict[int, Fault] = {}
    for code, (number, parent) in rows.items():
        if code in now and parent is not None and parent != now[code]:
            faults[number] = Fault("parent", "unit-moves")
    new = {code: row for code, row in rows.items() if code not in now}
    standing = set(now)
    while True:
        attached = {code for code, (_, parent) in new.items() if parent is None or parent in standing} - standing
        if not attached:
            break
        standing |= attached
    for code, (number, parent) in new.items():
        if code not in standing:
            circles = parent in new and _returns(code, new)
            faults[number] = Fault("parent", "circle") if circles else Fault("parent", "unknown", str(parent))
    return faults


def _returns(code: str, new: dict[str, tuple[int, str | None]]) -> bool:
    seen, at = set[str](), new[code][1]
    while at in new and at not in seen:
        seen.add(at)
        at = new[at][1]
    return code in seen


def attach(import_id: int) -> None:
    """Put the new units below those that the list names, and derive who lies below whom."""
    lock_tree()
    mine = _R.c.import_id == import_id, _R.c.change == "new", _R.c.target_id == _U.c.id
    above = _ABOVE.c.agency_id == current_agency(), _ABOVE.c.code == _R.c["values"]["parent"].as_string()
    db.session.execute(update(_U).where(*mine, *above).values(parent_id=_ABOVE.c.id))
    derive_closure()


def detach(import_id: int) -> None:
    """Let go of the new units' parents, so that they can be deleted in any order."""
    made = select(_R.c.target_id).where(_R.c.import_id == import_id, _R.c.change == "new")
    db.session.execute(update(_U).where(_U.c.id.in_(made)).values(parent_id=None))
