"""A local server of both providers' batch APIs: it counts what would be billed, and misbehaves as it is told."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from http_wires import reply

SLOW_S = 60  # how long a call hangs that is told to: longer than any test lets it


@dataclass(kw_only=True)
class Held:
    """One accepted batch. ``ended`` and ``fates`` are set when it ends; what succeeded is billed then."""

    id: str
    wire: str
    requests: dict[str, dict]
    metadata: dict
    looks: int = 0
    ended: bool = False
    cancelling: bool = False
    fates: dict[str, str] = field(default_factory=dict)
    made: datetime = field(default_factory=lambda: datetime.now(UTC))


class BatchServer:
    """``faults(call, number)`` says what to do with the so-manieth call of a kind (create, upload, look, list, cancel,
    results, live): None, a status, "cut" (before it is done), "lost" (done, but no word of it), "half" (half a body),
    "hang" or "hang_done". ``fate(batch number, custom_id)`` is what becomes of a request; ``edit(lines)`` may spoil the
    results; ``looks`` of a batch pass before it ends; ``open`` keeps all going on.
    """

    def __init__(
        self, faults: Callable[[str, int], object] | None = None, fate: Callable[[int, str], str] | None = None,
        edit: Callable[[list[bytes]], list[bytes]] | None = None, looks: int = 0,
    ) -> None:  # fmt: skip
        self.faults = faults or (lambda _call, _number: None)
        self.fate = fate or (lambda _batch, _request: "succeeded")
        self.edit = edit or (lambda lines: lines)
        self.looks = looks
        self.open = False
        self.retry_after_s: int | None = None
        self.calls: Counter[str] = Counter()
        self.billed: Counter[str] = Counter()
        self.live: Counter[str] = Counter()
        self.batches: list[Held] = []
        self.files: dict[str, bytes] = {}
        self.headers: list[str] = []
        self.numbers = itertools.count(1)
        self.changed = threading.Condition(threading.RLock())

    def __enter__(self) -> BatchServer:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.serve(self, b"")

            def do_POST(self) -> None:
                outer.serve(self, self.body())

            def body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None  # clients that were killed leave in the middle
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, ready: Callable[[BatchServer], bool], timeout_s: float = 60) -> None:
        """Block until the server is in such a state."""
        with self.changed:
            assert self.changed.wait_for(lambda: ready(self), timeout_s)

    def serve(self, http: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(http.path)
        path = parts.path.removeprefix("/v1")
        call, act = self.route(http.command, path)
        with self.changed:
            self.calls[call] += 1
            self.headers.append(str(http.headers))
            fault = self.faults(call, self.calls[call])
            self.changed.notify_all()
        if fault in ("cut", "hang"):
            return self.leave(http, hang=fault == "hang")
        if isinstance(fault, int):
            error = {"type": "planned", "code": "planned", "message": f"planned {fault}"}
            return self.send(http, {"type": "error", "error": error}, fault)
        with self.changed:
            found = act(path, body, {k: v[0] for k, v in parse_qs(parts.query).items()}, http)
            self.changed.notify_all()
        if fault in ("lost", "hang_done"):
            return self.leave(http, hang=fault == "hang_done")
        if found is None:
            error = {"type": "not_found_error", "message": "no such batch"}
            return self.send(http, {"type": "error", "error": error}, 404)
        return self.send(http, found, 200, half=fault == "half")

    def leave(self, http: BaseHTTPRequestHandler, *, hang: bool) -> None:
        if hang:
            threading.Event().wait(SLOW_S)
        http.close_connection = True

    def send(self, http: BaseHTTPRequestHandler, found: object, status: int, *, half: bool = False) -> None:
        content = found if isinstance(found, bytes) else json.dumps(found).encode()
        http.send_response(status)
        http.send_header("Content-Type", "application/json")
        http.send_header("Content-Length", str(len(content)))
        if status == 429 and self.retry_after_s is not None:
            http.send_header("Retry-After", str(self.retry_after_s))
        http.end_headers()
        http.wfile.write(content[: len(content) // 2] if half else content)
        http.close_connection = http.close_connection or half

    def route(self, method: str, path: str):
        if path in ("/messages", "/chat/completions"):
            return "live", self.answer
        if path == "/files":
            return "upload", self.upload
        if path.startswith("/files/") or path.endswith("/results"):
            return "results", self.results
        if path.endswith("/cancel"):
            return "cancel", self.cancel
        if path in ("/messages/batches", "/batches"):
            return ("create", self.create) if method == "POST" else ("list", self.listed)
        return "look", self.look

    def answer(self, path: str, body: bytes, _query: dict, _http: object) -> object:
        self.live[body.decode()] += 1
        return reply("anthropic" if path == "/messages" else "openai", "live")

    def upload(self, _path: str, body: bytes, _query: dict, _http: object) -> object:
        name = f"file-{next(self.numbers)}"
        start = body.index(b'{"custom_id"')
        self.files[name] = body[start : body.index(b"\r\n--", start)]
        return {"id": name, "object": "file", "purpose": "batch"}

    def create(self, path: str, body: bytes, _query: dict, _http: object) -> object:
        data = json.loads(body)
        if path == "/messages/batches":
            wire, lines = "anthropic", {item["custom_id"]: item["params"] for item in data["requests"]}
            assert len(lines) == len(data["requests"]), "a custom_id stands twice"
        else:
            assert data["endpoint"] == "/v1/chat/completions"
            assert data["completion_window"] == "24h"
            items = [json.loads(line) for line in self.files[data["input_file_id"]].splitlines() if line.strip()]
            wire, lines = "openai", {item["custom_id"]: item["body"] for item in items}
        assert all(len(name) <= 64 for name in lines)
        held = Held(id=f"batch_{next(self.numbers)}", wire=wire, requests=lines, metadata=data.get("metadata", {}))
        self.batches.append(held)
        return self.said(held)

    def end(self, held: Held) -> None:
        number = self.batches.index(held)
        held.ended = True
        for name in held.requests:
            held.fates[name] = self.fate(number, name)
            if held.cancelling and held.fates[name] == "succeeded" and not self.finished(name):
                held.fates[name] = "canceled"
            if held.fates[name] == "succeeded":
                self.billed[name[:43]] += 1

    def finished(self, name: str) -> bool:
        """Whether a request was through when its batch was cancelled: about half are."""
        return ord(name[0]) % 2 == 0

    def by_id(self, path: str) -> Held | None:
        return next((held for held in self.batches if held.id in path.split("/")), None)

    def look(self, path: str, _body: bytes, _query: dict, _http: object) -> object:
        held = self.by_id(path)
        if held is None:
            return None
        return self.said(self.aged(held))

    def aged(self, held: Held) -> Held:
        """The batch after one more look at it, by which time passes here."""
        held.looks += 1
        if not held.ended and ((held.looks > self.looks and not self.open) or held.cancelling):
            self.end(held)
        return held

    def cancel(self, path: str, _body: bytes, _query: dict, _http: object) -> object:
        held = self.by_id(path)
        if held is None:
            return None
        held.cancelling = True
        return self.said(held)

    def listed(self, path: str, _body: bytes, query: dict, _http: object) -> object:
        wire = "anthropic" if path.startswith("/messages") else "openai"
        every = [held for held in reversed(self.batches) if held.wire == wire]
        after = query.get("after_id") or query.get("after")
        if after:
            every = every[[held.id for held in every].index(after) + 1 :]
        page = every[: int(query.get("limit", 20))]
        return {"data": [self.said(self.aged(held)) for held in page], "has_more": len(page) < len(every),
                "last_id": page[-1].id if page else None}  # fmt: skip

    def said(self, held: Held) -> dict:
        counts = Counter(held.fates.values())
        if held.wire == "anthropic":
            status = "ended" if held.ended else "canceling" if held.cancelling else "in_progress"
            return {
                "id": held.id, "type": "message_batch", "processing_status": status,
                "request_counts": {"processing": 0 if held.ended else len(held.requests),
                                   **{name: counts[name] for name in ("succeeded", "errored", "canceled", "expired")}},
                "created_at": held.made.isoformat(), "expires_at": held.made.isoformat(),
                "results_url": f"{self.url}/v1/messages/batches/{held.id}/results" if held.ended else None,
            }  # fmt: skip
        turned_down = "failed" in counts
        status = ("failed" if turned_down else "cancelled" if held.cancelling else "expired" if counts["expired"]
                  else "completed") if held.ended else "in_progress"  # fmt: skip
        good = f"out-{held.id}" if counts["succeeded"] else None
        bad = f"err-{held.id}" if held.ended and not turned_down and counts["succeeded"] < len(held.requests) else None
        errors = {"data": [{"code": "planned", "message": "planned: no such endpoint"}]} if turned_down else None
        done = {"total": len(held.requests), "completed": counts["succeeded"]}
        return {"id": held.id, "object": "batch", "status": status, "created_at": int(held.made.timestamp()),
                "metadata": held.metadata, "output_file_id": good if held.ended else None, "error_file_id": bad,
                "errors": errors, "request_counts": done}  # fmt: skip

    def results(self, path: str, _body: bytes, _query: dict, _http: object) -> object:
        name = path.split("/")[2] if path.startswith("/files") else path.split("/")[3]
        held = next(held for held in self.batches if held.id == name.removeprefix("out-").removeprefix("err-"))
        if held.wire == "anthropic":
            lines = [self.anthropic_line(one, held.fates[one]) for one in held.requests]
        else:
            wanted = {True: {"succeeded"}, False: {"errored", "expired", "canceled"}}[name.startswith("out-")]
            lines = [self.openai_line(one, fate) for one, fate in held.fates.items() if fate in wanted]
        return b"".join(line + b"\n" for line in self.edit([json.dumps(line).encode() for line in lines]))

    def anthropic_line(self, name: str, fate: str) -> dict:
        result: dict[str, object] = {"type": fate}
        if fate == "succeeded":
            result["message"] = reply("anthropic", f"said to {name[:6]}")
        if fate == "errored":
            error = {"type": "invalid_request_error", "message": "planned: too hot"}
            result["error"] = {"type": "error", "error": error, "request_id": "req_1"}
        return {"custom_id": name, "result": result}

    def openai_line(self, name: str, fate: str) -> dict:
        line: dict[str, object] = {"id": f"line-{name[:6]}", "custom_id": name, "error": None, "response": None}
        match fate:
            case "succeeded":
                line["response"] = {"status_code": 200, "request_id": "r1", "body": reply("openai", f"said {name[:6]}")}
            case "errored":
                error = {"message": "planned: too hot", "type": "invalid_request_error", "code": "bad"}
                line["response"] = {"status_code": 400, "request_id": "r1", "body": {"error": error}}
            case "expired":
                line["error"] = {"code": "batch_expired", "message": "too late"}
            case _:
                line["error"] = {"code": "batch_cancelled", "message": "cancelled"}
        return line
