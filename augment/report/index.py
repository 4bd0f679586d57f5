"""What filters, orders, links and the review look at, of every row and sample of a report: numbers in columns.

A browser keeps a few bytes a row of it instead of the rows, so that 100,000 of them are filtered at once; the rows themselves are
unpacked where they are looked at. A row and each of its samples is an entry, in the order of the report: row, its samples, next row.

    index_of(cards, reviews)     # {"entries": [3, 1, ...], "pred": {"names": ["neg", "pos"], "codes": [1, 2, ...]}, ...}
    words_of(cards, "|")         # "first text of row 1|a new word" and the lines of other rows
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import regex

from augment.report.doubt import REASONS, ReviewDoubt

# A row or a sample as the script of the page reads it.
DrawnRow = Mapping[str, Any]

# What is known of a row, a bit each, as in index.js.
_RIGHT, _WRONG, _FLIPPED, _DIFFERS, _SAMPLES_DIFFER, _KEYS, _PAIR = (1 << bit for bit in range(7))
_HAN: Final = regex.compile(r"\p{Han}")
_KANA_OR_HANGUL: Final = regex.compile("[\u3040-\u30ff\uac00-\ud7af]")
# Heights in pixels and characters of a line, at the usual width of a window.
_WIDE_LINE, _LINE = 80, 110
# A gold probability that is unknown comes after all others.
_UNKNOWN: Final = 2.0


@dataclass(frozen=True)
class EntryReview:
    """What a decision on a row or sample needs: the hash of its texts, and how doubtful it is."""

    text_hash: str
    doubt: ReviewDoubt


def index_of(cards: Sequence[DrawnRow], reviews: Sequence[EntryReview | None]) -> dict[str, Any]:
    """Return the columns by their names: of few values as codes, 0 for null; orders as the numbers of the rows.

    reviews: of each entry, None where there is nothing to decide; their doubt is in thousandths, the reasons are bits.
    """
    entries = [entry for card in cards for entry in (card, *card["samples"])]
    return {
        "entries": [1 + len(card["samples"]) for card in cards],
        "flags": [_flags(card) for card in cards],
        "sizes": [_height(card) for card in cards],
        "pred": _coded(_first(card).get("pred") for card in cards),
        "orders": {
            "error": _order([-_error(card) for card in cards]),
            "gold": _order([_gold(card) for card in cards]),
            "changed": _order([-_change(card) for card in cards]),
        },
        "ids": [entry["raw"][0] if "raw" in entry else entry["id"] for entry in entries],
        "label": _coded(entry["label"] for entry in entries),
        "method": _coded(entry.get("method") for entry in entries),
        "verdict": _coded(entry.get("verdict") for entry in entries),
        "by": [1 if "by" in entry else 0 for entry in entries],
        "hashes": [review.text_hash if review else "" for review in reviews],
        "doubt": [round(1000 * review.doubt.value) if review else -1 for review in reviews],
        "why": [
            sum(1 << REASONS.index(reason) for reason in review.doubt.reasons) if review else 0
            for review in reviews
        ],
    }


def words_of(cards: Iterable[DrawnRow], cut: str) -> str:
    """Return a line for each row: its texts and what its samples have that it has not, parted by `cut`."""
    return "\n".join(cut.join(_searched(card, cut)).replace("\n", " ") for card in cards)


def _searched(card: DrawnRow, cut: str) -> list[str]:
    """Return the texts of a row, and the new words or, where no edits are known, the texts of its samples."""
    texts = [side.replace(cut, "") for side in card["sides"]]
    known = set(texts)
    for sample in card["samples"]:
        for side in sample["sides"]:
            edits = [run for run in side if not isinstance(run, str)]
            texts += [run[1] for run in edits] or [run for run in side if run not in known]
    return texts


def _coded(values: Iterable[str | None]) -> dict[str, Any]:
    """Return the values of a column once each, in order, and the number of each row's, counted from 1; 0 is null."""
    column = list(values)
    names = sorted({value for value in column if value is not None})
    codes = {name: number for number, name in enumerate(names, 1)}
    return {"names": names, "codes": [0 if value is None else codes[value] for value in column]}


def _order(keys: Sequence[float]) -> list[int]:
    """Return the numbers of the rows by a key, the least first, equal ones as they come."""
    return sorted(range(len(keys)), key=keys.__getitem__)


def _first(card: DrawnRow) -> DrawnRow:
    """Return the leading scores of a row, nothing where it has none."""
    explained: Sequence[DrawnRow] = card["explained"]
    return explained[0] if explained else {}


def _flags(card: DrawnRow) -> int:
    """Return what is known of a row, a bit each."""
    pred, label = _first(card).get("pred"), card["label"]
    known = pred is not None and label is not None
    preds = {scores["pred"] for scores in card["explained"]} - {None}
    bits = {
        _RIGHT: known and pred == label,
        _WRONG: known and pred != label,
        _FLIPPED: any(map(_flips, card["samples"])),
        _DIFFERS: len(preds) > 1,
        _SAMPLES_DIFFER: _made(card, "A") != _made(card, "B"),
        _KEYS: bool(card["key"]),
        _PAIR: len(card["sides"]) > 1,
    }
    return sum(bit for bit, holds in bits.items() if holds)


def _flips(sample: DrawnRow) -> bool:
    """Return whether the prediction changed."""
    before, after = sample["pred_before"], sample["pred_after"]
    return None not in (before, after) and before != after


def _made(card: DrawnRow, run: str) -> Counter[str]:
    """Return what one of two compared runs made of a row."""
    return Counter(
        repr((sample["verdict"], sample["sides"])) for sample in card["samples"] if sample.get("of") == run
    )


def _error(card: DrawnRow) -> float:
    """Return the largest error of a row's scores, else what they miss of the change that they explain; -1 where both are unknown."""
    errors = [
        scores["error"]
        if scores["error"] is not None
        else -1.0
        if scores["gap"] is None
        else abs(scores["gap"])
        for scores in card["explained"]
    ]
    return max([-1.0, *errors])


def _gold(card: DrawnRow) -> float:
    """Return the probability of a row's own label; of a wrong prediction it has at most what the target leaves."""
    gold, scores = card["gold"], _first(card)
    if gold is None and scores.get("prob") is not None:
        gold = scores["prob"] if scores["target"] == card["label"] else 1 - scores["prob"]
    return _UNKNOWN if gold is None else float(gold)


def _change(card: DrawnRow) -> float:
    """Return by how much samples changed the probability of the label, at most; 1 more where a prediction changed."""
    changes = [
        abs(sample["p_gold_after"] - sample["p_gold_before"])
        for sample in card["samples"]
        if None not in (sample["p_gold_after"], sample["p_gold_before"])
    ]
    return max(changes, default=0.0) + float(any(map(_flips, card["samples"])))


def _height(card: DrawnRow) -> int:
    """Return about how high a row is drawn: good enough for the scroll bar until it is drawn."""
    start = card["sides"][0][:40]
    wide = _HAN.search(start) is not None and _KANA_OR_HANGUL.search(start) is None
    size = sum(map(len, card["sides"]))
    lines = math.ceil(size / (_WIDE_LINE if wide else _LINE) + len(card["sides"]) / 2)
    shown = max(1, len(card["explained"])) * max(72, 28 * min(10, lines))
    return 34 + shown + len(card["samples"]) * (16 + 25 * min(4, lines))
