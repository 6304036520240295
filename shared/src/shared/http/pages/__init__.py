"""What the analysts' pages share: their look, sign-in and error messages, filter forms, charts. No script at all."""

from shared.http.pages.forms import Form
from shared.http.pages.looks import Looks
from shared.http.pages.site import Query, Site

__all__ = ["Form", "Looks", "Query", "Site"]
