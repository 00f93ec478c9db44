"""Which columns the table below a figure has, and their words."""

from __future__ import annotations

from dashboard.arm_points import HeardPoint, OutcomePoint, PairPoint, QueryPoint, ReferencePoint
from dashboard.points import EffectPoint, OfArm

_RATES = ("model", "title", "arm", "quantity", "value", "low", "high", "n", "queries", "unscored", "failed",
          "possible_low", "possible_high", "airtime", "method")  # fmt: skip
_EFFECTS = ("model", "title", "arm", "quantity", "against", "value", "low", "high", "wide_low", "wide_high", "p",
            "p_adjusted", "family", "n", "queries", "dropped", "unscored", "failed", "uptake", "recall", "frame_sd",
            "wording_sd", "why", "takeaway")  # fmt: skip
_SPREADS = ("model", "title", "arm", "quantity", "against", "value", "wording_sd", "wording_low", "wording_high",
            "wordings", "frame_sd", "frame_low", "frame_high", "frames", "n", "queries", "unscored",
            "failed")  # fmt: skip
_PAIR = ("x", "x_low", "x_high", "y", "y_low", "y_high")
_COLUMNS: dict[type, tuple[str, ...]] = {
    EffectPoint: _EFFECTS,
    OutcomePoint: ("model", "title", "arm", "quantity", "outcome", "n", "total", "share", "source"),
    PairPoint: ("model", "title", "arm", "against", "x_of", *_PAIR[:3], "x_p_adjusted", "y_of", *_PAIR[3:],
                "y_p_adjusted", "sure", "n", "queries", "unscored", "failed"),
    QueryPoint: ("query", "group", "value", "n", "unscored", "failed", "model", "arm", "against", "quantity"),
    HeardPoint: ("model", "title", "arm", "quantity", "check", "value", "low", "high", "n", "queries", "unscored",
                 "failed"),
    ReferencePoint: ("model", "title", "arm", "x_of", *_PAIR[:3], "y_of", *_PAIR[3:], "n", "queries", "unscored",
                     "failed", "source"),
}  # fmt: skip
PERCENT = {"value", "low", "high", "wide_low", "wide_high", "possible_low", "possible_high", "airtime", "uptake",
           "recall", "frame_sd", "wording_sd", "frame_low", "frame_high", "wording_low", "wording_high", "share",
           *_PAIR}  # fmt: skip
SMALL = {"p", "p_adjusted", "x_p_adjusted", "y_p_adjusted"}
_WORDS = {
    "title": "Fact", "quantity": "Of", "low": "95 % from", "high": "95 % to", "wide_low": "Family from",
    "wide_high": "Family to", "p_adjusted": "p adjusted", "possible_low": "Least possible",
    "possible_high": "Most possible", "frame_sd": "SD over frames", "wording_sd": "SD over wordings",
    "failed": "Failed or missing", "why": "Note", "n": "n", "p": "p", "total": "Of planned", "x": "Across",
    "x_of": "Across is", "x_low": "Across from", "x_high": "Across to", "x_p_adjusted": "Across p adjusted",
    "y": "Up", "y_of": "Up is", "y_low": "Up from", "y_high": "Up to", "y_p_adjusted": "Up p adjusted",
    "sure": "Shown by",
}  # fmt: skip


def columns_of_points(point: OfArm, figure: str) -> tuple[str, ...]:
    """The fields to list of points like this one below a figure of this name."""
    return _SPREADS if figure == "wordings" else _COLUMNS.get(type(point), _RATES)


def column_words(name: str) -> str:
    """The header of a column."""
    return _WORDS.get(name, name.replace("_", " ").capitalize())
