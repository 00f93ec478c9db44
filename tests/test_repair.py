"""`salience store repair`: what a damaged store still holds is saved into a new one; the old one is only read."""

import json
import random
import shutil
import sqlite3

import pytest

from cache.errors import StoreError
from cache.key import content_key
from cache.record import write
from cache.salvage import salvage
from cache.store import Store
from dashboard.__main__ import main

COUNT, PAGE = 160, 8192


def records():
    """Small ones, some of a page and some of many pages, as requests with long prompts are."""
    draw = random.Random(5)
    for number in range(COUNT):
        prompt = "".join(draw.choices("abcdefgh \n", k=draw.choice([40, 3_000, 7_900, 12_000, 30_000])))
        request = {"provider": "p", "model": "m", "turns": [{"role": "user", "text": prompt}], "replicate": number}
        yield (
            content_key(request),
            write(request, {"text": prompt[::-1][: draw.randint(1, 1500)], "stop": "end", "model": "m"}),
        )


RECORDS = dict(records())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "store"
    with Store(folder) as store:
        for key, value in RECORDS.items():
            store.add(key, value)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "store")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def saved(folder, into=None):
    """What a repair keeps, once it is proven that all of it is true and that the old store's files did not change."""
    before, into = files(folder), into or folder.with_name("new")
    found = salvage(folder, into)
    assert files(folder) == before
    with Store(into) as store:
        kept = dict(store.rows())
    assert found.kept == len(kept)
    assert all(RECORDS.get(key) == value for key, value in kept.items())
    assert not kept.keys() & found.lost.keys()
    shutil.rmtree(into)
    return kept, found


def test_a_whole_store_is_copied_whole(folder):
    kept, found = saved(folder)
    assert kept == RECORDS
    assert (found.lost, found.said, found.traceless) == ({}, COUNT, 0)


