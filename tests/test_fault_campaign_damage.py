"""Fault campaign, damage: a flipped byte or a short file is named; what is whole is carried into a new store."""

import hashlib
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cache import record
from cache.errors import StoreError
from cache.store import Store
from campaign import KEY, VARIABLE, Ground, judge
from dashboard.__main__ import main
from dashboard.workspace import Workspace
from fault_server import FaultServer
from runners.limits import Limits
from runners.progress import State

PLACES, MISNAMED, CUTS, FLIPS = 30, 6, 8, 6
ON_A_PAGE = 8  # rows that one damaged byte can cost at most
LIMITS = Limits(concurrency=8, attempts=3, backoff_s=0.002, timeout_s=30)


@pytest.fixture(scope="module")
def bought(tmp_path_factory):
    """A workspace with a finished run, and its server."""
    with pytest.MonkeyPatch.context() as patch, FaultServer(secret=KEY) as server:
        patch.setenv(VARIABLE, KEY)
        server.schedule = lambda call: "echo" if call.number % 7 == 0 else "ok"
        root = tmp_path_factory.mktemp("bought") / "ws"
        ground = Ground(workspace=Workspace(root=root), server=server, wires=("openai_compatible",),
                        shape={"queries": 10, "replicates": 2, "concurrency": 8})  # fmt: skip
        judge(ground, ground.run(LIMITS))
        yield ground


@pytest.fixture(scope="module")
def whole(bought):
    """The rows of that run's store as they were written."""
    with Store(bought.workspace.store) as store:
        return {key: value for key, value in store.rows() if isinstance(value, bytes)}


@pytest.fixture
def damaged(bought, tmp_path):
    """A copy of that workspace whose store's file ``change`` has changed."""

    def make(change):
        root = tmp_path / "ws"
        shutil.copytree(bought.workspace.root, root)
        file = root / "store" / "cache.db"
        with closing(sqlite3.connect(file)) as connection:  # what threads left open keeps the log from being folded in
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(file.read_bytes())
        change(content)
        file.write_bytes(content)
        return Ground(workspace=Workspace(root=root), server=bought.server, wires=bought.wires, shape=bought.shape)

    return make


def flip(place):
    """Damage one byte, seeded: nearly everywhere in the file, and always in its first hundred bytes once."""
    draw = random.Random(place)

    def change(content):
        where = draw.randrange(100) if place == 0 else draw.randrange(len(content))
        content[where] ^= draw.randrange(1, 256)

    return change


def cut(place):
    """Cut the file off, seeded; every fourth time at the end of a page."""
    draw = random.Random(1000 + place)

    def change(content):
        size = draw.randrange(len(content))
        del content[size - size % 8192 if place % 4 == 0 else size :]

    return change


def misname(place):
    """Change a letter of a key where it stands: in its row for even places, in the index for odd ones."""
    draw = random.Random(2000 + place)

    def change(content):
        keys = sorted({found[0] for found in re.finditer(rb"v1:[0-9a-f]{64}", content)})
        key = draw.choice(keys)
        places = [found.start() for found in re.finditer(key, content)]
        in_row = [start for start in places if b'{"request"' in content[start : start + 120]]
        (where,) = in_row if place % 2 == 0 else [start for start in places if start not in in_row]
        content[where + draw.randrange(3, 67)] ^= 1

    return change


DAMAGES = [*(pytest.param(flip(n), id=f"flip {n}") for n in range(PLACES)),
           *(pytest.param(misname(n), id=f"misname {n}") for n in range(MISNAMED)),
           *(pytest.param(cut(n), id=f"cut {n}") for n in range(CUTS))]  # fmt: skip


def said_of(ground, *words, capsys):
    capsys.readouterr()
    code = main(["--workspace", str(ground.workspace.root), "store", *words])
    out = capsys.readouterr()
    return code, out.out + out.err


def prints(folder: Path):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def readable(folder):
    """What can be read as whole records, one after another and by key, and what the index says is there."""
    found, by_key, indexed = {}, {}, None
    try:
        with Store(folder) as store:
            for key, value in store.rows():
                found |= {key: value} if isinstance(value, bytes) and record.problem(key, value) is None else {}
            by_key = {key: value for key, value in store.get_many(found).items() if record.problem(key, value) is None}
            indexed = store.has_many(found)
    except StoreError:
        pass
    return found, by_key, indexed


