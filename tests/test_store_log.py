"""A damaged write-ahead log is named before SQLite drops what stands behind it; one that merely ends opens."""

import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing

import pytest

from cache import write_ahead
from cache.errors import StoreError
from cache.pages import FRAME_HEAD, WAL_HEAD, sums_of
from cache.store import Store
from cache.write_ahead import refuse_damaged

FRAME = FRAME_HEAD + 8192
WRITER = """
import os, sys
from pathlib import Path
from cache.store import Store
store = Store(Path(sys.argv[1]))
number = 0
while True:
    futures = [store.add(f"v1:{sys.argv[2]}-{number + n}", os.urandom(9_000)) for n in range(1 + number % 7)]
    number += len(futures)
    for one in futures:
        one.result()
    print(number, flush=True)
"""


def started(folder, name="w"):
    return subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name], stdout=subprocess.PIPE, text=True)


def killed_after(process, rows):
    """Kill a writer once it has said that so many rows are kept; how many it said in the end."""
    said = 0
    while said < rows:
        said = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines()
    process.wait(30)
    process.stdout.close()
    return max([said, *(int(line) for line in rest if line.isdecimal())])


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """A store as a killed writer leaves it: 60 commits, nearly all of them in the log alone."""
    root = tmp_path_factory.mktemp("left")
    draw = random.Random(1)
    with Store(root / "live") as store:
        for number in range(60):
            store.add(f"v1:{number}", draw.randbytes(draw.choice([200, 9_000, 30_000]))).result(30)
        shutil.copytree(root / "live", root / "store")
    return root / "store"


@pytest.fixture
def folder(left, tmp_path):
    return shutil.copytree(left, tmp_path / "store")


def log_of(folder):
    return bytearray((folder / "cache.db-wal").read_bytes())


def frames(log):
    """Where each frame begins, and whether it ends a commit."""
    return [(at, log[at + 4 : at + 8] != bytes(4)) for at in range(WAL_HEAD, len(log) - FRAME + 1, FRAME)]


def opens(folder, log):
    """The rows that are there once the store was opened with this log; its error where it is refused."""
    path = folder / "cache.db-wal"
    path.write_bytes(log)
    (folder / "cache.db-shm").unlink(missing_ok=True)
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    try:
        with Store(folder) as store:
            return store.count()
    except StoreError as error:
        assert {one.name: one.read_bytes() for one in folder.iterdir()} == before, "it was opened before it was refused"
        return str(error)


def test_a_whole_log_opens_with_every_row(folder):
    assert opens(folder, log_of(folder)) == 60


@pytest.mark.parametrize("seed", range(30))
def test_a_changed_byte_is_named_by_the_frame_that_it_hits(folder, seed):
    log, draw = log_of(folder), random.Random(seed)
    places = frames(log)
    start = draw.choice(places[: next(n for n, (_, commit) in reversed([*enumerate(places)]) if commit)])[0]
    log[start + (draw.randrange(FRAME_HEAD) if seed % 2 else draw.randrange(FRAME))] ^= 1 << draw.randrange(8)
    said = opens(folder, log)
    assert f"cache.db-wal is damaged at byte {start:,}" in said
    assert "`salience store repair`" in said


@pytest.mark.parametrize("at", [0, 3, 7, 9, 10, 13, 17, 22, 25, 31])
def test_a_changed_byte_in_the_head_is_named(folder, at):
    log = log_of(folder)
    log[at] ^= 4
    assert "is damaged at byte 0:" in opens(folder, log)


@pytest.mark.parametrize("seed", range(20))
def test_a_log_that_ends_anywhere_opens_with_every_commit_before_its_end(folder, left, seed):
    log = log_of(folder)
    size = random.Random(seed).randrange(len(log))
    end = max([0, *(at + FRAME for at, commit in frames(log) if commit and at + FRAME <= size)])
    again = shutil.copytree(left, folder.with_name("again"))
    assert opens(folder, log[:size]) == opens(again, log[:end]) < 60


@pytest.mark.parametrize("rest", ["nothing", "zeros", "noise", "an older page"])
@pytest.mark.parametrize("seed", range(5))
def test_a_write_that_was_cut_off_is_no_damage(folder, left, seed, rest):
    """The head of a frame and a part of its page were written, over nothing or over what stood there before."""
    log, draw = log_of(folder), random.Random(seed)
    start, _ = draw.choice(frames(log)[20:])
    cut = start + draw.randrange(1, FRAME - 1)
    tail = {"nothing": b"", "zeros": bytes(3 * FRAME), "noise": draw.randbytes(3 * FRAME),
            "an older page": bytes(8) + b"oldsalts" + draw.randbytes(3 * FRAME)}[rest]  # fmt: skip
    committed = max(at + FRAME for at, commit in frames(log) if commit and at < start)
    expected = opens(folder, log[:committed])
    assert isinstance(expected, int)
    again = shutil.copytree(left, folder.with_name("again"))
    assert opens(again, log[:cut] + tail) == expected


