"""A TCP proxy of our own: a network that can be cut, go silent, be slow."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Self

PIECE = 64 * 1024
State = Literal["open", "cut", "silent"]
"""open: all passes; cut: connections are reset and new ones refused; silent: nothing passes, nobody is told."""


@dataclass
class Proxy:
    """Passes bytes on to a port of this machine. Use as `async with`; `latency` in seconds for each piece and way."""

    target: int
    port: int = 0
    latency: float = 0.0
    state: State = "open"
    _open: set["asyncio.StreamWriter"] = field(default_factory=set["asyncio.StreamWriter"])
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset what is connected and refuse what comes."""
        self.state = "cut"
        for each in list(self._open):
            each.transport.abort()

    def silence(self) -> None:
        """Half-open: connections stay, and nothing comes through any more."""
        self.state = "silent"

    def mend(self) -> None:
        """Pass all on again. What was silent is reset: its bytes are gone."""
        if self.state == "silent":
            self.cut()
        self.state = "open"

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
