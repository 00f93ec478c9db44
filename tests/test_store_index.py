"""A damaged index of keys is named by `store verify`, costs no reply, and what only it names is not counted as lost."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing

import pytest

from cache.errors import StoreError
from cache.salvage import salvage
from cache.store import Store
from dashboard.__main__ import main
from runners.buy import _kept
from runners.keep import keep_anyway, kept, to_record
from runners.request import Request, Turn
from runners.sample import Sample, Stop


def pair(number):
    request = Request(provider="p", endpoint="e", model="m", turns=(Turn(role="user", text="hello"),), max_tokens=9,
                      replicate=number)  # fmt: skip
    return request.key, to_record(request, Sample(text=f"said {number}", stop=Stop.END, model="m"))


ROWS = dict(map(pair, range(40)))
KEYS = list(ROWS)


@pytest.fixture
def root(tmp_path):
    with Store(tmp_path / "ws" / "store") as store:
        for key, value in ROWS.items():
            store.add(key, value)
    return tmp_path / "ws"


def behind_the_index(root, statement, *values):
    """Run a statement while the database does not know that it has an index of keys."""
    name = "name = 'Cache_key_raw'"

    def do(*steps):
        with closing(sqlite3.connect(root / "store" / "cache.db")) as connection, connection:
            connection.execute("PRAGMA writable_schema = ON")
            return [connection.execute(*step).fetchall() for step in steps]

    ((row,), _) = do((f"SELECT * FROM sqlite_schema WHERE {name}",), (f"DELETE FROM sqlite_schema WHERE {name}",))
    do((statement, values))
    do(("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row))


def row_gone(root, key):
    behind_the_index(root, "DELETE FROM Cache WHERE key = ?", key)


def name_gone(root, key):
    """The row gets another number: the index leads to the old one."""
    behind_the_index(root, "UPDATE Cache SET rowid = 1000 WHERE key = ?", key)


def misname(root, key):
    """The index has a changed letter in a key, as a changed byte on disk makes it."""
    path = root / "store" / "cache.db"
    content = bytearray(path.read_bytes())
    (at,) = (found.start() for found in re.finditer(key.encode(), content) if content[found.end()] != ord("{") and
             b'{"request"' not in content[found.start() : found.start() + 120])  # fmt: skip
    content[at + 66] = ord("0") if content[at + 66] != ord("0") else ord("1")
    path.write_bytes(content)
    return key[:-1] + chr(content[at + 66])


def verified(root, capsys):
    capsys.readouterr()
    code = main(["--workspace", str(root), "store", "verify", "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_whole_store_has_no_problem_also_while_another_writes(root, capsys, monkeypatch):
    rows = Store.rows

    def while_others_write(self):
        for place, row in enumerate(rows(self)):
            if place == 0:
                with Store(self.folder) as other:
                    assert other.add(*pair(99)).result(30)
            yield row

    monkeypatch.setattr(Store, "rows", while_others_write)
    code, said = verified(root, capsys)
    assert (code, said["problems"]) == (0, [])
    assert said["checked"] == len(ROWS)


@pytest.mark.parametrize("damage", [name_gone, misname])
def test_a_row_that_its_index_does_not_lead_to_is_named(root, capsys, damage):
    damage(root, KEYS[7])
    code, said = verified(root, capsys)
    assert code == 1
    assert any(one.startswith(KEYS[7]) and "salience store repair" in one for one in said["problems"])


def test_a_name_in_the_index_without_a_row_is_named(root, capsys):
    row_gone(root, KEYS[7])
    code, said = verified(root, capsys)
    assert (code, said["checked"]) == (1, len(ROWS) - 1)
    (problem,) = said["problems"]
    assert f"names {len(ROWS)} rows, but {len(ROWS) - 1} were found" in problem
    assert "salience store repair" in problem


def test_a_misnamed_row_is_saved_and_its_phantom_is_not_lost(root, capsys, tmp_path):
    wrong = misname(root, KEYS[7])
    found = salvage(root / "store", tmp_path / "new")
    assert (found.kept, found.lost) == (len(ROWS), {})
    assert wrong not in KEYS
    assert main(["--workspace", str(root), "store", "repair"]) == 0


def test_a_name_whose_row_is_gone_is_lost_even_if_another_row_has_its_number(root, tmp_path):
    row_gone(root, KEYS[-1])
    with Store(root / "store") as store:
        assert store.add(*pair(99)).result(30)
        assert store.version() == len(ROWS)  # the number was given again
    found = salvage(root / "store", tmp_path / "new")
    assert found.lost == {KEYS[-1]: "its row is gone; only the index names it"}
    assert found.kept == len(ROWS)


def test_a_request_whose_name_the_index_lost_is_kept_when_bought_again(root):
    misname(root, KEYS[7])
    with Store(root / "store") as store:
        assert not store.has_many([KEYS[7]])
        asyncio.run(paid(store, KEYS[7]))
        assert kept(store, [KEYS[7]])[KEYS[7]].text == "said 7"


async def paid(store, key):
    await _kept(store, key, ROWS[key], store.add(key, ROWS[key]))


def test_a_reply_that_the_index_leaves_no_room_for_is_kept_apart_and_comes_back(root, tmp_path, capsys):
    row_gone(root, KEYS[7])
    with Store(root / "store") as store:
        assert store.add(KEYS[7], ROWS[KEYS[7]]).result(30) is False  # not added, and yet not there
        with pytest.raises(StoreError, match="It was kept apart: `salience store repair`"):
            asyncio.run(paid(store, KEYS[7]))
        assert store.aside() == {f"{KEYS[7]}:damaged-reply"}
    found = salvage(root / "store", tmp_path / "new")
    assert (found.kept, found.lost, found.aside) == (len(ROWS), {}, 0)
    with Store(tmp_path / "new") as new:
        assert dict(new.rows()) == ROWS
    assert main(["--workspace", str(root), "store", "repair"]) == 0


def test_a_second_refusal_to_add_is_not_taken_for_kept(root, monkeypatch):
    """As it would be where a row can neither be read nor given another name."""
    behind_the_index(root, "UPDATE Cache SET value = x'00' WHERE key = ?", KEYS[7])
    monkeypatch.setattr(Store, "set_aside", lambda *_: None)
    with Store(root / "store") as store:
        with pytest.raises(StoreError, match="kept apart"):
            keep_anyway(store, KEYS[7], ROWS[KEYS[7]])
        assert store.get(f"{KEYS[7]}:damaged-reply") == ROWS[KEYS[7]]


def test_what_is_whole_already_stays_and_what_is_damaged_makes_room(root):
    behind_the_index(root, "UPDATE Cache SET value = x'00' WHERE key = ?", KEYS[7])
    with Store(root / "store") as store:
        for key in KEYS[6:8]:
            keep_anyway(store, key, ROWS[key])
        assert store.get_many(KEYS) == ROWS
        assert store.aside() == {f"{KEYS[7]}:damaged-8"}
