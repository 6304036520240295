"""Signing in to a page: a signed one-time token, posted by the platform, becomes a session that the server keeps.

`POST /launch` (form field `token`), `POST /logout`, and `/dev/login` in development on loopback. A page asks
`Sessions.read(request)`; `auth.read_session = sessions.read` lets the page's script GET the API.
"""

from shared.http.sessions.entering import router
from shared.http.sessions.keeping import LAUNCH_SECONDS, PASSIVE, Sessions, in_development

__all__ = ["LAUNCH_SECONDS", "PASSIVE", "Sessions", "in_development", "router"]
