"""The database: types, bases, the session that guards transactions, the agency filter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    JSON,
    DateTime,
    Executable,
    ForeignKey,
    MetaData,
    Numeric,
    Result,
    String,
    Table,
    Text,
    UpdateBase,
    event,
    func,
    literal_column,
    text,
    types,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    declared_attr,
    mapped_column,
    registry,
    with_loader_criteria,
)

from lms_bridge.database_faults import is_aborted

Score = Annotated[Decimal, "score"]
"""A result between 0 and 1, four decimals."""
Percent = Annotated[Decimal, "percent"]
Hours = Annotated[Decimal, "hours"]
Money = Annotated[Decimal, "money"]
Code = Annotated[str, "code"]
"""A short identifier, up to 64 characters."""
Name = Annotated[str, "name"]
"""A title or a person's name, up to 255 characters."""


class UTCDateTime(types.TypeDecorator[dt.datetime]):
    """A point in time. A naive one is refused, because SQLite would not know where it is meant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without zone cannot be stored")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class EnumByValue(types.Enum):
    """An enumeration stored as its value in a text column, so that a new member needs no migration of a type."""

    def __init__(self, *enums: Any, **kwargs: Any) -> None:
        kwargs |= {
            "native_enum": False,
            "length": 32,
            "values_callable": lambda cls: [str(member.value) for member in cls],
        }
        super().__init__(*enums, **kwargs)


TYPES: dict[Any, Any] = {
    dt.datetime: UTCDateTime(),
    str: Text(),
    Code: String(64),
    Name: String(255),
    Score: Numeric(5, 4),
    Percent: Numeric(5, 2),
    Hours: Numeric(7, 2),
    Money: Numeric(15, 2),
    Enum: EnumByValue(Enum),
    dict[str, Any]: JSON(),
    list[str]: JSON(),
}
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


METADATA = MetaData(naming_convention=NAMING)


class CoreBase(DeclarativeBase):
    """Base of core's models."""

    registry = registry(metadata=METADATA, type_annotation_map=TYPES)


class TransactionOwnedByCore(RuntimeError):
    """A plugin tried to end a transaction inside a hook. Only the edge (view, worker, command) does."""


class HiddenFault(RuntimeError):
    """A plugin caught the fault of its own statement, after which the database takes nothing more in its savepoint."""


class NoAgency(RuntimeError):
    """A query on rows of an agency was made while no agency was chosen: refused, never answered unfiltered."""


_guest: ContextVar[str | None] = ContextVar("lms_bridge_guest", default=None)
_agency: ContextVar[int | None] = ContextVar("lms_bridge_agency", default=None)


class BridgeSession(FlaskSession):
    """A session that a guest (a plugin inside a hook) can neither commit nor roll back nor close."""

    def _refuse_guest(self, verb: str) -> None:
        if plugin := _guest.get():
            raise TransactionOwnedByCore(f"plugin {plugin!r} called session.{verb}() inside a hook")

    def commit(self) -> None:
        self._refuse_guest("commit")
        super().commit()

    def rollback(self) -> None:
        self._refuse_guest("rollback")
        super().rollback()

    def close(self) -> None:
        self._refuse_guest("close")
        super().close()

    def reset(self) -> None:
        self._refuse_guest("reset")
        super().reset()


db = SQLAlchemy(model_class=CoreBase, session_options={"class_": BridgeSession})

if TYPE_CHECKING:

    class Model(DeclarativeBase):
        """Base of core's models, as type checkers can follow it."""

        __table__: ClassVar[Table]
else:
    Model = db.Model


@contextmanager
def guest(plugin: str) -> Iterator[None]:
    """Run a plugin's code in a savepoint of its own, so that its failure undoes only what it did."""
    with db.session.begin_nested():
        token = _guest.set(plugin)
        try:
            yield
            db.session.flush()
            if is_aborted(db.session.connection()):
                raise HiddenFault(f"plugin {plugin!r} went on after a statement of it had failed")
        finally:
            _guest.reset(token)


@cache
def plugin_base(plugin: str) -> type[DeclarativeBase]:
    """Return the base for a plugin's models: shared metadata, but a registry of its own.

    A broken relationship then breaks the mappers of that plugin only.
    """
    private = registry(metadata=METADATA, type_annotation_map=TYPES)

    class Base(DeclarativeBase):
        __abstract__ = True
        registry = private

    Base.__name__ = f"{plugin.title()}Base"
    return Base