@pytest.mark.parametrize("change", DAMAGES)
def test_damage_is_named_and_the_rest_is_salvaged(damaged, whole, tmp_path, capsys, change):
    ground = damaged(change)
    store, into = ground.workspace.store, tmp_path / "new"
    before = prints(store)
    code, said = said_of(ground, "repair", "--into", str(into), capsys=capsys)
    assert prints(store) == before, "the old store was touched"
    with Store(into) as new:
        salvaged = dict(new.rows())
    assert salvaged.items() <= whole.items(), "something was salvaged that was never written"
    lost = whole.keys() - salvaged.keys()
    assert code == (1 if lost else 0), said
    assert f"{len(salvaged):,} samples are whole" in said
    if change in [one.values[0] for one in DAMAGES[: PLACES + MISNAMED]]:
        assert len(lost) <= ON_A_PAGE
    found, by_key, indexed = readable(store)
    assert found.items() <= whole.items(), "damage was read as a sample"
    assert by_key.items() <= whole.items()
    code, said = said_of(ground, "verify", capsys=capsys)
    if (found, by_key, indexed) != (whole, whole, set(whole)):
        assert code == 1, f"damage that nobody is told of: {len(found)}, {len(by_key)}, {len(indexed or ())}"
        assert said.strip()
    assert "Traceback" not in said


@pytest.mark.parametrize("change", [DAMAGES[n].values[0] for n in (0, 3, PLACES, PLACES + 1, -1, -2)])
def test_a_run_goes_on_from_what_was_salvaged_and_buys_only_the_rest(damaged, whole, capsys, monkeypatch, change):
    monkeypatch.setenv(VARIABLE, KEY)
    ground = damaged(change)
    store = ground.workspace.store
    said_of(ground, "repair", capsys=capsys)
    (into,) = ground.workspace.root.glob("store-repaired*")
    store.rename(store.with_name("store-damaged"))
    into.rename(store)
    with Store(store) as new:
        lost = len(whole) - new.count()
    calls = len(ground.server.calls)
    last = ground.run(LIMITS)
    judge(ground, last)
    assert (last.state, last.finished) == (State.FINISHED, last.planned)
    assert len(ground.server.calls) - calls == lost


@pytest.fixture(scope="module")
def killed(tmp_path_factory, whole):
    """A store as a killed run leaves it: nearly everything is still in SQLite's log, in many commits."""
    root = tmp_path_factory.mktemp("killed")
    with Store(root / "live" / "store") as store:
        for key, value in whole.items():
            store.add(key, value).result(30)
        shutil.copytree(root / "live", root / "ws")
    return root / "ws"


def with_flipped_log(killed, tmp_path, place):
    """A copy with one damaged byte somewhere in the first nine tenths of the log."""
    root = tmp_path / "ws"
    shutil.copytree(killed, root)
    log = root / "store" / "cache.db-wal"
    content = bytearray(log.read_bytes())
    content[random.Random(3000 + place).randrange(100, len(content) * 9 // 10)] ^= 1
    log.write_bytes(content)
    return root


@pytest.mark.parametrize("place", range(4))
def test_what_stands_behind_a_damaged_place_in_the_log_is_salvaged(killed, whole, tmp_path, place):
    root = with_flipped_log(killed, tmp_path, place)
    main(["--workspace", str(root), "store", "repair", "--into", str(tmp_path / "new")])
    with Store(tmp_path / "new") as new:
        salvaged = dict(new.rows())
    assert salvaged.items() <= whole.items()
    assert len(whole) - len(salvaged) <= ON_A_PAGE


@pytest.mark.parametrize("place", range(FLIPS))
def test_a_damaged_place_in_the_log_is_named_before_the_rest_is_dropped(killed, whole, tmp_path, capsys, place):
    root = with_flipped_log(killed, tmp_path, place)
    before = prints(root / "store")
    assert main(["--workspace", str(root), "store", "verify"]) == 1
    said = capsys.readouterr().err
    assert "cache.db-wal is damaged at byte" in said
    assert "salience store repair" in said
    assert prints(root / "store") == before
    main(["--workspace", str(root), "store", "repair", "--into", str(tmp_path / "new")])
    with Store(tmp_path / "new") as new:
        assert dict(new.rows()) == whole
