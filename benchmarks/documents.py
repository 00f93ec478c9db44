"""How fast template documents are written, in how much memory, and how varied they are.

Run: ``python benchmarks/documents.py``. The bar is 500 documents of 300 tokens a second on one core, in memory that
does not grow with the set. Figures also say how repetitive the filler is, facts masked.
"""

from __future__ import annotations

import gzip
import time
import tracemalloc

from facts.catalog import shipped
from facts.documents.document import Document
from facts.documents.document_set import write_documents
from facts.documents.set_plan import Carried, SetPlan
from facts.salience import Dose, Salience

BAR = 500


def _plan(level: int, count: int) -> SetPlan:
    dose = Dose(fact="objections_read", level=Salience(level))
    return SetPlan(count=count, seed="bench", carried=(Carried(dose=dose, carriers=count // 2),))


def speed(level: int, count: int = 4000) -> float:
    """Documents a second of processor time."""
    start = time.process_time()
    for _ in write_documents(_plan(level, count), shipped()):
        pass
    return count / (time.process_time() - start)


def memory(count: int) -> float:
    """Peak MB while writing, and dropping, so many documents."""
    tracemalloc.start()
    for _ in write_documents(_plan(4, count), shipped()):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def _masked(document: Document) -> str:
    text = document.text
    for placed in reversed(document.placed):
        text = text[: placed.start] + text[placed.end :]
    return text


def variety() -> tuple[float, float, float]:
    """gzip ratio at 40 kB, distinct-2 over 200 documents, and mean 5-gram Jaccard of 20,000 pairs; facts masked."""
    texts = [_masked(document) for document in write_documents(_plan(4, 400), shipped())]
    sample = "\n".join(texts).encode()[:40_000]
    pairs = [pair for text in texts[:200] for pair in zip(text.split(), text.split()[1:], strict=False)]
    grams = [{tuple(words[n : n + 5]) for n in range(len(words) - 4)} for words in map(str.split, texts[:200])]
    overlaps = [len(one & two) / len(one | two) for n, one in enumerate(grams) for two in grams[:n]]
    return len(sample) / len(gzip.compress(sample, 9)), len(set(pairs)) / len(pairs), sum(overlaps) / len(overlaps)


if __name__ == "__main__":
    speed(0, 200)
    for level in (0, 4, 5):
        rate = speed(level)
        print(f"level {level}: {rate:,.0f} documents/s, {rate / BAR:.1f} times the bar of {BAR}")
    small, large = memory(1000), memory(8000)
    print(f"memory: {small:.1f} MB for 1,000 documents, {large:.1f} MB for 8,000 ({large / small:.2f} times)")
    ratio, distinct, jaccard = variety()
    print(f"variety, facts masked: gzip {ratio:.2f}, distinct-2 {distinct:.2f}, mean 5-gram Jaccard {jaccard:.4f}")
