"""The state file: every row as JSON in SQLite, written before a request is answered."""

import json
import sqlite3
from pathlib import Path

from salesforce_standin.org import Org

_TABLES = """
create table if not exists rows (id text primary key, object text not null, body text not null) without rowid;
create table if not exists counters (object text primary key, numbers integer not null, automatic integer not null) without rowid;
create table if not exists deployments (number integer primary key, packed blob not null);
create table if not exists facts (name text primary key, value text not null) without rowid;
"""


class Journal:
    """Without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else sqlite3.connect(path, isolation_level=None)
        if self._file is not None:
            self._file.executescript("pragma journal_mode = wal; pragma synchronous = normal;" + _TABLES)

    def deployments(self) -> list[bytes]:
        """What was deployed, in order; to be taken over before the rows are loaded."""
        if self._file is None:
            return []
        return [packed for (packed,) in self._file.execute("select packed from deployments order by number")]

    def keep_deployment(self, packed: bytes) -> None:
        if self._file is not None:
            self._file.execute("insert into deployments (packed) values (?)", (packed,))

    def load(self, org: Org) -> bool:
        """Fill the org with what is kept; False when nothing is."""
        if self._file is None:
            return False
        facts: dict[str, str] = dict(self._file.execute("select name, value from facts"))
        if "generation" not in facts:
            return False
        org.generation = int(facts["generation"])
        for name, body in self._file.execute("select object, body from rows order by id"):
            if name in org.database.tables:
                org.database.put(name, json.loads(body))
        for name, numbers, automatic in self._file.execute("select object, numbers, automatic from counters"):
            if name in org.database.tables:
                org.database.tables[name].numbers = numbers
                org.database.tables[name].automatic = automatic
        org.database.settle()
        return True

    def save(self, org: Org) -> None:
        """What changed since the last time."""
        changed = org.database.settle()
        if self._file is None or not changed:
            return
        kept = [(row_id, name, json.dumps(row)) for row_id, (name, row) in changed.items() if row is not None]
        gone = [(row_id,) for row_id, (_, row) in changed.items() if row is None]
        counters = [(name, table.numbers, table.automatic) for name, table in org.database.tables.items()]
        self._file.execute("begin")
        self._file.executemany("insert or replace into rows values (?, ?, ?)", kept)
        self._file.executemany("delete from rows where id = ?", gone)
        self._file.executemany("insert or replace into counters values (?, ?, ?)", counters)
        self._file.execute("insert or replace into facts values ('generation', ?)", (str(org.generation),))
        self._file.execute("commit")

    def forget(self) -> None:
        if self._file is not None:
            self._file.executescript("begin; delete from rows; delete from counters; delete from facts; commit;")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
