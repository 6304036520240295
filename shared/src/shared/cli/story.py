"""A life put together: what was published, what each service made of it, what it keeps."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from aiokafka import TopicPartition

from contracts.catalog import DEAD_LETTERS, SERVICES, TOPICS, Topic, dead_letters
from shared.cli.reach import DATABASE_SECONDS, CommandSettings, Notes, database_of
from shared.cli.stream import Published, Scanned, Stream, Wanted, by_id, by_key
from shared.explaining.asking import Answer, Moment, Words, ask
from shared.explaining.kept import Kept
from shared.explaining.tables import KEPT
from shared.mongo import Client

NEWEST = 2_000
"""Records of each partition that are looked at where nothing says when it was."""
STREAM_SECONDS = 0.7
KAFKA_SECONDS = 8.0
"""Beyond the reading itself: to connect and to be told where to read, on a busy machine."""
CLOCKS_DIFFER = timedelta(minutes=2)
UUID_BY_TIME = 7
THINGS = frozenset({"portal", "learner", "action", "reference"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked about; `text` may be the name of several kinds of things."""

    text: str
    source: str | None = None
    since: datetime | None = None
    seconds: float = STREAM_SECONDS

    @property
    def words(self) -> Words:
        """The words that the tables' forms are made of."""
        portal, slash, learner = self.text.partition("/")
        words = {"id": self.text, "action": self.text, "reference": self.text, "key": reference_key(self.text)}
        return words | ({"portal": portal, "learner": learner} if slash and portal and learner else {})


@dataclass(slots=True)
class Letter:
    """A dead letter that was found."""

    service: str
    record: Published
    settled: str | None = None

    @property
    def coordinates(self) -> str:
        """Where the record was before."""
        return "/".join(self.record.headers.get(f"dlq-{each}", "") for each in ("topic", "partition", "offset"))


@dataclass(slots=True)
class Story:
    """All that was found out."""

    asked: Asked
    notes: Notes
    events: list[Published] = field(default_factory=list[Published])
    caused: list[Published] = field(default_factory=list[Published])
    letters: list[Letter] = field(default_factory=list[Letter])
    moments: list[Moment] = field(default_factory=list[Moment])
    outcomes: dict[str, str] = field(default_factory=dict[str, str])
    remarks: list[str] = field(default_factory=list[str])

    @property
    def found(self) -> bool:
        """Whether anybody knows anything of it."""
        return bool(self.events or self.caused or self.letters or self.moments)


def reference_key(text: str) -> str:
    """Return the form by which reference ids are found: without case, hyphens and outer spaces."""
    return text.strip().casefold().replace("-", "")


async def tell(asked: Asked, settings: CommandSettings, client: Client) -> Story:
    """Ask everywhere at once; then again for what the first answers were about."""
    story = Story(asked, Notes())
    stream = Stream(settings)
    topics = [each.name for each in (*TOPICS, *DEAD_LETTERS)]
    try:
        first = ("event", "action", "reference", *(("learner",) if "portal" in asked.words else ()))
        started, names = await asyncio.gather(
            _started(stream, topics, story), _ask_all(story, settings, client, first, asked.words)
        )
        if started:
            await _read_stream(story, stream, settings, client)
        more = _things(story, names)
        if more:
            await asyncio.gather(*(_ask_all(story, settings, client, kinds, words) for kinds, words in more))
    finally:
        await story.notes.within("kafka", stream.close(), seconds=2)
    story.moments = sorted(set_of(story.moments), key=lambda each: (each.at or "", each.service, each.says))
    return story


def set_of(moments: Sequence[Moment]) -> list[Moment]:
    """Return each moment once: two questions may bring the same document."""
    return list({(each.at, each.service, each.says, each.id): each for each in moments}.values())


async def _started(stream: Stream, topics: Sequence[str], story: Story) -> bool:
    async def start() -> bool:
        await stream.start(topics)
        return True

    return bool(await story.notes.within("kafka", start(), seconds=KAFKA_SECONDS))


async def _ask_all(
    story: Story, settings: CommandSettings, client: Client, kinds: Sequence[str], words: Words
) -> set[tuple[tuple[str, str], ...]]:
    questions = [each for each in KEPT if each.by in kinds]

    async def one(kept: Kept) -> Answer | None:
        sources = [story.asked.source] if story.asked.source else []
        work = ask(database_of(client, settings, kept.service), kept, words, sources=sources)
        return await story.notes.within(f"{kept.service}'s database", work, seconds=DATABASE_SECONDS)

    names: set[tuple[tuple[str, str], ...]] = set()
    for kept, answer in zip(questions, await asyncio.gather(*map(one, questions)), strict=True):
        if answer is None:
            continue
        story.moments += answer.moments
        names |= answer.names
        if answer.more:
            story.remarks.append(f"{kept.service} keeps more in {kept.collection} than is shown")
    return names


