"""How an analysts' page looks: its templates, and what they call things. It runs no script."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from shared.http.auth import Principal
from shared.http.pages import words
from shared.http.pages.templates import Templates


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
        own: dict[str, Any] = {
            "brand": title,
            "places": places,
            "url": url,
            "breakable": breakable,
            "shortened": shortened,
            **{name: getattr(words, name) for name in ("exact", "age", "duration", "percent", "day", "clock")},
        }
        self._templates = Templates(
            package, "shared.http.pages", assets=("pages.css", "icon.svg"), helpers=own | helpers
        )

    def page(self, name: str, who: Principal | None, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        given = {"here": "", **values}
        return self._templates.page(name, status=status, who=who, now=self._clock(), **given)

    def asset(self, name: str) -> Response:
        """Return the style sheet, or the icon."""
        return self._templates.asset(name)

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
