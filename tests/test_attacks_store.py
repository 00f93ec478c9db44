"""A store that is damaged, removed, read-only or hostile: nothing is lost unsaid, nothing is bought twice."""

import shutil
import sqlite3
from contextlib import nullcontext

import pytest

from cache.errors import StoreError
from cache.key import content_key
from cache.record import write
from cache.store import Store
from dashboard.__main__ import main
from fake_server import FakeServer

REQUESTS = [{"i": i} for i in range(300)]
KEYS = [content_key(request) for request in REQUESTS]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "ws" / "store"
    with Store(path) as store:
        for key, request in zip(KEYS, REQUESTS, strict=True):
            store.add(key, write(request, {"text": "x" * 3000, "stop": "end", "model": "m"}))
    return path


def damage(folder):
    """Overwrite the heads of some pages behind the first few."""
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray((folder / "cache.db").read_bytes())
    for page in range(20, len(content) // 8192, 30):
        content[page * 8192 : page * 8192 + 200] = b"\xff" * 200
    (folder / "cache.db").write_bytes(content)


def test_closing_leaves_one_file_that_holds_everything(folder):
    assert [path.name for path in folder.glob("cache.db*")] == ["cache.db"]


def test_damaged_pages_are_store_errors_when_read(folder):
    damage(folder)
    with Store(folder) as store, pytest.raises(StoreError, match="cannot be read"):
        store.get_many(KEYS)


def test_verify_steps_over_damaged_pages_and_reads_the_rest(folder, tmp_path, capsys):
    damage(folder)
    with Store(folder) as store:
        rows = list(store.rows())
    lost = [name for name, value in rows if isinstance(value, StoreError)]
    whole = {name for name, value in rows if not isinstance(value, StoreError)}
    assert lost
    assert len(whole & set(KEYS)) > 150
    for words in (["verify"], ["verify", "--json"], ["stats"]):
        code = main(["--workspace", str(tmp_path / "ws"), "store", *words])
        assert code == (0 if words == ["stats"] else 1)
    assert "problems" in capsys.readouterr().out


def test_half_a_file_is_a_store_error_or_read_in_part(folder):
    content = (folder / "cache.db").read_bytes()
    (folder / "cache.db").write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError), Store(folder) as store:
        store.get_many(KEYS)


def test_a_store_removed_while_open_takes_no_more_samples(folder):
    with Store(folder) as store:
        assert store.add("v1:one", b"{}").result(10)
        shutil.rmtree(folder)
        with pytest.raises(StoreError, match="removed or replaced"):
            store.add("v1:two", b"{}").result(10)


def test_a_store_that_cannot_be_written_says_why_at_once(folder, monkeypatch):
    with Store(folder) as store:
        commit = store._commit

        def read_only(group):
            store._sql("PRAGMA query_only = ON")  # as on a disk that was mounted read-only meanwhile
            commit(group)

        monkeypatch.setattr(store, "_commit", read_only)
        with pytest.raises(StoreError, match="readonly"):
            store.add("v1:one", b"{}").result(10)


def test_giving_up_on_a_sample_does_not_stop_the_writer(folder):
    with Store(folder) as store:
        given_up = [store.add(f"v1:{number}", b"{}") for number in range(50)]
        assert not any(future.cancel() for future in given_up)
        assert store.add("v1:last", b"{}").result(10)
        assert store.count() == len(KEYS) + 51


@pytest.mark.parametrize("key", ["disk_foo", "_sql", "directory", "sqlite_foo; x", "eviction_policy", "size_limit"])
def test_planted_settings_are_refused_or_without_effect(folder, key):
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute("INSERT OR REPLACE INTO Settings VALUES (?, 1)", (key,))
    connection.close()
    refused = key in {"disk_foo", "_sql", "directory", "sqlite_foo; x"}
    with pytest.raises(StoreError, match="cannot be opened") if refused else nullcontext(), Store(folder) as store:
        store.add("v1:one", b"{}").result(10)
        assert store.count() == len(KEYS) + 1


@pytest.fixture
def buy(tmp_path, capsys):
    """Run a comparison of four requests against a server; the calls that it took."""

    def go(server):
        path = tmp_path / "four.toml"
        path.write_text(
            f'name = "four"\nsetting = "value_conflict"\nmodels = ["openai_compatible/fake-1@{server.base_url}"]\n'
            'queries = 1\nreplicates = 1\nmetrics = ["option"]\n[design]\nkind = "ladder"\n'
            'facts = ["objections_read"]\nlevels = [0, 2]\npolarities = ["affirmed"]\n', encoding="utf-8")  # fmt: skip
        before = len(server.bodies)
        code = main(["--workspace", str(tmp_path / "ws"), "run", str(path), "--yes", "--no-report"])
        capsys.readouterr()
        return code, len(server.bodies) - before

    return go


DAMAGED = [
    b'{"request": {"broken',
    b'{"request": {}, "sample": {"text": 5, "stop": "end", "model": "m"}}',
    b'{"request": {}, "sample": {"text": "x", "stop": "end", "model": 1}}',
    b'{"request": {}, "sample": {"text": "x", "stop": "end", "model": "m", "usage": [1]}}',
]


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_record_is_bought_again_once_and_the_old_one_is_set_aside(tmp_path, buy, damaged):
    with FakeServer() as server:
        assert buy(server) == (0, 4)
        with sqlite3.connect(tmp_path / "ws" / "store" / "cache.db") as connection:
            connection.execute("UPDATE Cache SET value = ? WHERE rowid = 2", (damaged,))
        connection.close()
        assert buy(server) == (0, 1)
        assert buy(server) == (0, 0)
    with Store(tmp_path / "ws" / "store") as store:
        assert store.count() == 5
        assert damaged in [value for _, value in store.rows()]


@pytest.mark.parametrize("planted", [
    ("CREATE TRIGGER evil AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END",),
    ("DROP INDEX Cache_key_raw", "CREATE TABLE Cache_key_raw (x)"),
    ("DROP INDEX Cache_key_raw", "CREATE INDEX Cache_key_raw ON Cache(key, raw)"),
    ("DROP TRIGGER Settings_count_insert",
     "CREATE TRIGGER Settings_count_insert AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END"),
    ("CREATE VIEW seen AS SELECT 1",),
])  # fmt: skip
def test_a_store_with_parts_that_we_never_make_is_not_opened_and_not_changed(tmp_path, planted):
    with Store(tmp_path / "store") as store:
        store.add("v1:" + "0" * 64, b"{}").result()
    path = tmp_path / "store" / "cache.db"
    with sqlite3.connect(path) as connection:
        for statement in planted:
            connection.execute(statement)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"parts that this project never makes.*store repair"):
        Store(tmp_path / "store")
    assert path.read_bytes() == before
