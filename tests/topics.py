"""Removing the topics that tests made."""

from aiokafka.admin import AIOKafkaAdminClient

PATIENCE_MILLISECONDS = 120_000
"""Some hundred topics at once; what comes too late would be the error of the test that happens to end here."""


async def remove_topics(kafka: str, prefixes: tuple[str, ...]) -> None:
    """Remove all topics whose names begin so."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, request_timeout_ms=PATIENCE_MILLISECONDS)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(prefixes)]
        if names:
            await admin.delete_topics(names)
    finally:
        await admin.close()
