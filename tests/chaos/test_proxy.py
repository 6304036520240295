"""The network that tests break: it passes on, is silent, is cut, and mends."""

import asyncio

from tests.chaos.proxy import Proxy


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(100):
        writer.write(piece)
    writer.close()


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float = 30) -> bytes:
    writer.write(b"hello")
    return await asyncio.wait_for(reader.read(100), seconds)


async def is_lost(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    try:
        return await said(reader, writer) == b""
    except ConnectionError:
        return True


async def test_it_passes_on_until_it_is_silent_or_cut_and_again_when_it_is_mended() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        with Proxy(server.sockets[0].getsockname()[1]) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            assert await said(reader, writer) == b"hello"
            proxy.silence()
            answer = asyncio.create_task(said(reader, writer, 0.2))
            assert isinstance((await asyncio.gather(answer, return_exceptions=True))[0], TimeoutError)
            proxy.mend()
            assert await is_lost(reader, writer)
            again = await asyncio.open_connection("127.0.0.1", proxy.port)
            assert await said(*again) == b"hello"
            proxy.cut()
            assert await is_lost(*again)
            refused = await asyncio.open_connection("127.0.0.1", proxy.port)
            assert await is_lost(*refused)
            for _, each in ((reader, writer), again, refused):
                each.transport.abort()
            await asyncio.sleep(0)
