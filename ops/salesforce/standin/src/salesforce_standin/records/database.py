"""The rows of all objects in memory, with their indexes, an undo log and a list of what must be saved."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from salesforce_standin.records.values import Value
from salesforce_standin.schema.model import Field, Schema

Row = dict[str, Value]  # never changed in place: the undo log holds the one before


def index_key(one: Field, value: Value) -> Value:
    """What counts as the same value in this field."""
    return value.casefold() if isinstance(value, str) and not one.case_sensitive else value


def is_indexed(one: Field) -> bool:
    return one.name != "Id" and (one.unique or one.external_id or one.id_lookup or one.kind == "reference")


@dataclass(slots=True)
class Table:
    """The rows of one object; the indexes know only rows that are not deleted."""

    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    indexes: dict[str, dict[Value, dict[str, None]]] = field(default_factory=dict[str, dict[Value, dict[str, None]]])
    numbers: int = 0  # given to ids so far
    automatic: int = 0  # given to auto-numbers so far


class Database:
    """All tables. Whoever writes takes a `mark()` first and may go back to it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.tables: dict[str, Table] = {}
        self.written: Counter[tuple[str, str]] = Counter()  # object and created, updated or deleted
        self._undo: list[tuple[str, str, Row | None, str | None]] = []
        self.adopt(schema)

    def adopt(self, schema: Schema) -> None:
        """Take a schema with more objects or fields; the rows stay."""
        self.schema = schema
        for name in schema.objects:
            self.tables.setdefault(name, Table())
            self._index_again(name)

    def get(self, name: str, row_id: str) -> Row | None:
        """The row, deleted ones too."""
        return self.tables[name].rows.get(row_id)

    def rows(self, name: str) -> Iterator[Row]:
        return iter(self.tables[name].rows.values())

    def find(self, name: str, one: Field, value: Value) -> list[str]:
        """Ids of the rows, not deleted, that have this value in an indexed field."""
        return list(self.tables[name].indexes[one.name].get(index_key(one, value), ()))

    def put(self, name: str, row: Row, *, counts_as: str | None = None) -> None:
        """Place the row; `counts_as` created, updated or deleted once it is settled."""
        row_id = str(row["Id"])
        before = self.tables[name].rows.get(row_id)
        self._undo.append((name, row_id, before, counts_as))
        self._place(name, row_id, before, row)

    def remove(self, name: str, row_id: str) -> None:
        before = self.tables[name].rows.get(row_id)
        self._undo.append((name, row_id, before, None))
        self._place(name, row_id, before, None)

    def mark(self) -> int:
        return len(self._undo)

    def roll_back(self, mark: int) -> None:
        while len(self._undo) > mark:
            name, row_id, before, _ = self._undo.pop()
            self._place(name, row_id, self.tables[name].rows.get(row_id), before)

    def settle(self) -> Mapping[str, tuple[str, Row | None]]:
        """What changed since the last time, by id: object and row (None where it is gone). The undo log ends here."""
        changed = {row_id: (name, self.tables[name].rows.get(row_id)) for name, row_id, _, _ in self._undo}
        self.written.update((name, what) for name, _, _, what in self._undo if what)
        self._undo.clear()
        return changed

    def _place(self, name: str, row_id: str, before: Row | None, after: Row | None) -> None:
        table = self.tables[name]
        for one_name, index in table.indexes.items():
            one = self.schema.objects[name].fields[one_name]
            old = _indexed_value(one, before)
            new = _indexed_value(one, after)
            if old == new:
                continue
            if old is not None:
                index[old].pop(row_id, None)
                if not index[old]:
                    del index[old]
            if new is not None:
                index.setdefault(new, {})[row_id] = None
        if after is None:
            table.rows.pop(row_id, None)
        else:
            table.rows[row_id] = after

    def _index_again(self, name: str) -> None:
        table = self.tables[name]
        fields = [one for one in self.schema.objects[name].fields.values() if is_indexed(one)]
        table.indexes = {one.name: {} for one in fields}
        for row_id, row in table.rows.items():
            for one in fields:
                value = _indexed_value(one, row)
                if value is not None:
                    table.indexes[one.name].setdefault(value, {})[row_id] = None


def _indexed_value(one: Field, row: Row | None) -> Value:
    return None if row is None or row.get("IsDeleted") else index_key(one, row.get(one.name))
