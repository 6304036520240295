"""The pages of signing in that all services share: which demo user, and whether to become somebody else."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from fastapi import Response

from shared.http.auth import Principal

_STYLE = (
    ":root{color-scheme:light dark;--ground:#f4f6f9;--card:#fff;--ink:#18212e;--quiet:#566375;--line:#dde3eb;"
    "--edge:#7d8a9b;--accent:#1d4fa8;--on:#fff}"
    "@media(prefers-color-scheme:dark){:root{--ground:#10151c;--card:#181f29;--ink:#e7ecf3;--quiet:#9eabbc;"
    "--line:#2b3543;--edge:#728093;--accent:#8db8ff;--on:#0c1a31}}"
    "*{box-sizing:border-box}"
    "body{margin:0;padding:min(12vh,96px) 16px 32px;background:var(--ground);color:var(--ink);"
    'font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}'
    "main{max-width:480px;margin:0 auto;padding:32px;background:var(--card);border:1px solid var(--line);"
    "border-radius:14px}"
    "h1{margin:0 0 8px;font-size:22px;line-height:1.3}p{margin:0 0 16px;overflow-wrap:anywhere}.quiet{color:var(--quiet)}"
    "ul{list-style:none;margin:0;padding:0}li+li,button+button{margin-top:10px}"
    "button{display:block;font:inherit;width:100%;padding:10px 16px;text-align:left;color:inherit;background:none;"
    "border:1px solid var(--edge);border-radius:10px;cursor:pointer;overflow-wrap:anywhere}"
    "button:hover{border-color:var(--accent)}button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    "button.main{background:var(--accent);border-color:var(--accent);color:var(--on);font-weight:600}"
    "button b,button small{display:block}button small{color:var(--quiet);font-size:14px}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def demo_users(users: Sequence[Principal]) -> Response:
    """Return the page on which somebody who tries the product chooses who he is."""
    choices = "".join(
        f'<li><button name="user" value="{number}">{_described(each)}</button></li>'
        for number, each in enumerate(users)
    )
    if not choices:
        text = '<p class="quiet">There is nobody yet: publish some events first, then load this page again.</p>'
        return _page("Who do you want to be?", text)
    text = '<p class="quiet">Sign-in for development; it does not exist anywhere else.</p>'
    return _page("Who do you want to be?", f'{text}<form method="post"><ul>{choices}</ul></form>')


def confirmation(present: Principal, waiting: Principal) -> Response:
    """Ask whether the browser's session shall become another person's."""
    body = (
        f"<p>You are signed in as {_strong(present)}. "
        f"A page has just asked to sign you in as {_strong(waiting)}.</p>"
        '<p class="quiet">If you did not ask for that yourself, stay who you are.</p>'
        '<form method="post" action="/launch">'
        f'<button class="main" name="confirm" value="no">Stay signed in as {_name(present)}</button>'
        f'<button name="confirm" value="yes">Sign in as {_name(waiting)}</button></form>'
    )
    return _page("Sign in as somebody else?", body)


def _page(title: str, body: str) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )
    return Response(html, media_type="text/html", headers=_HEADERS)


def _described(principal: Principal) -> str:
    scope = [", ".join(sorted(principal.roles)), principal.portal_id or ""]
    return f"<b>{_name(principal)}</b><small>{escape(' · '.join(each for each in scope if each))}</small>"


def _strong(principal: Principal) -> str:
    place = f" ({escape(principal.portal_id)})" if principal.portal_id else ""
    return f"<strong>{_name(principal)}</strong>{place}"


def _name(principal: Principal) -> str:
    return escape(principal.name or principal.subject)
