"""Processes whose clocks are wrong, and what they hold by lease."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from tests.world import Process, World

AN_HOUR = 3_600
SHIFTING = Path(__file__).with_name("skewed")

Lease = tuple[str, str]
"""Service and name."""
Holders = dict[Lease, tuple[str, int]]
"""Who holds each lease, and with which fencing number."""


def shifted(seconds: float) -> Mapping[str, str]:
    """Variables for a process whose clock is so far ahead; behind where it is negative."""
    return {"PYTHONPATH": str(SHIFTING), "CLOCK_SHIFT_SECONDS": str(seconds)}


def holders(world: World, *services: str) -> Holders:
    """Who holds the leases of these services."""
    found: Holders = {}
    with MongoClient[dict[str, Any]](world.mongo_uri) as client:
        for service in services:
            for each in client[world.database_of(service)]["leases"].find():
                if each["holder"] is not None:
                    found[service, each["_id"]] = (each["holder"], each["fence"])
    return found


async def asked(world: World, process: Process, path: str, *, seconds: float, **claims: Any) -> httpx.Response:
    """GET with a manager's token that is good for a clock which is so far ahead."""
    issued = int(time.time() + seconds)
    token = world.token(process.name, "manager", iat=issued, exp=issued + 600, **claims)
    return await world.get(process, path, token=token)
