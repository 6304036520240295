"""Indexes: few, each with the question that needs it. All lists end in (timestamp, _id), the report's order."""

from action_logger.store.titles import Titles
from shared.mongo import ASCENDING, Database, IndexModel

_ORDER = [("timestamp", ASCENDING), ("_id", ASCENDING)]


def _list_by(*fields: str) -> IndexModel:
    return IndexModel([*((each, ASCENDING) for each in fields), *_ORDER])


LOG = (
    _list_by(),
    _list_by("person"),  # by e-mail; and whether an erased person has later rows
    _list_by("panorama_name"),  # also what a token may see
    _list_by("type", "source"),
    _list_by("content_kind"),
    _list_by("content_title"),
    IndexModel([("reference_id", ASCENDING), *_ORDER], partialFilterExpression={"reference_id": {"$exists": True}}),
    IndexModel([("inserted", ASCENDING)]),  # what is not sealed yet
)

PEOPLE = (
    IndexModel(
        [("pseudonyms.id", ASCENDING)], unique=True, partialFilterExpression={"pseudonyms.id": {"$exists": True}}
    ),
)


async def make(database: Database) -> None:
    """Make what is missing; nothing where all is there. The titles are an index too, of our own."""
    await database["log"].create_indexes([*LOG])
    await database["people"].create_indexes([*PEOPLE])
    await Titles(database).prepare()