def test_what_stands_behind_the_end_of_a_log_begun_anew_is_no_damage(folder, tmp_path):
    with Store(folder) as store, closing(sqlite3.connect(folder / "cache.db")) as other:
        long = len(log_of(folder))
        other.execute("PRAGMA wal_checkpoint(RESTART)")
        store.add("v1:new", b"x").result(30)
        copy = shutil.copytree(folder, tmp_path / "copy")
    log = log_of(copy)
    salts = [bytes(log[at + 8 : at + 16]) for at, _ in frames(log)]
    assert len(log) == long
    assert len(set(salts)) == 2  # commits of before do stand behind the new ones
    assert opens(copy, log) == 61


@pytest.mark.parametrize("flip", [False, True])
def test_a_log_of_a_machine_with_the_other_byte_order(folder, flip):
    log = log_of(folder)
    log[:4] = (0x377F0683 if log[3] == 0x82 else 0x377F0682).to_bytes(4, "big")
    order = ">" if log[3] & 1 else "<"
    sums = sums_of(bytes(log[:24]), order, (0, 0))
    log[24:32] = struct.pack(">2I", *sums)
    for at, _ in frames(log):
        sums = sums_of(bytes(log[at + 24 : at + FRAME]), order, sums_of(bytes(log[at : at + 8]), order, sums))
        log[at + 16 : at + 24] = struct.pack(">2I", *sums)
    if flip:
        log[WAL_HEAD + 30 * FRAME + 5_000] ^= 1
    said = opens(folder, log)
    assert f"at byte {WAL_HEAD + 30 * FRAME:,}" in said if flip else said == 60


def test_damage_far_behind_in_a_long_log_is_named(tmp_path):
    """The log is read in blocks; the damage lies in one of the last."""
    with Store(tmp_path / "live") as store, closing(sqlite3.connect(tmp_path / "live" / "cache.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM Cache").fetchall()  # who reads keeps the log from being begun anew
        for number in range(30):
            store.add(f"v1:{number}", os.urandom(400_000)).result(30)
        folder = shutil.copytree(tmp_path / "live", tmp_path / "store")
        reader.rollback()
    log = log_of(folder)
    assert len(log) > 10_000_000
    start = WAL_HEAD + 9_000_000 // FRAME * FRAME
    log[start + 100] ^= 1
    assert f"at byte {start:,}" in opens(folder, log)
    log[start + 100] ^= 1
    assert opens(folder, log) == 30


def test_after_a_kill_the_store_opens_with_all_that_was_said_to_be_kept(tmp_path):
    for number in range(3):
        said = killed_after(started(tmp_path / "store", f"w{number}"), 40)
        with Store(tmp_path / "store") as store:
            assert sum(key.startswith(f"v1:w{number}-") for key, _ in store.rows()) >= said


def test_a_store_that_others_write_to_opens_every_time(tmp_path):
    """Two of them, through several beginnings of the log anew."""
    folder = tmp_path / "store"
    Store(folder).close()
    processes = [started(folder, name) for name in "ab"]
    for process in processes:
        process.stdout.readline()
    heads = set()
    while len(heads) < 4:
        refuse_damaged(folder / "cache.db")
        heads.add((folder / "cache.db-wal").read_bytes()[:WAL_HEAD])
    with Store(folder) as store:
        assert store.count() > 0
    said = [killed_after(process, 1) for process in processes]
    with Store(folder) as store:
        assert store.count() >= sum(said)


def test_a_write_that_is_under_way_while_the_log_is_read_is_no_damage(folder, monkeypatch):
    """What was broken when it was read first, and whole when it was read again."""
    whole = log_of(folder)
    path = folder / "cache.db-wal"
    torn = bytearray(whole)
    torn[WAL_HEAD + 30 * FRAME + 5_000] ^= 1
    path.write_bytes(torn)
    read = write_ahead._broken

    def then_written(*args):
        found = read(*args)
        path.write_bytes(whole)
        return found

    monkeypatch.setattr(write_ahead, "_broken", then_written)
    refuse_damaged(folder / "cache.db")
    assert path.read_bytes() == whole


def test_no_log_and_an_empty_one_are_no_damage(folder):
    assert opens(folder, b"") < 60
    (folder / "cache.db-wal").unlink(missing_ok=True)
    refuse_damaged(folder / "cache.db")
