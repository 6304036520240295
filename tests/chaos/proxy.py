"""A TCP proxy of our own: a network that can be cut, go silent, be slow."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Literal, Self, TypeVar

T = TypeVar("T")
PIECE = 64 * 1024
State = Literal["open", "cut", "silent"]
"""open: all passes; cut: connections are reset and new ones refused; silent: nothing passes, nobody is told."""


@dataclass
class Proxy:
    """Passes bytes on to a port of this machine. Use as `with`; `latency` in seconds for each piece and way.

    It has a thread of its own: a test that blocks its loop for a moment is no fault of the network.
    """

    target: int
    port: int = 0
    latency: float = 0.0
    state: State = "open"
    _open: set["asyncio.StreamWriter"] = field(default_factory=set["asyncio.StreamWriter"])
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._there(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._there(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Reset what is connected and refuse what comes."""
        self.state = "cut"
        self._there(self._abort())

    def silence(self) -> None:
        """Half-open: connections stay, and nothing comes through any more."""
        self.state = "silent"

    def mend(self) -> None:
        """Pass all on again. What was silent is reset: its bytes are gone."""
        if self.state == "silent":
            self.cut()
        self.state = "open"

    def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _abort(self) -> None:
        for each in list(self._open):
            each.transport.abort()

    async def _close(self) -> None:
        self._server.close()
        await self._abort()
        tasks = list(self._tasks)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "cut":
            writer.transport.abort()
            return
        try:
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, their_writer}
        for one, other in ((reader, their_writer), (their_reader, writer)):
            task = asyncio.create_task(self._pass_on(one, other, (writer, their_writer)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, both: tuple[asyncio.StreamWriter, ...]
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                if self.latency:
                    await asyncio.sleep(self.latency)
                if self.state == "silent":
                    continue
                writer.write(piece)
                await writer.drain()
        for each in both:
            self._open.discard(each)
            each.transport.abort()
