"""Exports of document sets for fine-tuning, a file a target, collected from this folder: checked by the target's rules.

    wish = Wish(target="trl", validation=0.1, seed=0, mixes=(Mix(path=Path("web.jsonl"), count=500),))
    done = export([folder_of_a_set], Path("exports/mine"), wish)      # Exported: folder, card, new
    done = export_doses(folder_of_a_set, Path("exports/curve"), wish, (0, 250, 1000), library, Path("documents"))

A folder holds train.jsonl, validation.jsonl, rows.jsonl (what each row is), card.json and card.md; all or nothing.
"""

from facts.documents.exports._card import next_step, sentences, warnings
from facts.documents.exports._corpus import Mix
from facts.documents.exports._doses import export_doses
from facts.documents.exports._row import TAG, Invalid, Unfit
from facts.documents.exports._source import simulated
from facts.documents.exports._target import Target, find, names
from facts.documents.exports._write import CARD, TRAIN, VALIDATION, Exported, Wish, export

__all__ = [
    "CARD",
    "TAG",
    "TRAIN",
    "VALIDATION",
    "Exported",
    "Invalid",
    "Mix",
    "Target",
    "Unfit",
    "Wish",
    "export",
    "export_doses",
    "find",
    "names",
    "next_step",
    "sentences",
    "simulated",
    "warnings",
]
