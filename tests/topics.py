"""Removing the topics that tests made."""

from aiokafka.admin import AIOKafkaAdminClient


async def remove_topics(kafka: str, prefixes: tuple[str, ...]) -> None:
    """Remove all topics whose names begin so."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(prefixes)]
        if names:
            await admin.delete_topics(names)
    finally:
        await admin.close()
