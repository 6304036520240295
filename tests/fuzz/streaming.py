"""Asks for live streams as sockets allow it: any header, any way to end or not to end a connection; and judges answers."""

import asyncio
import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.fuzz.asking import HOSTILE, LEAKS
from tests.fuzz.seeds import Seed
from tests.fuzz.tokens import Kind
from tests.world import Process

MANNERS = ("reads", "reads", "reads", "aborts", "turns its back", "is silent", "dribbles", "says half", "asks twice")
"""What a client does once it is connected."""
ALLOWED = frozenset({200, 400, 401, 403, 405, 413, 422, 429, 431})
ANSWER_SECONDS = 20.0
LISTENED_SECONDS = 0.3
MOST_READ = 1_000_000
INSTANTS = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:05.5Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z",
    "2026-11-22T10:00:00+23:59", "2026-11-22t10:00:00z", "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22",
    "2026-11-22T10:00:00.1234567890123456789Z", "2026-11-22T10:00:60Z", "+12026-11-22T10:00:00Z", "", "0", "\t",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as bytes, whose token it bears, and how the client behaves."""

    request: bytes
    kind: Kind
    manner: str


@dataclass
class Heard:
    """What came of all: answers by status, and what was wrong, each kind with its first example."""

    answers: Counter[int] = field(default_factory=Counter[int])
    events: int = 0
    findings: dict[str, str] = field(default_factory=dict[str, str])

    def find(self, what: str, example: str) -> None:
        if what not in self.findings:
            print(f"found: {what}\n    {example}", flush=True)  # noqa: T201  at once, as the other fuzzers do
        self.findings.setdefault(what, example)


def some_text(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(INSTANTS)
    if rng.random() < 0.5:
        at = datetime.now(UTC) + timedelta(seconds=rng.uniform(-9e5, 9e4))
        return at.isoformat().replace("+00:00", "Z")
    if rng.random() < 0.7:
        return rng.choice(HOSTILE)
    return "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(1, 0x2FF)))) for _ in range(rng.randrange(40)))


def an_ask(rng: random.Random, kinds: Sequence[Kind], number: int) -> Ask:
    """One request: mostly a GET of the stream, with few or many odd headers and parameters."""
    kind = rng.choice(kinds)
    method = "GET" if rng.random() < 0.9 else rng.choice(["HEAD", "POST", "OPTIONS", "PUT", "get", "G" * 50])
    query = [f"since={quote(some_text(rng), safe='')}"] if rng.random() < 0.4 else []
    query += [f"{quote(some_text(rng), safe='')}={number}"] if rng.random() < 0.1 else []
    query += query if rng.random() < 0.05 else []
    headers = ["Host: tracker"]
    if (token := kind.make(number)) is not None:
        headers.append(f"Authorization: Bearer {token}")
    names = ["Last-Event-ID"] * 5 + ["Accept", "Range", "Cookie", "Origin", "traceparent", "Content-Length", "Expect"]
    headers += [f"{rng.choice(names)}: {some_text(rng)}" for _ in range(rng.choice([0, 1, 1, 2, 9]))]
    if rng.random() < 0.03:
        headers += [f"X-{each}: {'x' * 900}" for each in range(30)]
    target = "/v1/stream" + ("?" + "&".join(query) if query else "")
    text = "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "", ""])
    return Ask(text.encode("utf-8", "surrogatepass"), kind, rng.choice(MANNERS))


async def ask(process: Process, one: Ask, seeded: Seed, heard: Heard, rng: random.Random) -> None:
    """Connect, ask, behave as told, judge what comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
    answer = b""
    with suppress(ConnectionError):  # who talks nonsense may be hung up on
        try:
            await _say(writer, one, rng)
            if one.manner in {"reads", "dribbles", "turns its back", "asks twice"}:
                answer = await _listen(reader)
        except TimeoutError:
            heard.find("no answer", f"{one.kind.name}, {one.manner}: {one.request[:600]!r}")
        finally:
            if one.manner == "aborts":
                _reset(writer)
            writer.close()
            await writer.wait_closed()
    for wrong in wrongs(answer, one, seeded, heard):
        heard.find(wrong, f"{one.kind.name}, {one.manner}: {one.request[:600]!r} → {answer[:400]!r}")


async def _say(writer: asyncio.StreamWriter, one: Ask, rng: random.Random) -> None:
    match one.manner:
        case "dribbles":
            for at in range(0, len(one.request), 200):
                writer.write(one.request[at : at + 200])
                await writer.drain()
                await asyncio.sleep(0)
        case "says half":
            writer.write(one.request[: rng.randrange(len(one.request))])
        case "asks twice":
            writer.write(one.request * 2)
        case _:
            writer.write(one.request)
    await writer.drain()
    if one.manner == "turns its back":
        writer.write_eof()
    elif one.manner in {"is silent", "aborts"}:
        await asyncio.sleep(rng.choice([0, 0, 0.01, LISTENED_SECONDS]))


async def _listen(reader: asyncio.StreamReader) -> bytes:
    """The head, and what comes within a moment after it."""
    found = b""
    async with asyncio.timeout(ANSWER_SECONDS):
        while b"\r\n\r\n" not in found and (more := await reader.read(65_536)):
            found += more
    with suppress(TimeoutError):
        async with asyncio.timeout(LISTENED_SECONDS):
            while len(found) < MOST_READ and (more := await reader.read(65_536)):
                found += more
    return found


def _reset(writer: asyncio.StreamWriter) -> None:
    """Let the connection end without a farewell (RST)."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def wrongs(answer: bytes, one: Ask, seeded: Seed, heard: Heard) -> list[str]:
    """What is wrong with an answer; counts it too."""
    if not answer:
        return []
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    heard.answers[status] += 1
    found = [] if status in ALLOWED else [f"answered {status}"]
    text = answer.decode("utf-8", "replace")
    if status == 200 and one.kind.answer is not None:
        found.append(f"{one.kind.name} got a stream")
    if seen := {each for each in seeded.marks - one.kind.sees if each in text}:
        found.append(f"{one.kind.name} saw {sorted(seen)}")
    if status == 200:
        events = [line for line in body.split(b"\n") if line.startswith(b"data: ")]
        heard.events += len(events)
        found += [f"an event says more than it may: {line[:80]!r}" for line in events if not _is_well_formed(line)]
    else:
        found += [f"{status} says {each}" for each in LEAKS if each in text]
    return found


def _is_well_formed(line: bytes) -> bool:
    """Id and version, and never what the action says; the last line may be cut off."""
    if not line.rstrip().endswith(b"}"):
        return True
    return json.loads(line.removeprefix(b"data: ")).keys() == {"action_id", "version"}
