"""What has been paid for is kept: first write wins, nothing is evicted, nothing planted is ever unpickled."""

import pickle
import sqlite3
import subprocess
import sys
import threading

import pytest

from cache import record
from cache.errors import StoreError, UnsafeRow
from cache.key import content_key
from cache.place import network_file_system
from cache.store import Store
from cache.why import nearest


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store") as opened:
        yield opened


def test_first_write_wins(store):
    assert store.add("v1:a", b"first").result(10) is True
    assert store.add("v1:a", b"second").result(10) is False
    assert store.get("v1:a") == b"first"


def test_what_is_committed_is_there_after_opening_again(tmp_path):
    with Store(tmp_path / "s") as one:
        for i in range(500):
            one.add(f"v1:{i}", str(i).encode())
    with Store(tmp_path / "s") as two:
        assert two.count() == 500
        assert two.get_many(["v1:7", "v1:499", "v1:x"]) == {"v1:7": b"7", "v1:499": b"499"}
        assert two.has_many(["v1:7", "v1:x"]) == {"v1:7"}


def test_threads_share_one_store(store):
    def put(start):
        for future in [store.add(f"v1:{i}", b"x") for i in range(start, start + 100)]:
            future.result(10)

    threads = [threading.Thread(target=put, args=(n * 50,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count() == 350


def test_two_processes_share_one_store(tmp_path):
    code = (
        "import sys; from pathlib import Path; from cache.store import Store\n"
        "with Store(Path(sys.argv[1])) as s:\n"
        "    [s.add(f'v1:{i}', sys.argv[2].encode()) for i in range(300)]\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s"), name]) for name in ("a", "b")]
    assert [process.wait(60) for process in both] == [0, 0]
    with Store(tmp_path / "s") as opened:
        assert opened.count() == 300


class Planted:
    """Unpickling this would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("where", ["key", "value", "file"])
def test_a_planted_pickle_row_is_refused_and_never_runs(tmp_path, where):
    """CVE-2025-69872: diskcache unpickles any row that says it is a pickle."""
    folder, proof = tmp_path / "s", tmp_path / "proof"
    with Store(folder) as opened:
        opened.add("v1:good", b"kept").result(10)
    bomb = pickle.dumps(Planted(proof))
    (folder / "bomb.val").write_bytes(bomb)
    row = {
        "key": (bomb, 0, 1, None, b"x"),
        "value": ("v1:bad", 1, 4, None, bomb),
        "file": ("v1:bad", 1, 4, "bomb.val", None),
    }
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute(
            "INSERT INTO Cache (key, raw, mode, filename, value, store_time) VALUES (?, ?, ?, ?, ?, 0)", row[where]
        )
    with Store(folder) as opened:
        assert opened.get("v1:good") == b"kept"
        if where != "key":
            with pytest.raises(UnsafeRow, match="could run code"):
                opened.get("v1:bad")
            with pytest.raises(UnsafeRow, match="could run code"):
                opened._cache.get("v1:bad")  # diskcache's own path is closed as well
        else:
            with pytest.raises(UnsafeRow, match="could run code"):
                list(opened._cache.iterkeys())
        bad = [value for _, value in opened.rows() if isinstance(value, StoreError)]
        assert len(bad) == 1
    assert not proof.exists()


def test_only_text_keys_and_bytes_values_can_be_kept(store):
    with pytest.raises(TypeError, match="bytes"):
        store.add("v1:a", "text")
    with pytest.raises(TypeError, match="text"):
        store.add(("v1", "a"), b"x")


def test_nothing_is_evicted_past_a_gibibyte(tmp_path):
    """diskcache's default drops the oldest rows at 1 GiB; here the limit is off, whatever the folder's settings say."""
    with Store(tmp_path / "s") as opened:
        opened.add("v1:oldest", b"x").result(10)
    with sqlite3.connect(tmp_path / "s" / "cache.db") as connection:
        connection.execute("UPDATE Settings SET value = 1 WHERE key = 'size_limit'")
        connection.execute("UPDATE Settings SET value = 100 WHERE key = 'cull_limit'")
        connection.execute("UPDATE Settings SET value = 'least-recently-stored' WHERE key = 'eviction_policy'")
        # the database believes that two GiB are kept
        connection.execute("UPDATE Settings SET value = 2147483648 WHERE key = 'size'")
    with Store(tmp_path / "s") as opened:
        for i in range(300):
            opened.add(f"v1:{i}", b"y" * 1000)
        opened.add("v1:last", b"z").result(30)
        assert opened.count() == 302
        assert opened.get("v1:oldest") == b"x"


def test_the_folder_is_for_its_owner_only(store):
    assert store.folder.stat().st_mode & 0o777 == 0o700
    assert (store.folder / "cache.db").stat().st_mode & 0o077 == 0


def test_a_damaged_database_is_a_clear_error_and_is_not_touched(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "cache.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreError, match=r"cannot be opened.*Nothing was changed"):
        Store(folder)
    assert (folder / "cache.db").read_bytes().startswith(b"this is not")


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path):
    (tmp_path / "s").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "s")


def test_a_full_disk_fails_the_write_and_keeps_the_rest(tmp_path):
    """SQLite's own page limit gives the very error of a full disk."""
    with Store(tmp_path / "s") as opened:
        opened.add("v1:before", b"kept").result(10)

        def shrink(cache=opened._cache, original=opened._cache.transact):
            pages = cache._sql("PRAGMA page_count").fetchone()[0]
            cache._sql(f"PRAGMA max_page_count = {pages}")
            return original()

        opened._cache.transact = shrink
        with pytest.raises(StoreError, match=r"could not be kept.*Free disk space"):
            opened.add("v1:big", b"x" * 1_000_000).result(10)
        assert opened.get("v1:before") == b"kept"
        assert opened.get("v1:big") is None


