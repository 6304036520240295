"""Templates and what they need; every page is sent with the same strict headers."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from bulk_tracker.domain.views import Details
from bulk_tracker.pages import words
from contracts.types import instant_text
from shared.http import Principal

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
ASSETS = {"tracker.css": "text/css", "tracker.js": "text/javascript", "icon.svg": "image/svg+xml"}


class Looks:
    """Renders the page's templates."""

    def __init__(self, clock: Callable[[], datetime], *, development: bool) -> None:
        self._clock = clock
        self._development = development
        folder = files("bulk_tracker.pages") / "static"
        self.assets = {name: (folder / name).read_bytes() for name in ASSETS}
        versions = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self.assets.items()}
        self._templates = Environment(
            loader=PackageLoader("bulk_tracker.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

        def asset(name: str) -> str:
            return f"/static/{versions[name]}/{name}"

        helpers: dict[str, Any] = {
            "asset": asset,
            "instant_text": instant_text,
            "absolute": words.absolute,
            "relative": words.relative,
            "left": words.left,
            "number": words.number,
            "percent": words.percent,
            "plural": words.plural,
        }
        self._templates.globals.update(helpers)

    def page(self, name: str, who: Principal | None, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        html = self._templates.get_template(name).render(who=who, now=self._clock(), **values)
        return HTMLResponse(html, status, headers=HEADERS)

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
