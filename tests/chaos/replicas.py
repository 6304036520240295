"""A MongoDB of three members, whose primary can step down and be killed."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from learnwire_local import Mongo
from learnwire_local.processes import wait_until

MEMBERS = 3


class Member(Mongo):
    """One of three: ready as soon as it answers, whoever leads."""

    def answers(self) -> bool:
        with MongoClient[dict[str, Any]](
            "127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=250
        ) as client:
            try:
                client.admin.command("ping")
            except PyMongoError:
                return False
        return True


@dataclass
class Replicas:
    """Three members and their primary. Use as `with`."""

    members: list[Member] = field(default_factory=lambda: [Member() for _ in range(MEMBERS)])

    def __enter__(self) -> Self:
        with ThreadPoolExecutor(MEMBERS) as pool:
            list(pool.map(Member.start, self.members))
        hosts = [{"_id": at, "host": f"127.0.0.1:{each.port}"} for at, each in enumerate(self.members)]
        settings = {"electionTimeoutMillis": 3_000}
        with self._client(self.members[0], direct=True) as client:
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": hosts, "settings": settings})
        process = self.members[0].process
        assert process is not None
        wait_until(lambda: self.primary() is not None, process)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.members:
            each.close()

    @property
    def uri(self) -> str:
        return f"mongodb://{','.join(f'127.0.0.1:{each.port}' for each in self.members)}/?replicaSet=rs0"

    def primary(self) -> Member | None:
        """Who leads now."""
        for each in self.members:
            with suppress(PyMongoError), self._client(each, direct=True) as client:
                if client.admin.command("hello")["isWritablePrimary"]:
                    return each
        return None

    def step_down(self) -> None:
        """Make the primary let go; the others elect."""
        leader = self.primary()
        if leader is not None:
            with suppress(PyMongoError), self._client(leader, direct=True) as client:
                client.admin.command("replSetStepDown", 20, secondaryCatchUpPeriodSecs=5)

    def _client(self, member: Member, *, direct: bool) -> "MongoClient[dict[str, Any]]":
        return MongoClient("127.0.0.1", member.port, directConnection=direct, serverSelectionTimeoutMS=2_000)
