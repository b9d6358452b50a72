"""What the practice LMS stores, in a SQLite file of its own: people, courses, tools, activities, grades, the trace."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    DateTime,
    Engine,
    ForeignKey,
    String,
    Table,
    Text,
    UniqueConstraint,
    UpdateBase,
    event,
    types,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship

SCHEMA = 1
"""Number of this schema, kept in the file. There are no migrations: a file of another number is started over."""


class Moment(types.TypeDecorator[dt.datetime]):
    """A point in time, always with its zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        return None if value is None else value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class Amount(types.TypeDecorator[Decimal]):
    """A score, kept as text because SQLite knows no decimals."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value)


TYPES: dict[Any, Any] = {
    dt.datetime: Moment(),
    Decimal: Amount(),
    str: Text(),
    dict[str, Any]: JSON(),
    dict[str, str]: JSON(),
    list[dict[str, Any]]: JSON(),
    list[str]: JSON(),
}


class Base(DeclarativeBase):
    """Base of the practice LMS's models."""

    registry = registry(type_annotation_map=TYPES)


store = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:

    class Model(DeclarativeBase):
        """Base of the models, as type checkers can follow it."""

        __table__: ClassVar[Table]
else:
    Model = store.Model


class Setting(Model):
    """A value of the whole site, such as its key pair."""

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class User(Model):
    """A person who may sign in. ``idnumber`` carries the NIP, as agencies do it in their LMS."""

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    given_name: Mapped[str]
    family_name: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    idnumber: Mapped[str] = mapped_column(default="")
    persona: Mapped[str] = mapped_column(default="")
    is_admin: Mapped[bool] = mapped_column(default=False)

    @property
    def name(self) -> str:
        """The full name as it is shown; one name only is common."""
        return f"{self.given_name} {self.family_name}".strip()


class Course(Model):
    """A course."""

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    label: Mapped[str]
    idnumber: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")


class Enrolment(Model):
    """That somebody is in a course, as ``student``, ``assistant`` or ``teacher``."""

    __table_args__ = (UniqueConstraint("course_id", "user_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str]
    suspended: Mapped[bool] = mapped_column(default=False)
    user: Mapped[User] = relationship()
    course: Mapped[Course] = relationship()


class Tool(Model):
    """A registered tool. ``state`` is ``pending`` until an administrator activates it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    in_chooser: Mapped[bool]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    logo_uri: Mapped[str] = mapped_column(default="")
    domain: Mapped[str]
    initiate_login_uri: Mapped[str]
    redirect_uris: Mapped[list[str]]
    jwks_uri: Mapped[str]
    target_link_uri: Mapped[str]
    deep_linking_uri: Mapped[str | None]
    scopes: Mapped[list[str]]
    claims: Mapped[list[str]]
    custom: Mapped[dict[str, str]]
    registered_at: Mapped[dt.datetime]


class Deployment(Model):
    """One deployment of a tool; its number is the deployment id that the tool sees."""

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    tool: Mapped[Tool] = relationship()

    @property
    def deployment_id(self) -> str:
        """The id as the tool sees it."""
        return str(self.id)


class Activity(Model):
    """A link in a course that launches a tool."""

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    title: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    url: Mapped[str | None]
    custom: Mapped[dict[str, str]]
    container: Mapped[str] = mapped_column(default="iframe")
    course: Mapped[Course] = relationship()
    deployment: Mapped[Deployment] = relationship()


class LineItem(Model):
    """A column of the gradebook: an activity's own (coupled), or one that a tool made."""

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    coupled: Mapped[bool] = mapped_column(default=False)
    locked: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str]
    score_maximum: Mapped[Decimal]
    resource_id: Mapped[str] = mapped_column(default="")
    tag: Mapped[str] = mapped_column(default="")
    course: Mapped[Course] = relationship()


class Grade(Model):
    """What the gradebook holds for a person in one column. Without a score it was erased."""

    __table_args__ = (UniqueConstraint("line_item_id", "user_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    score: Mapped[Decimal | None]
    comment: Mapped[str] = mapped_column(default="")
    stamp: Mapped[dt.datetime]
    activity_progress: Mapped[str] = mapped_column(default="")
    grading_progress: Mapped[str] = mapped_column(default="")
    overridden: Mapped[bool] = mapped_column(default=False)
    line_item: Mapped[LineItem] = relationship()
    user: Mapped[User] = relationship()


class Launch(Model):
    """One launch that was begun. It is answered once; a Deep Linking one also takes one answer back."""

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: secrets.token_urlsafe(18))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    message: Mapped[str]
    role: Mapped[str | None]
    custom: Mapped[dict[str, str]]
    target: Mapped[str]
    locale: Mapped[str]
    begun_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    returned_at: Mapped[dt.datetime | None]
    user: Mapped[User] = relationship()
    deployment: Mapped[Deployment] = relationship()
    course: Mapped[Course] = relationship()
    activity: Mapped[Activity | None] = relationship()


class Selection(Model):
    """Content that a tool handed back, until the teacher saves it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    launch_id: Mapped[str] = mapped_column(ForeignKey("launch.id", ondelete="CASCADE"), unique=True)
    items: Mapped[list[dict[str, Any]]]
    message: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    saved: Mapped[bool] = mapped_column(default=False)
    launch: Mapped[Launch] = relationship()


class AccessToken(Model):
    """An access token, by its hash, bound to its tool and scopes."""

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(ForeignKey("tool.id", ondelete="CASCADE"))
    scopes: Mapped[list[str]]
    expires_at: Mapped[dt.datetime]
    tool: Mapped[Tool] = relationship()


class UsedOnce(Model):
    """A value that may be used once: the id of an assertion, a nonce, a registration token."""

    kind: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class Trace(Model):
    """One LTI message, as it passed; the newest 2,000 are kept."""

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    kind: Mapped[str] = mapped_column(index=True)
    direction: Mapped[str]
    method: Mapped[str]
    address: Mapped[str]
    status: Mapped[str]
    summary: Mapped[str]
    detail: Mapped[dict[str, Any]]


def row_id(text: str) -> int:
    """Return the number of the row that a text from outside names; one that no row has when it names none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def now() -> dt.datetime:
    """Return the present moment, UTC."""
    return dt.datetime.now(dt.UTC)


def changed_rows(statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return how many rows it met."""
    return int(getattr(store.session.execute(statement), "rowcount", 0))


def prepare_engine(engine: Engine) -> None:
    """Let a writer wait for another instead of failing, and take the writer's place before it reads."""

    @event.listens_for(engine, "connect")
    def on_connect(dbapi_connection: Any, record: Any) -> None:
        # The driver would begin a transaction only at the first change; we begin them ourselves.
        dbapi_connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
