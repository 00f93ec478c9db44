"""`salience app` for real: it says where it is, answers to this machine only, and stops when told to."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

START_S = 30  # the bar is 3 s on a quiet machine; tests run beside other tests


class Server:
    def __init__(self, workspace):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", "--workspace", str(workspace), "app", "--port", "8861", "--no-browser"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self.line = self.process.stderr.readline()
        self.url = self.line.split()[2]
        for _ in range(START_S * 10):
            try:
                self.get("/_stcore/health")
                return
            except urllib.error.URLError:
                try:
                    self.process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                raise AssertionError(self.process.stderr.read()) from None
        raise AssertionError("the server did not answer in time")

    def get(self, path, **headers):
        return urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=10)  # noqa: S310

    def stop(self, number):
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    if server.process.poll() is None:
        server.process.kill()
    server.process.communicate()


def test_it_prints_its_url_and_workspace_and_sends_a_strict_policy(server, tmp_path):
    assert server.url.startswith("http://127.0.0.1:")
    assert str(tmp_path) in server.line
    headers = server.get("/").headers
    policy = {part.split()[0]: part.split()[1:] for part in headers["content-security-policy"].split("; ")}
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    assert policy["img-src"] == ["'self'", "data:", "blob:"]
    assert policy["connect-src"] == ["'self'", "data:", "blob:"]
    assert headers["x-content-type-options"] == "nosniff"
    with pytest.raises(urllib.error.HTTPError) as refused:  # another site's name for this machine (DNS rebinding)
        server.get("/", Host="evil.example")
    assert refused.value.code in {400, 403, 421}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_when_told_to(server, number):
    code, err = server.stop(number)
    assert code == 0
    assert "everything received is kept" in err
    assert "Traceback" not in err