def current_agency() -> int:
    """Return the id of the agency that this request or job works for.

    :raises NoAgency: none was chosen.
    """
    agency = _agency.get()
    if agency is None:
        raise NoAgency("no agency is chosen; use acting_as(agency_id) outside a launch")
    return agency


@contextmanager
def acting_as(agency_id: int | None) -> Iterator[None]:
    """Work for one agency: reads are filtered by it, new rows belong to it."""
    token = _agency.set(agency_id)
    try:
        yield
    finally:
        _agency.reset(token)


def choose_agency(agency_id: int | None) -> None:
    """Choose the agency for the rest of this request."""
    _agency.set(agency_id)


class AgencyOwned:
    """Mixin for rows that belong to one agency; queries see only the agency that is chosen."""

    @declared_attr
    def agency_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("core_agency.id"), index=True, default=current_agency)


@event.listens_for(db.session, "do_orm_execute")
def _filter_by_agency(state: ORMExecuteState) -> None:
    if state.is_column_load or state.execution_options.get("all_agencies"):
        return
    agency = _agency.get()
    if agency is None:
        if any(issubclass(mapper.class_, AgencyOwned) for mapper in state.all_mappers):
            raise NoAgency("a query on an agency's rows needs acting_as(agency_id)")
        return
    if state.session.get_bind().dialect.name == "sqlite":
        # Most rows are of the one agency. Without being told so, SQLite's planner takes the agency for the narrowest
        # way to a row, and walks through all rows of a table for each row of another.
        state.statement = state.statement.options(
            with_loader_criteria(
                AgencyOwned,
                lambda cls: func.likelihood(cls.agency_id == agency, literal_column("0.1")),
                include_aliases=True,
            )
        )
        return
    state.statement = state.statement.options(
        with_loader_criteria(AgencyOwned, lambda cls: cls.agency_id == agency, include_aliases=True)
    )


_CUSTOM_PLAN = text("SET LOCAL plan_cache_mode = force_custom_plan")


def now() -> dt.datetime:
    """Return the present moment, UTC."""
    return dt.datetime.now(dt.UTC)


def run(statement: Executable, values: Mapping[str, Any]) -> Result[Any]:
    """Execute a statement on tables, built once, in the transaction of the session.

    For the few paths that everybody walks: it costs half of ``session.execute``, and no agency filter is added, so the
    statement names the agency itself.
    """
    return db.session.connection().execute(statement, values)


def plan_for_these_values() -> None:
    """Have PostgreSQL plan what follows in the transaction for its very values, as for a unit of thousands.

    After five times it would take one plan for all values, which is twice as slow there. SQLite always does.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(_CUSTOM_PLAN)


def changed_rows(statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return how many rows it met."""
    return int(getattr(db.session.execute(statement), "rowcount", 0))


def upsert(table: Any, *, key: dict[str, Any], values: dict[str, Any], keep: tuple[str, ...] = ()) -> int:
    """Insert a row, or update the one that has this unique key, by one statement; return its id.

    :param keep: names of values that are set on insert only.
    """
    statement = _insert(table).values(**key, **values)
    changed = {name: statement.excluded[name] for name in values if name not in keep}
    changed = changed or {name: statement.excluded[name] for name in list(key)[:1]}
    upserted = statement.on_conflict_do_update(index_elements=list(key), set_=changed).returning(table.c.id)
    return int(db.session.execute(upserted).scalar_one())


def upsert_many(table: Any, rows: list[dict[str, Any]], *, key: tuple[str, ...], change: tuple[str, ...]) -> list[Any]:
    """Insert rows, or update the columns ``change`` of those whose unique key is there, by one statement.

    :param rows: all with the same columns, and no key twice; at most a few hundred, for databases count parameters.
    :returns: of each row the id and its key, in no order.
    """
    if not rows:
        return []
    statement = _insert(table).values(rows)
    changed = {name: statement.excluded[name] for name in change}
    upserted = statement.on_conflict_do_update(index_elements=list(key), set_=changed)
    return list(db.session.execute(upserted.returning(table.c.id, *(table.c[name] for name in key))))


def insert_new(table: Any, *, key: dict[str, Any], values: dict[str, Any]) -> int | None:
    """Insert a row unless one has this unique key, by one statement; return its id, or nothing where there was one."""
    statement = _insert(table).on_conflict_do_nothing(index_elements=list(key)).returning(table.c.id)
    return cast("int | None", run(statement, {**key, **values}).scalar())


def _insert(table: Any) -> Any:
    dialect = db.session.get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
