"""What waits in tests: over what is not there yet it stumbles without falling, and at the end it says why."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.world import eventually


def looks(*found: Any) -> Callable[[], Awaitable[Any]]:
    """Return a look that finds these one after another; the last of them again and again."""
    left = list(found)

    async def look() -> Any:
        return (left.pop(0) if len(left) > 1 else left[0])["rows"][0]

    return look


async def test_a_look_at_what_is_not_there_yet_looks_again() -> None:
    assert await eventually(looks(None, {}, {"rows": []}, {"rows": ["there"]}), "a row") == "there"


async def test_what_never_comes_is_told_with_the_error_of_the_last_look() -> None:
    with pytest.raises(KeyError, match="rows"):
        await eventually(looks({}), "a row", seconds=0)


async def test_what_never_becomes_so_is_told_with_what_was_seen() -> None:
    with pytest.raises(AssertionError, match=r"waited 0 s for a full row; last seen: empty"):
        await eventually(looks({"rows": ["empty"]}), "a full row", until=lambda row: row == "full", seconds=0)
