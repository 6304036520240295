"""What the browser tests of the analysts' pages share."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visiting import SMALL, WIDE, Visitor

LOOKS: Mapping[str, dict[str, Any]] = {
    "light": {"viewport": WIDE},
    "dark": {"scheme": "dark", "viewport": WIDE},
    "small": {"viewport": SMALL},
}
EACH_LOOK = [pytest.param(name, marks=[pytest.mark.long] if name == "dark" else [], id=name) for name in LOOKS]
"""The dark look is the light one in other colours: it is looked at with what takes minutes."""


async def sign_in(visitor: Visitor, url: str, token: str) -> None:
    """Come in as people do: a form on the platform's page, posted to the service."""
    await visitor.page.set_content(
        f'<form method="post" action="{url}/launch"><input name="token" value="{token}"><button>Open</button></form>'
    )
    await visitor.page.get_by_role("button", name="Open").click()
    await visitor.page.wait_for_url(url + "/**")


async def look(visitor: Visitor, name: str) -> list[str]:
    """What axe-core finds, and whether the page is wider than the screen (a small one: only that). `SCREENSHOTS` names a folder for a picture of it."""
    if folder := os.environ.get("SCREENSHOTS"):
        await visitor.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    found = [] if visitor.page.viewport_size == SMALL else await visitor.findings()
    wide, room = await visitor.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return found if wide <= room else [*found, f"{wide} pixels wide on a screen of {room}"]