def test_a_closed_store_says_so(tmp_path):
    opened = Store(tmp_path / "s")
    opened.close()
    with pytest.raises(StoreError, match="closed"):
        opened.add("v1:a", b"x").result(1)


def test_network_file_systems_are_recognised(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda / ext4 rw 0 0\nserver:/home /home/me nfs4 rw 0 0\n")
    assert network_file_system(tmp_path.__class__("/home/me/work"), mounts) == "nfs4"
    assert network_file_system(tmp_path.__class__("/var"), mounts) is None


def test_verify_re_derives_every_key():
    request = {"provider": "p", "turns": [{"role": "user", "text": "hi"}], "max_tokens": 5}
    value = record.write(request, {"text": "yo"})
    assert record.problem(content_key(request), value) is None
    assert "hashes to" in record.problem("v1:" + "0" * 64, value)
    assert "damaged" in record.problem("v1:a", value[: len(value) // 2])


def test_why_names_the_fields_that_differ():
    base = {"provider": "p", "model": "m", "system": "A" * 200, "temperature": 1}
    rows = [
        (content_key(r), record.write(r, {"text": ""}))
        for r in (base | {"model": "n", "temperature": 0.5}, base | {"temperature": 0})
    ]
    found = nearest(base | {"system": "A" * 150 + "B" * 50, "temperature": 0}, rows)
    assert found.key == rows[1][0]
    assert len(found.differences) == 1
    assert found.differences[0].startswith("system, from character 150")


def test_a_killed_writer_leaves_a_whole_store(tmp_path):
    """SIGKILL while writing: what was reported as kept is kept, and the store opens."""
    code = (
        "import sys; from pathlib import Path; from cache.store import Store\n"
        "s = Store(Path(sys.argv[1]))\n"
        "for i in range(100000):\n"
        "    s.add(f'v1:{i}', b'x' * 2000).result()\n"
        "    print(i, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s")], stdout=subprocess.PIPE, text=True)
    reported = -1
    for line in process.stdout:
        reported = int(line)
        if reported >= 40:
            process.kill()
            break
    reported = max([reported, *(int(line) for line in process.stdout if line.strip().isdigit())])
    process.wait()
    with Store(tmp_path / "s") as opened:
        assert opened.has_many(f"v1:{i}" for i in range(reported + 1)) == {f"v1:{i}" for i in range(reported + 1)}
    assert process.returncode == -9


def test_opening_writes_nothing_and_waits_for_no_writer(tmp_path):
    """The dashboard opens the store in the thread that draws its pages."""
    with Store(tmp_path / "s") as opened:
        opened.add("v1:a", b"kept").result(10)
    writer = sqlite3.connect(tmp_path / "s" / "cache.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    before = writer.execute("PRAGMA data_version").fetchone()
    with Store(tmp_path / "s") as opened:  # diskcache's own opening would wait for the lock, here for ever
        assert opened.get("v1:a") == b"kept"
        assert opened.has_many(["v1:a"]) == {"v1:a"}
    writer.execute("ROLLBACK")
    assert writer.execute("PRAGMA data_version").fetchone() == before
    writer.close()


@pytest.mark.parametrize("change", [
    "UPDATE Settings SET value = 100 WHERE key = 'cull_limit'", "DELETE FROM Settings WHERE key = 'cull_limit'",
    "DROP TRIGGER Settings_count_insert", "DROP INDEX Cache_key_raw",
])  # fmt: skip
def test_a_store_that_is_not_as_we_leave_it_is_opened_in_full(tmp_path, change):
    with Store(tmp_path / "s") as opened:
        opened.add("v1:a", b"kept").result(10)
    with sqlite3.connect(tmp_path / "s" / "cache.db") as connection:
        connection.execute(change)
    connection.close()
    with Store(tmp_path / "s") as opened:
        assert opened.add("v1:a", b"other").result(10) is False
        assert opened.add("v1:b", b"kept").result(10) is True
        assert opened._cache.cull_limit == 0
    with sqlite3.connect(tmp_path / "s" / "cache.db") as connection:
        assert connection.execute("SELECT value FROM Settings WHERE key = 'cull_limit'").fetchone() == (0,)
        assert connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name IN "
                                  "('Settings_count_insert', 'Cache_key_raw')").fetchone() == (2,)  # fmt: skip
    connection.close()
