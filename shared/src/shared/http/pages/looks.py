"""Templates and what they need; every page is sent with the same strict headers and runs no script."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from contracts.types import instant_text
from shared.http.auth import Principal
from shared.http.pages import words

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
ASSETS = {"pages.css": "text/css", "icon.svg": "image/svg+xml"}


class Looks:
    """Renders templates of a service (`templates/` beside `package`) and those that pages share."""

    def __init__(
        self,
        package: str,
        *,
        title: str,
        places: Mapping[str, str],
        clock: Callable[[], datetime],
        development: bool = False,
        **helpers: Any,
    ) -> None:
        self._clock = clock
        self._development = development
        self._title = title
        folder = files("shared.http.pages") / "static"
        self.assets = {name: (folder / name).read_bytes() for name in ASSETS}
        versions = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self.assets.items()}
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("shared.http.pages")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

        def asset(name: str) -> str:
            return f"/static/{versions[name]}/{name}"

        own: dict[str, Any] = {
            "asset": asset,
            "brand": title,
            "places": places,
            "url": url,
            "breakable": breakable,
            "shortened": shortened,
            "instant_text": instant_text,
            **{name: getattr(words, name) for name in ("absolute", "exact", "relative", "age", "duration", "number")},
            "percent": words.percent,
            "plural": words.plural,
            "day": words.day,
            "clock": words.clock,
        }
        self._templates.globals.update(own | helpers)

    def page(self, name: str, who: Principal | None, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        given = {"here": "", **values}
        html = self._templates.get_template(name).render(who=who, now=self._clock(), **given)
        return HTMLResponse(html, status, headers=HEADERS)

    def message(
        self, who: Principal | None, *, status: int, title: str, text: str, link: str | None = "/", link_text: str = ""
    ) -> HTMLResponse:
        """Return a page that says one thing, and where to go from there."""
        text_of_link = link_text or f"To {self._title}"
        return self.page("message.html", who, status=status, title=title, text=text, link=link, link_text=text_of_link)

    def signed_out(self) -> HTMLResponse:
        """Return what somebody without a session sees."""
        return self.message(
            None,
            status=401,
            title="You are signed out",
            text=f"Open “{self._title}” from your platform. A session ends after half an hour without use.",
            link="/dev/login" if self._development else None,
            link_text="Choose a demo user",
        )

    def launch_failed(self) -> HTMLResponse:
        """Return what somebody sees whose link to sign in is no good."""
        return self.message(
            None,
            status=401,
            title="Signing in did not work",
            text=f"The link was used before or is too old. Open “{self._title}” from your platform once more.",
            link=None,
        )


def breakable(text: str) -> Markup:
    """Return a text that may be broken after each `_`, where words that people never wrote are longest."""
    return Markup("_<wbr>").join(text.split("_"))  # what is joined is escaped


def shortened(text: str, most: int = 90) -> str:
    """Return a text for a place that leads to the whole of it."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def url(path: str, **parameters: object) -> str:
    """Return an address with those parameters that are given."""
    given = {name: value for name, value in parameters.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
