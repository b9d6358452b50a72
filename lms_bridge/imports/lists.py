"""What can be imported. To add a kind: its columns, its key, and the rules that are its own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from lms_bridge.imports import columns, grants, participants, placements, superiors, tree
from lms_bridge.imports.kinds import Kind, Reference
from lms_bridge.imports.rows import DatedRows, ParticipantRows, PersonRows, PostRows, ProgrammeRows, Rows, schema_of
from lms_bridge.models import (
    Competency,
    Person,
    Placement,
    PlacementSuperior,
    Post,
    Programme,
    ProgrammeCompetency,
    ProgrammeParticipant,
    ProgrammeStatus,
    Unit,
)

_PERSON = Reference(Person.__table__, "nip", "person_id")
_POST = Reference(Post.__table__, "code", "post_id")
_UNIT = Reference(Unit.__table__, "code", "unit_id")
_PROGRAMME = Reference(Programme.__table__, "code", "programme_id")

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "units",
            _l("Units"),
            Unit.__table__,
            columns.UNITS,
            key=("code",),
            sets=("code", "name", "valid_from", "valid_to"),
            keeps=frozenset({"valid_from", "valid_to"}),
            schema=schema_of(DatedRows, columns.UNITS),
            within="parent",
            owned=frozenset({"core_unit_closure"}),
            check=tree.check,
            after=tree.attach,
            before_undo=tree.detach,
        ),
        Kind(
            "posts",
            _l("Posts"),
            Post.__table__,
            columns.POSTS,
            key=("code",),
            sets=("code", "name", "type", "level", "unit_id", "heads_unit"),
            schema=schema_of(PostRows, columns.POSTS),
            references={"unit": _UNIT},
            defaults={"heads_unit": False},
        ),
        Kind(
            "people",
            _l("People"),
            Person.__table__,
            columns.PEOPLE,
            key=("nip",),
            sets=("nip", "name", "employment", "grade", "email"),
            schema=schema_of(PersonRows, columns.PEOPLE),
            after=grants.hand_out,
            before_undo=grants.take_back,
        ),
        Kind(
            "placements",
            _l("Placements"),
            Placement.__table__,
            columns.PLACEMENTS,
            key=("person_id", "post_id", "unit_id", "kind", "valid_from"),
            sets=("person_id", "post_id", "unit_id", "kind", "valid_from", "valid_to"),
            schema=schema_of(DatedRows, columns.PLACEMENTS),
            references={"person": _PERSON, "post": _POST, "unit": _UNIT},
            check=placements.check,
        ),
        Kind(
            "superiors",
            _l("Superiors"),
            PlacementSuperior.__table__,
            columns.SUPERIORS,
            key=("placement_id", "person_id", "kind", "valid_from"),
            sets=("placement_id", "person_id", "kind", "valid_from", "valid_to"),
            schema=schema_of(DatedRows, columns.SUPERIORS),
            references={
                "person": Reference(Person.__table__, "nip", "placed_id"),
                "superior": _PERSON,
                "post": _POST,
            },
            complete=superiors.find_placements,
        ),
        Kind(
            "programmes",
            _l("Programmes"),
            Programme.__table__,
            columns.PROGRAMMES,
            key=("code",),
            sets=("code", "title", "form", "jp", "cost", "starts_on", "ends_on", "seats", "status"),
            keeps=frozenset({"status"}),
            schema=schema_of(ProgrammeRows, columns.PROGRAMMES),
            defaults={"status": ProgrammeStatus.PLANNED},
        ),
        Kind(
            "aims",
            _l("Competencies aimed at"),
            ProgrammeCompetency.__table__,
            columns.AIMS,
            key=("programme_id", "competency"),
            sets=("programme_id", "competency", "level"),
            schema=schema_of(Rows, columns.AIMS),
            references={
                "programme": _PROGRAMME,
                "competency": Reference(
                    Competency.__table__, "key", "competency", takes="key", known_as=("name_id", "name_en")
                ),
            },
        ),
        Kind(
            "participants",
            _l("Participants"),
            ProgrammeParticipant.__table__,
            columns.PARTICIPANTS,
            key=("programme_id", "person_id"),
            sets=("programme_id", "person_id", "status", "registered_on", "ended_on"),
            schema=schema_of(ParticipantRows, columns.PARTICIPANTS),
            references={"person": _PERSON, "programme": _PROGRAMME},
            check=participants.check,
        ),
    )
}
