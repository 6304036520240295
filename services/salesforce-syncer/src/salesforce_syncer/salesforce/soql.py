"""Questions in SOQL: texts escaped, lists cut, pages followed to their end."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from salesforce_syncer.salesforce.client import Client, Request

IN_LIST = 100
"""Values of one IN list: with ids and keys of the usual length the address stays far below Salesforce's 16 KiB."""
LIST_CHARACTERS = 6_000

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)


def quoted(text: str) -> str:
    """Return a text literal; SOQL and SOSL Reference, "Quoted String Escape Sequences"."""
    return f"'{text.translate(_ESCAPES)}'"


def lists(values: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """Yield values in groups, each with its text for an IN."""
    group: list[str] = []
    size = 0
    for value in values:
        length = len(quoted(value).encode()) + 1
        if group and (len(group) == IN_LIST or size + length > LIST_CHARACTERS):
            yield group, "(" + ",".join(map(quoted, group)) + ")"
            group, size = [], 0
        group.append(value)
        size += length
    if group:
        yield group, "(" + ",".join(map(quoted, group)) + ")"


async def query(client: Client, soql: str, *, deleted_too: bool = False) -> AsyncGenerator[dict[str, Any]]:
    """Yield the rows, without the namespace, however many pages they come in."""
    request = Request("query", "GET", "/queryAll" if deleted_too else "/query", params={"q": soql})
    while True:
        page = (await client.call(request)).body
        for record in page["records"]:
            yield client.names.fields(record)
        if page["done"]:
            return
        request = Request("query", "GET", page["nextRecordsUrl"])