@pytest.mark.parametrize("share", [0.03, 0.1, 0.25, 0.5, 0.77, 0.9, 0.999])
def test_of_a_file_cut_short_all_rows_before_the_cut_are_saved(folder, share):
    path = folder / "cache.db"
    content = path.read_bytes()
    cut = int(len(content) * share)
    path.write_bytes(content[:cut])
    kept, found = saved(folder)
    assert len(kept) + len(found.lost) + found.traceless == COUNT
    ends = [content.rfind(value[-40:]) + 40 for value in RECORDS.values()]  # where each row's last bytes lie
    # A row is there when its last page is: pages are written in the order of rows.
    assert len(kept) >= sum(end < cut - PAGE for end in ends) - 1


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_costs_at_most_the_row_it_hits(folder, seed):
    draw = random.Random(seed)
    content = bytearray((folder / "cache.db").read_bytes())
    # Half of them in the heads of pages, where the trees are.
    at = draw.randrange(len(content)) if seed % 2 else draw.randrange(len(content) // PAGE) * PAGE + draw.randrange(100)
    content[at] ^= draw.randint(1, 255)
    (folder / "cache.db").write_bytes(content)
    kept, found = saved(folder)
    assert len(kept) >= COUNT - 1
    assert len(kept) + len(found.lost) in {COUNT, COUNT + 1}  # a damaged name in the index is one more that is missed


@pytest.mark.parametrize("spoilt", ["header", "schema", "all heads"])
def test_rows_are_found_without_header_schema_or_trees(folder, spoilt):
    content = bytearray((folder / "cache.db").read_bytes())
    match spoilt:
        case "header":
            content[:100] = bytes(100)
        case "schema":
            content[:PAGE] = bytes(PAGE)
        case _:
            for page in range(len(content) // PAGE):
                if content[page * PAGE] in (2, 5, 10, 13):  # pages of trees; pages that values go on in have no head
                    content[page * PAGE : page * PAGE + 8] = b"\xff" * 8
    (folder / "cache.db").write_bytes(content)
    kept, _ = saved(folder)
    assert kept == RECORDS


def test_of_zeroed_pages_only_their_own_rows_are_lost_and_named(folder):
    content = bytearray((folder / "cache.db").read_bytes())
    pages = len(content) // PAGE
    for page in range(10, pages, 50):
        content[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    (folder / "cache.db").write_bytes(content)
    kept, found = saved(folder)
    assert len(kept) >= COUNT - 4 * len(range(10, pages, 50))
    assert found.lost
    assert found.lost.keys() <= RECORDS.keys() - kept.keys()


@pytest.fixture
def killed(tmp_path):
    """A store as a killed process leaves it: rows committed to the log and not yet folded into the file."""
    live = tmp_path / "live"
    store = Store(live)
    for key, value in list(RECORDS.items())[:100]:
        store.add(key, value)
    store.add(*list(RECORDS.items())[100]).result(10)
    folder = shutil.copytree(live, tmp_path / "store")
    store.close()
    assert (folder / "cache.db-wal").stat().st_size > 100_000
    return folder


def test_rows_that_only_the_log_holds_are_saved(killed):
    kept, found = saved(killed)
    assert len(kept) == 101
    assert not found.lost


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_log_costs_only_the_rows_that_it_hits(killed, seed):
    draw = random.Random(seed)
    content = bytearray((killed / "cache.db-wal").read_bytes())
    content[draw.randrange(len(content)) if seed else 17] ^= 0xFF  # the first hits the head of the log
    (killed / "cache.db-wal").write_bytes(content)
    kept, _ = saved(killed)
    assert len(kept) >= 96


def test_without_its_log_a_store_keeps_what_the_file_holds(killed):
    (killed / "cache.db-wal").unlink()
    kept, _ = saved(killed)
    with sqlite3.connect(f"file:{killed}/cache.db?mode=ro&immutable=1", uri=True) as connection:
        there = connection.execute("SELECT COUNT(*) FROM Cache").fetchone()[0]
    connection.close()
    assert len(kept) == there


def test_a_record_under_a_wrong_key_is_not_kept(folder):
    keys = list(RECORDS)
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute("UPDATE Cache SET value = ? WHERE key = ?", (RECORDS[keys[1]], keys[0]))
        connection.execute("UPDATE Cache SET value = x'80049500' , mode = 4 WHERE key = ?", (keys[2],))  # a pickle
    connection.close()
    kept, found = saved(folder)
    assert set(found.lost) == {keys[0], keys[2]} == RECORDS.keys() - kept.keys()
    assert "hashes to" in found.lost[keys[0]]


def test_a_changed_letter_of_a_reply_is_noticed(folder):
    """The key vouches for the request alone; the reply has a checksum."""
    key, value = next(iter(RECORDS.items()))
    at = value.rindex(b'"text":"') + 8
    letter = b"X" if value[at : at + 1] != b"X" else b"Y"
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute("UPDATE Cache SET value = ? WHERE key = ?", (value[:at] + letter + value[at + 1 :], key))
    connection.close()
    _, found = saved(folder)
    assert "checksum" in found.lost[key]


def test_records_without_a_checksum_are_still_kept(tmp_path):
    """Earlier versions wrote none."""
    request = {"provider": "p", "turns": [], "max_tokens": 1}
    value = json.dumps({"request": request, "sample": {"text": "x", "stop": "end", "model": "m"}}).encode()
    with Store(tmp_path / "store") as store:
        store.add(content_key(request), value)
    assert salvage(tmp_path / "store", tmp_path / "new").kept == 1


def test_what_was_set_aside_is_counted_and_left(folder):
    key = next(iter(RECORDS))
    with Store(folder) as store:
        store.set_aside(key)
        store.add(key, RECORDS[key]).result(10)
    kept, found = saved(folder)
    assert (kept, found.aside, found.lost) == (RECORDS, 1, {})


def test_nothing_is_written_over(folder, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").write_text("x")
    with pytest.raises(StoreError, match="name a new folder with --into"):
        salvage(folder, tmp_path / "there")
    with pytest.raises(StoreError, match="there is no store"):
        salvage(tmp_path / "nowhere", tmp_path / "new")


def test_the_command_repairs_names_what_is_lost_and_says_how_to_go_on(folder, tmp_path, capsys):
    workspace = tmp_path / "ws"
    workspace.mkdir()
    shutil.move(folder, workspace / "store")
    path = workspace / "store" / "cache.db"
    content = bytearray(path.read_bytes())
    content[:16] = b"not a database!!"
    content[len(content) // 2 :] = b""
    path.write_bytes(content)
    run = ["--workspace", str(workspace), "store"]
    assert main([*run, "verify"]) == 1
    assert "salience store repair" in capsys.readouterr().err
    assert main([*run, "repair"]) == 1
    told = capsys.readouterr().out
    assert f"says that it had {COUNT} rows" in told
    assert f"mv {workspace / 'store-repaired'} {workspace / 'store'}" in told
    (workspace / "store").rename(workspace / "store-damaged")
    (workspace / "store-repaired").rename(workspace / "store")
    assert main([*run, "repair", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lost"] == {}


@pytest.mark.parametrize("where", ["inside", "around", "link"])
def test_a_new_store_is_never_written_into_the_old_one_or_around_it_or_behind_a_link(tmp_path, where):
    folder = tmp_path / "outer" / "store"
    with Store(folder) as store:
        store.add(*next(records())).result()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    into = {"inside": folder / "sub", "around": tmp_path / "outer", "link": link}[where]
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match="--into"):
        salvage(folder, into)
    assert sorted(tmp_path.rglob("*")) == before
