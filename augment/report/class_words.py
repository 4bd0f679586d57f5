"""The one table of words of a report: for each label the words it depends on, with a bar, and what is flagged first.

Its rows come from the key-word table where a run has one (words, pairs and positions, by their share of the attribution),
else from the sums of scores per word.

    table = class_words(page.ngrams, page.top, "logit")
    table.labels[0].words[0]        ClassWord(text='不错', kind='word', width=100.0, cells=('12.1 %', '31 %', '88 %', '709'), ...)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from augment.report.words import TopWord
from augment.text.visible import visible

# Heads of the columns of figures, as keys of strings.js; the first of them has the bar.
_NGRAM_HEADS: Final = ("wordShare", "wordCoverage", "wordPurity", "wordRows")
_SCORE_HEADS: Final = ("wordTotal", "wordMean", "wordCount")


@dataclass(frozen=True)
class ClassWord:
    """One word of a label. form: how texts write it; width: of its bar, in percent; cells: figures; flag: why it may be a shortcut."""

    text: str
    form: str
    kind: str
    width: float
    cells: tuple[str, ...]
    title: str = ""
    flag: str | None = None


@dataclass(frozen=True)
class LabelWords:
    """The words of one label."""

    label: str
    words: tuple[ClassWord, ...]


@dataclass(frozen=True)
class WordsTable:
    """The heads of the columns of figures, and the words by label."""

    heads: tuple[str, ...]
    labels: tuple[LabelWords, ...]


def class_words(ngrams: Sequence[Mapping[str, Any]], top: Sequence[TopWord], unit: str) -> WordsTable:
    """Return the table, from the key-word table if there is one, else from the words with the highest scores."""
    if ngrams:
        ordered = sorted(ngrams, key=lambda ngram: (str(ngram["label"]), ngram["flag"] is None))
        grouped = groupby(ordered, key=lambda ngram: str(ngram["label"]))
        return WordsTable(_NGRAM_HEADS, tuple(LabelWords(label, _of_ngrams(rows)) for label, rows in grouped))
    by_label = groupby(top, key=lambda word: word.label)
    return WordsTable(
        _SCORE_HEADS, tuple(LabelWords(label, _of_scores(rows, unit)) for label, rows in by_label)
    )


def _of_ngrams(rows: Iterable[Mapping[str, Any]]) -> tuple[ClassWord, ...]:
    """Return rows of the key-word table, their bars relative to the largest share."""
    ngrams = list(rows)
    largest = max((ngram["share"] for ngram in ngrams), default=0.0) or 1.0
    return tuple(
        ClassWord(
            visible(ngram["text"]),
            visible((ngram["form"] or ngram["text"]).strip()),
            ngram["kind"],
            100 * max(ngram["share"], 0.0) / largest,
            (
                *(f"{100 * ngram[name]:.1f} %" for name in ("share", "coverage", "purity")),
                f"{ngram['rows']:,}",
            ),
            f"χ² {ngram['chi_square']:,.0f}",
            ngram["flag"] and visible(ngram["flag"]),
        )
        for ngram in ngrams
    )


def _of_scores(rows: Iterable[TopWord], unit: str) -> tuple[ClassWord, ...]:
    """Return words by the sum of their scores, their bars relative to the largest sum."""
    words = list(rows)
    largest = max((word.total for word in words), default=0.0) or 1.0
    form = "%.1f" if largest >= 10 else "%.3f"
    return tuple(
        ClassWord(
            visible(word.word),
            visible(word.word),
            "word",
            100 * max(word.total, 0.0) / largest,
            (form % word.total, f"{word.mean:+.3g}", f"×{word.count:,}"),
            f"{visible(word.word)}: {word.total:+.4g} = {word.count} × {word.mean:+.4g} {unit}",
        )
        for word in words
    )
