"""Questions to the services' databases, all by index."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.explaining.kept import Each, Kept
from shared.explaining.tables import SEPARATORS, SOURCE_AND_ID, index_name
from shared.explaining.words import first_at, instant_of, sentence, values_at
from shared.mongo import Collection, Database, Document

MOST_DOCUMENTS = 50
"""Of one question: a learner may have thousands of rows, and one screen has not."""
MOST_SOURCES = 200
PRIMARY = "_id"

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that is kept: when, by whom, where, in words."""

    at: str | None
    service: str
    where: str
    says: str
    id: str
    personal: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question brought: moments, what the documents are about, whether there were more."""

    moments: tuple[Moment, ...]
    names: frozenset[tuple[tuple[str, str], ...]]
    more: bool = False


async def ask(database: Database, kept: Kept, words: Words, *, sources: Sequence[str] = ()) -> Answer:
    """Ask one question about what the words name. `sources`: of events, given by who asks."""
    texts = list(sources)
    if kept.form == SOURCE_AND_ID:
        separator = SEPARATORS[kept.service]
        known = texts or [each async for each in _sources(database[kept.collection], kept.path, separator)]
        wanted: Any = {"$in": [_filled(kept.form, {**words, "source": each, "separator": separator}) for each in known]}
    elif kept.via:
        wanted = {"$in": await _by_way_of(database, kept, words)}
    else:
        wanted = _begins(_filled(kept.form, words)) if kept.prefix else _filled(kept.form, words)
    query = {kept.path: wanted} | {path: _filled(form, words) for path, form in (kept.also or {}).items()}
    keeps = {path: _filled(form, words) for path, form in (kept.keeps or {}).items()}
    # Sorted by nothing: the index gives them in some order at once, a sort would read them all.
    cursor = database[kept.collection].find(query).limit(MOST_DOCUMENTS + 1)
    found = [each async for each in cursor if all(each.get(path) == text for path, text in keeps.items())]
    shown = found[:MOST_DOCUMENTS]
    moments = tuple(moment for each in shown for one in kept.shows for moment in _moments(kept, one, each, words))
    return Answer(moments, frozenset(_names(kept, each) for each in shown), more=len(found) > MOST_DOCUMENTS)


def _filled(form: str, words: Words) -> str:
    return form.format_map(words)


def _begins(text: str) -> Mapping[str, str]:
    return {"$gte": text, "$lt": text[:-1] + chr(ord(text[-1]) + 1)}


async def _by_way_of(database: Database, kept: Kept, words: Words) -> list[Any]:
    found: list[Any] = []
    for step in kept.via:
        wanted: Any = _begins(_filled(step.form, words)) if step.form else {"$in": found}
        found = []
        async for each in database[step.collection].find({step.path: wanted}, {step.takes: 1}).limit(MOST_DOCUMENTS):
            for value in values_at(each, step.takes):
                found.append(value.partition(step.after)[2] if step.after else value)
    return found


async def _sources(collection: Collection, path: str, separator: str) -> AsyncGenerator[str]:
    """Step from source to source along the index. Not sorted but hinted: MongoDB sorts by arrays in memory only."""
    hint = PRIMARY if path == PRIMARY else index_name(path)
    after = ""
    for _ in range(MOST_SOURCES):
        cursor = collection.find({path: {"$gte": after}}, {path: 1}).limit(1)
        cursor = cursor.hint([(PRIMARY, 1)]) if hint == PRIMARY else cursor.hint(hint)
        first = await cursor.to_list(1)
        values = [each for one in first for each in values_at(one, path) if isinstance(each, str) and each >= after]
        if not values:
            return
        source = min(values).partition(separator)[0]
        yield source
        after = source + chr(ord(separator) + 1)


def _moments(kept: Kept, each: Each, document: Document, words: Words) -> list[Moment]:
    items = _items(document, each.items) if each.items else [document]
    moments: list[Moment] = []
    for item in items:
        # A word of the item, else of its document: an attempt's course stands beside the attempts.
        both = document | _named(item)
        if each.only is not None and not _holds(both, each.only[0], words):
            continue
        at = first_at(both, each.at)
        if at is None:
            continue
        personal = {path: str(first_at(both, path)) for path in each.personal if first_at(both, path) is not None}
        moments.append(
            Moment(
                at=instant_of(at),
                service=kept.service,
                where=kept.collection,
                says=sentence(each.says, both),
                id=str(document[PRIMARY]).replace("\n", " "),
                personal=personal,
            )
        )
    return moments


def _items(document: Document, path: str) -> list[Any]:
    found: Any = document.get(path)
    return cast("list[Any]", found) if isinstance(found, list) else list(values_at(document, path))


def _named(item: Any) -> Document:
    """Return an item by names; values of a row are called by their places."""
    if isinstance(item, list):
        return {str(place): value for place, value in enumerate(cast("list[Any]", item))}
    return cast("Document", item) if isinstance(item, dict) else {}


def _holds(item: Document, path: str, words: Words) -> bool:
    """Tell whether an item's event is the one that is asked for: its reference ends in the id."""
    text = str(first_at(item, path) or "")
    return "id" in words and re.split(r"[ \n]", text, maxsplit=1)[-1] == words["id"]


def _names(kept: Kept, document: Document) -> tuple[tuple[str, str], ...]:
    found = ((name, first_at(document, path)) for name, path in kept.names)
    return tuple((name, value) for name, value in found if isinstance(value, str))
