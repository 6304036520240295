"""Templates with their assets, as every page sends them: strict headers, names that must exist, nothing unescaped."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from contracts.types import instant_text
from shared.http.pages import words
from shared.http.problems import Problem

_POLICY = (
    "default-src 'none'; {own}style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_OWN_SCRIPT = "script-src 'self'; connect-src 'self'; "
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class Templates:
    """Templates of these packages (`templates/` in each, the first one's first), and the assets (`static/`) of the last.

    Where one of the assets is a script, the pages may run it; else they may run none.
    """

    def __init__(self, *packages: str, assets: tuple[str, ...], helpers: Mapping[str, Any]) -> None:
        folder = files(packages[-1]) / "static"
        self._assets = {name: (folder / name).read_bytes() for name in assets}
        versions = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._assets.items()}
        scripted = any(name.endswith(".js") for name in assets)
        self._headers = {
            "Content-Security-Policy": _POLICY.format(own=_OWN_SCRIPT if scripted else ""),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Cache-Control": "no-store",
        }
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(each) for each in packages]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

        def asset(name: str) -> str:
            return f"/static/{versions[name]}/{name}"

        common: dict[str, Any] = {
            "asset": asset,
            "instant_text": instant_text,
            "absolute": words.absolute,
            "relative": words.relative,
            "number": words.number,
            "plural": words.plural,
        }
        self._environment.globals.update(common | dict(helpers))

    def page(self, name: str, *, status: int, **values: Any) -> HTMLResponse:
        """Return a page."""
        html = self._environment.get_template(name).render(**values)
        return HTMLResponse(html, status, headers=self._headers)

    def asset(self, name: str) -> Response:
        """Return an asset; a change of its content is a change of its address, so it may be kept for ever."""
        if name not in self._assets:
            raise Problem(404)
        return Response(self._assets[name], media_type=_KINDS[name.rpartition(".")[2]], headers=_FOR_EVER)
