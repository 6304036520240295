"""From a document to a sentence."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from contracts.types import instant_text

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_WORD = re.compile(r"\{([^{}]+)\}")


def values_at(document: Any, path: str) -> Iterator[Any]:
    """Yield what is at a path; lists on the way are looked through, as MongoDB does."""
    if isinstance(document, list):
        for each in cast("list[Any]", document):
            yield from values_at(each, path)
        return
    if not path:
        yield document
        return
    name, _, rest = path.partition(".")
    if isinstance(document, Mapping) and name in document:
        yield from values_at(cast("Mapping[str, Any]", document)[name], rest)


def first_at(document: Any, paths: str) -> Any:
    """Return what is at the first of these paths (`a|b`) that holds anything, else None."""
    for path in paths.split("|"):
        for each in values_at(document, path):
            if each is not None:
                return each
    return None


def sentence(form: str, document: Any) -> str:
    """Return the form with its words filled in; a part in brackets goes where one of its words is missing."""

    def part(found: re.Match[str]) -> str:
        inner = found.group(1)
        missing = any(_text(document, each) == "" for each in _WORD.findall(inner))
        return "" if missing else inner

    return _WORD.sub(lambda found: _text(document, found.group(1)) or "-", _OPTIONAL.sub(part, form))


def instant_of(value: Any) -> str | None:
    """Return an instant as text, whether a document holds it as a date or as a text."""
    if isinstance(value, datetime):
        return instant_text(value)
    return value if isinstance(value, str) else None


def _text(document: Any, path: str) -> str:
    """Return all that is at the first of these paths (`a|b`) that holds anything."""
    ways = ([each for each in values_at(document, one) if each is not None] for one in path.split("|"))
    found = next(filter(None, ways), None)
    if not found:
        return ""
    return ", ".join(instant_of(each) or str(each) for each in found)
