"""One door to the services' HTTP: passes TCP connections on to whichever replica Docker's name service names next.

The services have no published ports of their own, so each can run in several replicas, and none of them can be reached
from outside or reach it. `door.py PORT=HOST:PORT …`; standard library alone. TLS and names are for a proxy in front.
"""

import asyncio
import socket
import sys
from collections import Counter
from contextlib import suppress

CONNECT_SECONDS = 5.0
CHUNK = 65_536
MOST_CONNECTIONS = 2_000


class Door:
    """A port, and where it leads."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._busy: Counter[str] = Counter()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            if self._busy.total() < MOST_CONNECTIONS and (found := await self._connected()) is not None:
                address, inside, out = found
                self._busy[address] += 1
                try:
                    await asyncio.gather(_copy(reader, out), _copy(inside, writer))
                finally:
                    self._busy[address] -= 1
                    out.close()
        writer.close()

    async def _connected(self) -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The replica with the fewest connections; the next one where it does not answer."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, family=socket.AF_INET, type=socket.SOCK_STREAM)
        for address in sorted({each[4][0] for each in found}, key=lambda each: self._busy[str(each)]):
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    return str(address), *await asyncio.open_connection(address, self._port)
        return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side is done; the other may go on speaking (a half-closed connection is one)."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


async def main() -> None:
    async with asyncio.TaskGroup() as tasks:
        for each in sys.argv[1:]:
            port, _, target = each.partition("=")
            host, _, inside = target.partition(":")
            server = await asyncio.start_server(Door(host, int(inside)).pass_on, "0.0.0.0", int(port))  # noqa: S104  a container's
            tasks.create_task(server.serve_forever())
        print(f"door: {' '.join(sys.argv[1:])}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