def _things(story: Story, names: set[tuple[tuple[str, str], ...]]) -> list[tuple[tuple[str, ...], Words]]:
    """Return what is to be asked next: the learners and actions that the answers and the event itself named."""
    told = {tuple((name, value) for name, value in each if name in THINGS) for each in names}
    for each in (*story.events, *(letter.record for letter in story.letters)):
        fields = (("portal", "portal_id"), ("learner", "learner_id"), ("action", "action_id"), ("action", "request_id"))
        told.add(tuple((name, str(each.data[path])) for name, path in fields if path in each.data))
    more: list[tuple[tuple[str, ...], Words]] = []
    for each in {words for words in told if words}:
        words = dict(each)
        if "action" in words:
            if words["action"] != story.asked.text:
                more.append((("action",), {"action": words["action"]}))
        elif {"portal", "learner"} <= words.keys() and f"{words['portal']}/{words['learner']}" != story.asked.text:
            more.append((("learner",), {"id": story.asked.text, **words}))
    return more


async def _read_stream(story: Story, stream: Stream, settings: CommandSettings, client: Client) -> None:
    since = _since(story)

    async def look(topics: Sequence[Topic], what: str) -> Scanned | None:
        names = [each.name for each in topics]
        work = stream.look(names, _wanted(story.asked), since=since, newest=NEWEST, seconds=story.asked.seconds)
        scanned = await story.notes.within(what, work, seconds=story.asked.seconds + KAFKA_SECONDS)
        if scanned is not None and scanned.left:
            story.remarks.append(f"{what}: {scanned.left} records were not looked at (--since, --seconds)")
        return scanned

    letters, events = await asyncio.gather(look(DEAD_LETTERS, "dead letters"), look(TOPICS, "events in Kafka"))
    if letters is not None:
        services = {dead_letters(each): each for each in SERVICES}
        story.letters = _once([Letter(services[each.topic], each) for each in letters.found])
        await _settled(story, settings, client)
    if events is None:
        return
    is_event = any(each.attributes.get("id") == story.asked.text for each in events.found)
    for each in sorted(events.found, key=lambda one: (one.at, one.coordinates)):
        same = not is_event or each.attributes.get("id") == story.asked.text
        (story.events if same else story.caused).append(each)
    if is_event:
        await _outcomes(story, stream, settings)


def _wanted(asked: Asked) -> Wanted:
    return by_key(asked.text) if "portal" in asked.words else _either(asked.text)


def _either(text: str) -> Wanted:
    by_event, by_thing = by_id(text), by_key(text)
    return lambda record: by_event(record) or by_thing(record)


def _since(story: Story) -> int | None:
    """Return from when on to read: as asked, else as the id says (UUIDv7), else as the rows say that hold it."""
    since = story.asked.since
    if since is None:
        since = _time_in(story.asked.text)
    if since is None:
        at = [each.at for each in story.moments if each.at and "portal" not in story.asked.words]
        since = datetime.fromisoformat(min(at)) - CLOCKS_DIFFER if at else None
    return None if since is None else int(since.timestamp() * 1000)


def _time_in(text: str) -> datetime | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    if found.version != UUID_BY_TIME:
        return None
    return datetime.fromtimestamp((found.int >> 80) / 1000, UTC) - CLOCKS_DIFFER


def _once(letters: Sequence[Letter]) -> list[Letter]:
    return list({(each.service, each.coordinates): each for each in letters}.values())


async def _settled(story: Story, settings: CommandSettings, client: Client) -> None:
    for each in story.letters:
        collection = database_of(client, settings, each.service)["dead_letters_settled"]
        found = await story.notes.within(
            f"{each.service}'s database", collection.find_one({"_id": each.coordinates}), seconds=DATABASE_SECONDS
        )
        each.settled = found["what"] if found else None


async def _outcomes(story: Story, stream: Stream, settings: CommandSettings) -> None:
    """Say of the newest record of the event what each service has made of it, from what its group has committed."""
    event = story.events[-1]
    prefix = settings.kafka_topic_prefix
    set_aside = {each.service: each for each in story.letters if each.coordinates == prefix + event.coordinates}
    for service, each in SERVICES.items():
        letter = set_aside.get(service)
        if letter is not None:
            story.outcomes[service] = f"dead-lettered: {letter.record.headers.get('dlq-reason', '')}"
        elif event.topic not in each.topics:
            story.outcomes[service] = "does not read this topic"
        elif event.attributes.get("type") not in each.reads:
            story.outcomes[service] = "skips this type"
        else:
            work = stream.positions(settings.groups()[service])
            committed = await story.notes.within(f"{service}'s group", work, seconds=DATABASE_SECONDS)
            story.outcomes[service] = _read(event, committed, prefix)


def _read(event: Published, committed: Mapping[TopicPartition, int] | None, prefix: str) -> str:
    if committed is None:
        return "not known"
    at = committed.get(TopicPartition(prefix + event.topic, event.partition))
    if at is None:
        return "not read yet: its group has committed nothing there"
    return "handled" if at > event.offset else f"not read yet: {event.offset - at} records before it"
