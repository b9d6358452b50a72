"""PostgreSQL databases for tests: one is made, and put back between tests to what it was."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from sqlalchemy import Connection, NullPool, create_engine, inspect, text

_SHAPE = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
  SELECT concat_ws(' ', attrelid::regclass, attnum, attname, atttypid, atttypmod, attnotnull, atthasdef) AS line
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
   WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
) AS shape
"""
_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_GUARDED = "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
_SEQUENCES = "SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"


def copy_database(server: str, name: str, *, template: str | None) -> str:
    """Create a PostgreSQL database, empty or as a copy, and return its URL."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        source = f' TEMPLATE "{template.rpartition("/")[2]}"' if template else ""
        connection.execute(text(f'CREATE DATABASE "{name}"{source}'))
    engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"


def drop_database(server: str, name: str) -> None:
    """Drop a PostgreSQL database whoever still uses it."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


class KeptDatabase:
    """A database that every test finds as its template is.

    Copying a database takes a third of a second. Here only the tables that a test changed are filled again, and the
    database is copied anew only when a test changed its tables themselves.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self.name = f"{template.rpartition('/')[2]}_run"
        self.url = ""

    def fresh(self) -> str:
        """Return the URL of the database, as the template is; whoever was still connected is not any more."""
        if not self.url:
            self._copy()
        else:
            with self._engine.connect() as connection:
                connection.execute(text(_OTHERS))
                whole = connection.scalar(text(_SHAPE)) == self._shape
                if whole:
                    self._refill(connection)
            if not whole:
                self.drop()
                self._copy()
        return self.url

    def drop(self) -> None:
        """Remove the database."""
        if self.url:
            drop_database(self._server, self.name)
            self.url = ""
            del self._tables

    def _copy(self) -> None:
        self.url = copy_database(self._server, self.name, template=self._template)
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with self._engine.connect() as connection:
            self._shape = connection.scalar(text(_SHAPE))
            self._sums = self._sums_of(connection)
            self._sequences = _sequences_of(connection)
            self._guarded = set(connection.scalars(text(_GUARDED)))
            connection.execute(text("CREATE SCHEMA kept"))
            for table in self._tables:
                connection.execute(text(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"'))

    @cached_property
    def _tables(self) -> dict[str, set[str]]:
        """Every table after those that it refers to."""
        names = inspect(self._engine).get_sorted_table_and_fkc_names()
        tables = [name for name, _keys in names if name is not None]
        keys = inspect(self._engine).get_multi_foreign_keys()
        return {name: {str(key["referred_table"]) for key in keys[None, name]} - {name} for name in tables}

    def _sums_of(self, connection: Connection) -> dict[str, str | None]:
        columns = (
            f"(SELECT md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM public.\"{table}\" AS t)"
            for table in self._tables
        )
        return dict(zip(self._tables, connection.execute(text(f"SELECT {', '.join(columns)}")).one(), strict=True))

    def _refill(self, connection: Connection) -> None:
        found = self._sums_of(connection)
        touched: set[str] = set()
        for table, referred in self._tables.items():
            if found[table] != self._sums[table] or referred & touched:
                touched.add(table)
        guarded = sorted(self._guarded & touched)
        # Whoever owns a table may do what its triggers forbid everybody who uses it.
        steps = [f'ALTER TABLE public."{table}" DISABLE TRIGGER USER' for table in guarded]
        steps += [f'DELETE FROM public."{table}"' for table in reversed(self._tables) if table in touched]
        steps += [
            f'INSERT INTO public."{table}" OVERRIDING SYSTEM VALUE TABLE kept."{table}"'
            for table in self._tables
            if table in touched and self._sums[table] is not None
        ]
        steps += [f'ALTER TABLE public."{table}" ENABLE TRIGGER USER' for table in guarded]
        changed = _sequences_of(connection) - self._sequences
        before = {name: (value, called) for name, value, called in self._sequences}
        steps += [
            f"PERFORM setval('public.\"{name}\"', {before[name][0]}, {before[name][1]})" for name, _, _ in changed
        ]
        _do(connection, steps)


def _sequences_of(connection: Connection) -> set[tuple[str, int, bool]]:
    return {(name, value, called) for name, value, called in connection.execute(text(_SEQUENCES))}


def _do(connection: Connection, steps: Iterable[str]) -> None:
    """Take several steps in one transaction and one round trip."""
    body = "; ".join(steps)
    if body:
        connection.exec_driver_sql(f"DO $steps$ BEGIN {body}; END $steps$")
