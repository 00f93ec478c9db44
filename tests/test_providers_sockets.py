"""Servers that cut, stall, trickle or are not there, played by raw sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from http_wires import WIRES, model, once, question
from runners.sample import Sample, Trouble
from runners.trouble import CallError, Retryable

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def against(behaviour: Behaviour, wire: str, timeout_s: float) -> Sample | CallError:
    """One call to a raw socket server that misbehaves after it has read the request's head."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await behaviour(reader, writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await once(model(wire, f"http://127.0.0.1:{port}"), question(wire), timeout_s)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def cut_in_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'Content-Length: 5000\r\n\r\n{"id": "chat')
    await writer.drain()


async def cut_in_chunk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'Transfer-Encoding: chunked\r\n\r\n50\r\n{"id": "chat')
    await writer.drain()


async def cut_before_reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def not_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("behaviour", [cut_in_body, cut_in_chunk, cut_before_reply, not_http])
def test_a_cut_connection_is_a_lost_connection_not_a_timeout(wire: str, behaviour: Behaviour) -> None:
    outcome = asyncio.run(against(behaviour, wire, 10))
    assert isinstance(outcome, Retryable)
    assert outcome.trouble is Trouble.CONNECTION


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'Content-Length: 5000\r\n\r\n{"id"')
    while await reader.read(1000):  # until the client has had enough
        pass


async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 5000\r\n\r\n")
    while not writer.transport.is_closing():
        writer.write(b" ")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("behaviour", [stall, trickle])
def test_a_stalled_or_trickling_body_ends_at_the_deadline(wire: str, behaviour: Behaviour) -> None:
    outcome = asyncio.run(against(behaviour, wire, 0.4))
    assert isinstance(outcome, Retryable)
    assert outcome.trouble is Trouble.TIMEOUT
    assert "0.4 s" in outcome.message


@pytest.mark.parametrize("wire", WIRES)
def test_a_server_that_is_down_is_a_lost_connection(wire: str) -> None:
    who = model(wire, "http://127.0.0.1:9")
    outcome = asyncio.run(once(who, question(wire), 10))
    assert isinstance(outcome, Retryable)
    assert outcome.trouble is Trouble.CONNECTION
