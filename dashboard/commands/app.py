"""`salience app`: open the dashboard in a browser, on this machine only."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import time
import webbrowser
from types import FrameType

from dashboard.jobs import any_running
from dashboard.workspace import VARIABLE, open_workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--port", type=int, default=8501, help="port on 127.0.0.1 (default 8501; the next free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser window")


def _free_port(first: int) -> int:
    for port in range(first, first + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return first


def main(args: argparse.Namespace) -> int:
    """Run the command until it is interrupted."""
    workspace = open_workspace(args.workspace)
    os.environ[VARIABLE] = str(workspace.root)
    port = _free_port(args.port)
    print(f"Fact Salience: http://127.0.0.1:{port}  (workspace {workspace.root}; Ctrl-C to stop)", file=sys.stderr)
    signal.signal(signal.SIGTERM, _interrupt)  # the server gives signals back after its own shutdown; TERM is no crash
    try:
        from dashboard.serve import OPTIONS, app  # noqa: PLC0415  (Streamlit takes a second to import)

        if not args.no_browser:
            threading.Thread(target=_open_browser, args=(port,), name="browser", daemon=True).start()
        # headless always: Streamlit's own start would advertise its developers' tools to our users
        app.run(config={**OPTIONS, "server.port": port, "server.headless": True, "logger.hideWelcomeMessage": True})
    except KeyboardInterrupt:
        pass
    print("Stopped; everything received is kept.", file=sys.stderr, flush=True)
    if any_running():
        # A reply that the embedded model is still writing cannot be broken off, and Python would wait for it.
        os._exit(0)
    return 0


def _open_browser(port: int) -> None:
    """Open the dashboard as soon as its server listens; a machine without a browser has the printed address."""
    for _ in range(100):
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                webbrowser.open(f"http://127.0.0.1:{port}")
                return
        time.sleep(0.1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
