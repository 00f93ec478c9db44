"""Tells a damaged write-ahead log from one that merely ends, before SQLite drops what stands behind the damage.

SQLite takes the first frame whose checksum fails for the log's end (sqlite.org/fileformat2.html, 4.3 "Checksum
Algorithm" and 4.4 "Reset"). A writer that was killed leaves no commit behind that place, because frames are written in
order; one changed byte leaves all later commits there. What stands behind the end of a log that was begun anew carries
other salts and says nothing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cache.errors import StoreError
from cache.pages import FRAME_HEAD, MAGIC, SIZES, WAL_HEAD, sums_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 2**18  # bytes read at once: what fits a processor's cache is summed in half the time
_READS = 6
_WORDS = FRAME_HEAD // 4  # page number, size after a commit or 0, two salts, two sums; then the page


def refuse_damaged(file: Path) -> None:
    """Raise ``StoreError`` where the log beside a database has commits behind a damaged place; changes nothing.

    Others may be writing meanwhile. A commit that was seen proves that the frames before it were written by then, so
    that a place that is still broken when read again, in a log that was not begun anew, is no write under way.
    """
    log = file.with_name(file.name + "-wal")
    before: tuple[bytes, int] | None = None
    for _ in range(_READS):
        try:
            if log.stat().st_size <= WAL_HEAD:
                return
            with log.open("rb") as opened:
                found = _broken(opened, file)
                opened.seek(0)
                if found is None:
                    return
                if found == before and opened.read(WAL_HEAD) == found[0]:
                    break
        except FileNotFoundError:  # the last of others has closed the store
            return
        before = found
    else:
        return  # it changes under the eyes: somebody has it open and knows where it ends
    raise StoreError(
        f"the store's log {log} is damaged at byte {found[1]:,}: opened as it is, the store would lose what was kept "
        "behind that place. Nothing was changed. `salience store repair` copies every sample that is still whole, also "
        "those behind the damage, into a new store and leaves this one as it is"
    )


def _broken(log: BinaryIO, file: Path) -> tuple[bytes, int] | None:
    """The log's head, and the byte at which a frame begins that cannot be read though commits follow; None if none."""
    import numpy as np  # noqa: PLC0415  # only where there is a log

    head = log.read(WAL_HEAD)
    magic = int.from_bytes(head[:4], "big")
    order = ">" if magic & 1 else "<"
    sums = sums_of(head[:24], order, (0, 0))
    place = None
    size, salts = int.from_bytes(head[8:12], "big"), head[16:24]
    if magic not in MAGIC or b"".join(one.to_bytes(4, "big") for one in sums) != head[24:32]:
        place, salts = 0, b""
    if size not in SIZES or place == 0:
        size = _page_size(file)
    step = FRAME_HEAD + size
    factors, carried = _factors(step // 4)
    last = np.array([sums], np.uint32)
    start = WAL_HEAD
    while count := len(block := log.read(max(_BLOCK // step, 1) * step)) // step:
        words = np.frombuffer(block, f"{order}u4", count * step // 4).reshape(count, -1)
        heads = np.frombuffer(block, ">u4", count * step // 4).reshape(count, -1)[:, :_WORDS].astype(np.uint32)
        salts = salts or block[8:16]
        ours = (heads[:, 2:4] == np.frombuffer(salts, ">u4")).all(axis=1)
        after = 0
        if place is None:
            stored = np.concatenate([last, heads[:, 4:6]])
            whole = ours & (heads[:, 0] > 0)
            whole &= (words.astype(np.uint32, copy=False) @ factors + stored[:-1] @ carried == stored[1:]).all(axis=1)
            last = stored[-1:]
            if not whole.all():
                after = int(whole.argmin())
                place, after = start + after * step, after + 1
        if place is not None and (ours & (heads[:, 1] > 0))[after:].any():
            return head, place
        start += count * step
    return None


@cache
def _factors(words: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """What each word of a frame, and each of the two sums before it, adds to the two sums after it, modulo 2³².

    A step is ``one += first + two; two += second + one``: linear, so that a frame is one row of a matrix product.
    """
    import numpy as np  # noqa: PLC0415  # only where there is a log

    factors = np.zeros((words, 2), np.uint32)
    a, b, c, d = 1, 0, 0, 1  # what the sums after a pair add to those at the end: ((a, b), (c, d))
    for at in range(words - 2, -1, -2):
        if at in (2, 4):  # the salts and the sums themselves are left out
            continue
        factors[at] = (a + b) % 2**32, (c + d) % 2**32
        factors[at + 1] = b, d
        a, b, c, d = (a + b) % 2**32, (a + 2 * b) % 2**32, (c + d) % 2**32, (c + 2 * d) % 2**32
    return factors, np.array([[a, c], [b, d]], np.uint32)


def _page_size(file: Path) -> int:
    with file.open("rb") as opened:
        said = int.from_bytes(opened.read(18)[16:], "big")
    size = 65536 if said == 1 else said
    return size if size in SIZES else SIZES[0]
