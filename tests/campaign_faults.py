"""What a careless or broken server sends for one call, fault by fault; it marks which replies went out whole."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from dataclasses import dataclass, replace
from email.utils import formatdate

_HEAD = {"date": "", "content-type": "application/json"}


@dataclass(eq=False, kw_only=True)
class Call:
    """One call as the server saw it. ``whole``: its reply was handed to the socket to the last byte."""

    number: int
    path: str
    model: str
    head: str
    mark: str
    turn: int  # how many calls with this prompt to this model came before
    text: str = ""
    fault: str = ""
    whole: bool = False
    sent: bool = False

    @property
    def is_messages(self) -> bool:
        """Whether it came over Anthropic's wire."""
        return self.path.endswith("/messages")


def payload(call: Call, **more: object) -> bytes:
    """A good reply. Every reply of every server bears one id, as from a provider that never learned to count."""
    if call.is_messages:
        data = {"id": "same", "type": "message", "role": "assistant", "model": call.model, "stop_reason": "end_turn",
                "content": [{"type": "text", "text": call.text}],
                "usage": {"input_tokens": 40, "output_tokens": 10}}  # fmt: skip
    else:
        message = {"role": "assistant", "content": call.text}
        data = {"id": "same", "object": "chat.completion", "created": 1, "model": call.model,
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 50}}  # fmt: skip
    return json.dumps({**data, **more}).encode()


def head(length: int | None, status: int = 200, **headers: str) -> bytes:
    fields = {**_HEAD, "date": formatdate(usegmt=True), **{k.replace("_", "-"): v for k, v in headers.items()}}
    if length is not None:
        fields["content-length"] = str(length)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode()


async def write(writer: asyncio.StreamWriter, body: bytes, status: int = 200, **headers: str) -> None:
    writer.write(head(len(body), status, **headers) + body)
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> bool:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST in place of FIN
    writer.transport.abort()
    return False


async def _ok(server, call, writer):
    body = payload(call)
    start, half = head(len(body)), len(body) // 2
    return await server.good(call, writer, start + body[:half], body[half:])


async def _chunked(server, call, writer):
    body = payload(call)
    parts = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:60], body[60:])]
    return await server.good(call, writer, head(None, transfer_encoding="chunked") + parts[0], parts[1] + b"0\r\n\r\n")


async def _zipped(server, call, writer):
    body = gzip.compress(payload(call))
    return await server.good(call, writer, head(len(body), content_encoding="gzip"), body)


async def _no_type(server, call, writer):
    body = payload(call)
    return await server.good(call, writer, head(len(body), content_type=""), body)


async def _echo(server, call, writer):
    """The key in the reply itself, in its model's name and in its headers."""
    call.text += f" your key is {server.secret}"
    body = payload(call, model=f"fake-{server.secret}")
    return await server.good(call, writer, head(len(body), x_request_id=server.secret, request_id=server.secret), body)


async def _echo_escaped(server, call, writer):
    """The key in the reply as a JSON writer may spell it, of which no byte pattern is the key's."""
    call.text += f" your key is {server.secret}"
    body = payload(call).replace(server.secret.encode(), server.secret.replace("-", "\\u002d").encode())
    return await server.good(call, writer, head(len(body)), body)


async def _unasked(server, call, writer):
    """A good reply and, right behind it, one that nobody asked for."""
    body, extra = payload(call), payload(replace(call, text="A nobody asked"))
    return await server.good(call, writer, head(len(body)) + body + head(len(extra)) + extra)


async def _unasked_later(server, call, writer):
    """Come again in a while; and meanwhile, on the idle connection, a reply that nobody asked for."""
    await write(writer, b"{}", 429, retry_after="0.5")
    await asyncio.sleep(0.02)
    extra = payload(replace(call, text="A nobody asked"))
    writer.write(head(len(extra)) + extra)
    return True


async def _until_told(server, call, writer):
    await asyncio.Event().wait()


async def _stall(server, call, writer):
    return await _until_told(server, call, writer)


async def _stall_midway(server, call, writer):
    body = payload(call)
    writer.write(head(len(body)) + body[:-9])
    return await _until_told(server, call, writer)


async def _reset_at_once(server, call, writer):
    return _reset(writer)


async def _reset_midway(server, call, writer):
    body = payload(call)
    writer.write(head(len(body)) + body[:-3])
    await writer.drain()
    return _reset(writer)


async def _closed_in_headers(server, call, writer):
    writer.write(head(100)[:40])
    return False


async def _cut_chunks(server, call, writer):
    body = payload(call)
    writer.write(head(None, transfer_encoding="chunked") + b"%x\r\n%s" % (len(body), body[:-4]))
    return False


async def _chunks_without_end(server, call, writer):
    """Every byte of the JSON, but not the chunk that says that this was all."""
    body = payload(call)
    writer.write(head(None, transfer_encoding="chunked") + b"%x\r\n%s\r\n" % (len(body), body))
    return False


async def _bad_chunk_size(server, call, writer):
    writer.write(head(None, transfer_encoding="chunked") + b"zz\r\n" + payload(call))
    return False


async def _too_long(server, call, writer):
    body = payload(call)
    writer.write(head(len(body) + 7) + body)  # whole JSON, but the server promised more
    return False


async def _too_short(server, call, writer):
    body = payload(call)
    writer.write(head(len(body) - 7) + body)  # what is left over spills into the connection's next reply
    await writer.drain()
    return True


def _body(make, status: int = 200, **headers: str):
    async def send(server, call, writer):
        await write(writer, make(server, call), status, **headers)
        return True

    return send


def _inside(code: object):
    return lambda server, call: json.dumps({"error": {"message": f"upstream {server.secret}", "code": code}}).encode()


GOOD = {"ok": _ok, "chunked": _chunked, "zipped": _zipped, "without a type": _no_type, "echo": _echo,
        "echo escaped": _echo_escaped, "unasked": _unasked}  # fmt: skip
LATER = {"unasked later": _unasked_later}
STALLS = {"stall": _stall, "stall midway": _stall_midway}
FAULTS = {
    **STALLS,
    "reset": _reset_at_once,
    "reset midway": _reset_midway,
    "closed in the headers": _closed_in_headers,
    "cut chunks": _cut_chunks,
    "chunks without end": _chunks_without_end,
    "bad chunk size": _bad_chunk_size,
    "length too long": _too_long,
    "length too short": _too_short,
    "no http": lambda server, call, writer: _raw(writer, b"220 smtp.example ESMTP\r\n" + payload(call)),
    "truncated json": _body(lambda _, call: payload(call)[:-2]),
    "two objects": _body(lambda _, call: payload(call) * 2),
    "a list": _body(lambda _, call: b"[" + payload(call) + b"]"),
    "a page": _body(lambda _, call: b"<html>" + payload(call), content_type="text/html"),
    "wrong type": _body(lambda _, call: payload(call), content_type="text/event-stream"),
    "no bytes": _body(lambda *_: b""),
    "null": _body(lambda *_: b"null"),
    "nothing inside": _body(lambda _, call: payload(call, choices=[], content=None)),
    "no gzip": _body(lambda _, call: payload(call), content_encoding="gzip"),
    "half a gzip": _body(lambda _, call: gzip.compress(payload(call))[:-30], content_encoding="gzip"),
    "error inside": _body(_inside(502)),
    "words inside": _body(_inside("later")),
    "204": _body(lambda *_: b"", 204),
}
STATUSES = ("429", "429 0.01", "500", "502", "503 date", "529", "408", "409")


async def _raw(writer: asyncio.StreamWriter, words: bytes) -> bool:
    writer.write(words)
    return False
