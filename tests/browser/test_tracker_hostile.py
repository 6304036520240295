"""A hundred hostile texts in every field of actions, reports, people and addresses: all of them are shown, none does anything."""

from collections.abc import AsyncGenerator
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from contracts.bulk_actions import Task
from contracts.event import Event
from shared.mongo import connect
from tests.browser.conftest import Visit
from tests.browser.hostile import HOSTILE
from tests.browser.tracking import Site, a_site, ago
from tests.browser.visiting import Visitor
from tests.bulk_tracker.conftest import settings_in
from tests.bulk_tracker.facts import a_row, ada, finished, rows_reported, submitted

WATCH = "window.pwned = () => { console.error('pwned'); }"


def an_action_of(number: int, text: str) -> list[Event]:
    """The text in each field that takes any text; ids take no spaces."""
    name = f"h-{number:03}"
    return [
        submitted(
            ago(hours=1, minutes=number),
            name,
            action_type=text,
            file_names=(text, f"{text}.csv"),
            requester=ada(name=text),
            task=Task(task_id=f"t{number}{_id_of(text)}", step=1, steps=2, label=text),
            reference_id=_id_of(text),
        ),
        rows_reported(
            ago(minutes=50), a_row(2, identifier=text, issue=text, resolution=text), action_id=name, file_name=text
        ),
        finished(ago(minutes=40), action_id=name, message=text),
    ]


def _id_of(text: str) -> str:
    return "".join(text.split())[:100]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    async with connect(mongo_uri, f"t{tmp_path_factory.getbasetemp().name}hostile") as database:
        async with a_site(database, settings_in(tmp_path_factory.mktemp("keys"))) as made:
            await made.tracker.told(
                *(event for number, text in enumerate(HOSTILE) for event in an_action_of(number, text))
            )
            yield made
        await database.client.drop_database(database.name)


async def ada_with(site: Site, visit: Visit, name: str) -> Visitor:
    visitor: Visitor = await visit()
    await visitor.context.add_init_script(WATCH)
    await site.sign_in(visitor, name=name)
    return visitor


def shown(text: str) -> str:
    return " ".join(text.split())


async def test_in_lists_and_in_filters_they_are_texts(site: Site, visit: Visit) -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) == 100
    visitor = await ada_with(site, visit, "<script>pwned()</script>")
    page = visitor.page
    seen: list[str] = []
    for _ in range(2):
        seen += [shown(each) for each in await page.locator("a.name").all_text_contents()]
        older = page.get_by_role("link", name="Older actions")
        if await older.count():
            await older.click()
            await page.wait_for_url("**cursor=**")
    assert seen == [shown(each) for each in HOSTILE]
    for text in HOSTILE[::20]:
        query = urlencode({"q": text[:200], "type": text, "status": text, "from": text, "to": text, "cursor": text})
        await page.goto(f"{site.url}/?{query}")
        assert await page.get_by_label("Reference ID or file name").input_value() == text
    assert visitor.troubles == []


@pytest.mark.parametrize(
    "texts", [pytest.param(HOSTILE[::20], id="some"), pytest.param(HOSTILE, id="all", marks=pytest.mark.long)]
)
async def test_on_an_actions_own_page_they_are_texts(site: Site, visit: Visit, texts: tuple[str, ...]) -> None:
    visitor = await ada_with(site, visit, texts[-1])
    page = visitor.page
    for text in texts:
        await page.goto(f"{site.url}/actions/h-{HOSTILE.index(text):03}")
        everything = shown(await page.locator("body").inner_text())
        assert everything.count(shown(text)) >= 8, text
    assert visitor.troubles == []
