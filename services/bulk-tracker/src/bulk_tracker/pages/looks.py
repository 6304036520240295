"""How the tracker's page looks, and what it says where there is nothing to show."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from bulk_tracker.domain.views import Details
from bulk_tracker.pages.words import left, percent
from shared.http import Principal
from shared.http.pages import words
from shared.http.pages.templates import Templates


class Looks:
    """Renders the page's templates."""

    def __init__(self, clock: Callable[[], datetime], *, development: bool) -> None:
        self._clock = clock
        self._development = development
        self._templates = Templates(
            "bulk_tracker.pages",
            assets=("tracker.css", "tracker.js", "icon.svg"),
            helpers={"left": left, "percent": percent},
        )

    def page(self, name: str, who: Principal | None, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        return self._templates.page(name, status=status, who=who, now=self._clock(), **values)

    def asset(self, name: str) -> Response:
        """Return the style sheet, the script, or the icon."""
        return self._templates.asset(name)

    def signed_out(self) -> HTMLResponse:
        return self.page(
            "message.html",
            None,
            status=401,
            title="You are signed out",
            text="Open the action tracker from its icon in the top navigation of your platform.",
            link="/dev/login" if self._development else None,
            link_text="Choose a demo user",
        )

    def launch_failed(self) -> HTMLResponse:
        return self.page(
            "message.html",
            None,
            status=401,
            title="Signing in did not work",
            text="The link was used before or is too old. Open the action tracker from your platform once more.",
            link=None,
        )

    def not_found(self, who: Principal) -> HTMLResponse:
        return self.page(
            "message.html",
            who,
            status=404,
            title="Nothing here",
            text="You have started no such action, or it has no error report.",
            link="/",
            link_text="All your actions",
        )

    def expired(self, who: Principal, item: Details) -> HTMLResponse:
        when = words.absolute(item.report.expires_at) if item.report.expires_at else "a while ago"
        return self.page(
            "message.html",
            who,
            status=410,
            title="This error report has expired",
            text=f"It was available for one week, until {when}. Its rows are deleted; the action stays.",
            link=f"/actions/{item.action_id}",
            link_text="See the action",
        )
