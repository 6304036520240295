"""The tests of pages would notice what they are there to notice."""

from fastapi import FastAPI, Response

from tests.browser.conftest import Visit
from tests.browser.serving import served

BAD_PAGE = """<!doctype html><html><head></head><body><p style="color:#eee;background:#fff">pale</p><img src="/x.png">
<script>alert(1)</script><script src="/ask.js"></script></body></html>"""


async def test_a_page_that_breaks_its_policy_asks_throws_and_is_hard_to_read_is_noticed(visit: Visit) -> None:
    app = FastAPI()

    @app.get("/")
    async def page() -> Response:
        return Response(BAD_PAGE, media_type="text/html", headers={"Content-Security-Policy": "script-src 'self'"})

    @app.get("/ask.js")
    async def script() -> Response:
        return Response("alert('hello'); throw new Error('broken')", media_type="text/javascript")

    _ = page, script
    async with served(app) as url:
        visitor = await visit()
        await visitor.page.goto(url)
        found = {each.partition(" ")[0] for each in await visitor.findings()}
        assert {"document-title", "html-has-lang", "image-alt", "color-contrast"} <= found
        heard = "\n".join(visitor.troubles)
        for each in ("policy violated: script-src-elem inline", "dialog: hello", "exception: broken", "404"):
            assert each in heard
        visitor.troubles.clear()
