"""Somebody at a browser: pages, what goes wrong on them without being seen, and what axe-core finds.

A `Visitor` notes everything that a good page never does: an error on the console, an uncaught exception, a refusal by
the content security policy, a dialog, a request to another site. The fixture looks at the end that there was none.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, ViewportSize

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, SMALL = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=740)
PATIENCE_MILLISECONDS = 60_000
"""Of a browser beside two other test processes: its own five seconds are soon over there."""
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_TELL_OF_REFUSALS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


def chromium() -> str | None:
    """Where this machine's Chromium is."""
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text()


@dataclass
class Visitor:
    """One browser window with its own cookies; `page` is its tab."""

    context: BrowserContext
    page: Page
    troubles: list[str] = field(default_factory=list[str])
    _visited: set[str] = field(default_factory=set[str])

    async def findings(self) -> list[str]:
        """What axe-core finds wrong with the page as it stands: rule, place, and why."""
        # A script that the debugger brings is not subject to the page's policy.
        await self.page.evaluate(_axe())
        found: dict[str, Any] = await self.page.evaluate(
            "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", list(TAGS)
        )
        return [
            f"{rule['id']} at {' '.join(node['target'])}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def watch(self, page: Page) -> None:
        """Note what goes wrong on a page."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"exception: {error}"))
        page.on("dialog", self._asked)
        page.on("request", self._requested)

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium says on the console too that a page itself was answered 401 or 404: that is what was asked for.
        of_the_page = message.text.startswith("Failed to load resource") and message.location["url"] in self._visited
        if message.type in {"error", "warning"} and not of_the_page:
            self.troubles.append(f"{message.type}: {message.text}")

    async def _asked(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _requested(self, request: Request) -> None:
        if request.is_navigation_request():
            self._visited.add(request.url)
        host = urlsplit(request.url).hostname
        if host not in {"127.0.0.1", "localhost", None}:
            self.troubles.append(f"request to another site: {request.url}")


async def a_visitor(
    browser: Browser,
    *,
    scheme: Literal["light", "dark"] = "light",
    javascript: bool = True,
    viewport: ViewportSize = WIDE,
    permissions: Sequence[str] = (),
) -> Visitor:
    """Open a window."""
    context = await browser.new_context(
        color_scheme=scheme,
        java_script_enabled=javascript,
        viewport=viewport,
        permissions=list(permissions),
        reduced_motion="reduce",
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    await context.add_init_script(_TELL_OF_REFUSALS)
    visitor = Visitor(context, await context.new_page())
    visitor.watch(visitor.page)
    return visitor
