"""The indexes that the command needs and the service has no use of its own for: made by the service's shell."""

from shared.explaining.tables import index_name, indexes_of
from shared.mongo import ASCENDING, Database, IndexModel


async def prepare(database: Database, service: str) -> None:
    """Make what is missing; nothing where all is there."""
    for collection, paths in indexes_of(service).items():
        await database[collection].create_indexes(
            [IndexModel([(path, ASCENDING)], name=index_name(path), sparse=True) for path in paths]
        )
