"""What labels depend on in a corpus: facts of words, phrases and positions per class, and which of them look like shortcuts.

A fact joins how a model uses an n-gram (its part of the attribution of a class, over the rows predicted right) with
how the corpus uses it (the share of its rows that have the class, chi-square). A flag means that both are more than
the meaning of the n-gram explains; thresholds are here, and are shown with every flag.

    flag_of(fact, parts)          # "a mark that is 97% positive and comes first in 61% of its rows", or None
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge

import pyarrow as pa

from augment.text.editable import is_content, is_question
from augment.text.ngrams import KINDS, Ngram

# Least association (phi²), share of rows in which it scores highest, and coverage of the class, from which a unit is
# flagged: one that can mean a class is one only where no word of meaning is so frequent (benchmarks/quality/shortcuts.py).
_FORM = (0.12, 0.1, 0.0)
_MEANING = (0.13, 0.1, 0.6)
# Association and coverage that leak a label whatever a model makes of the unit.
_GLARING = (0.2, 0.6)
# How many times the association of a single word two words must have, or a word in its place; the share by chance.
_MORE, _OVER_CHANCE = 1.5, 1.5
_WHAT = {
    "word": "a {}",
    "phrase": "two words in a row ({})",
    "first": "a {} in first place",
    "last": "a {} in last place",
}


@dataclass(frozen=True)
class Fact:
    """A unit and a class.

    rows: rows with the unit; own: those of the class; of, total: all rows of the class, and of the corpus. share: the
    unit's part of the positive scores of the class; top: the share of the class's rows whose highest token is in the
    unit, both over rows predicted right; chance_share, chance_top: the same with scores dealt out anew within each row;
    mean: the mean score of the unit in a row that has it, in the unit of the quantity.
    """

    ngram: Ngram
    label: str
    rows: int
    own: int
    of: int
    total: int
    share: float
    top: float
    chance_share: float
    chance_top: float
    mean: float
    form: str

    @property
    def purity(self) -> float:
        """The share of the rows with the unit that have the class."""
        return self.own / self.rows

    @property
    def coverage(self) -> float:
        """The share of the rows of the class that have the unit."""
        return self.own / self.of

    @property
    def elsewhere(self) -> float:
        """The share of the rows of other classes that have the unit."""
        return (self.rows - self.own) / max(self.total - self.of, 1)

    @property
    def chi_square(self) -> float:
        """Pearson's statistic of unit and class, negative where they avoid each other."""
        other, without = self.rows - self.own, self.of - self.own
        neither = self.total - self.rows - without
        crossed = self.own * neither - other * without
        margins = self.rows * self.of * (self.total - self.rows) * (self.total - self.of)
        return self.total * crossed * abs(crossed) / margins if margins else 0.0

    @property
    def association(self) -> float:
        """The square of Pearson's phi, from 0 to 1: chi-square over the number of rows; 0 where they avoid each other."""
        return max(self.chi_square, 0.0) / self.total


SCHEMA = pa.schema(
    [
        ("label", pa.string()),
        ("kind", pa.string()),
        ("text", pa.string()),
        ("share", pa.float64()),
        ("top", pa.float64()),
        ("mean", pa.float64()),
        ("chance_share", pa.float64()),
        ("chance_top", pa.float64()),
        ("rows", pa.int64()),
        ("own", pa.int64()),
        ("of", pa.int64()),
        ("total", pa.int64()),
        ("purity", pa.float64()),
        ("coverage", pa.float64()),
        ("chi_square", pa.float64()),
        ("form", pa.string()),
        ("flag", pa.string()),
    ]
)


def fact_rows(facts: Iterable[tuple[Fact, str | None]]) -> list[dict[str, object]]:
    """Return facts with their flags as rows of the key-word table."""
    return [
        {
            **{name: getattr(fact, name) for name in SCHEMA.names if name not in ("kind", "text", "flag")},
            "kind": fact.ngram.kind,
            "text": fact.ngram.text,
            "flag": flag,
        }
        for fact, flag in facts
    ]


def flagged_ngrams(table: pa.Table) -> frozenset[Ngram]:
    """Return the units of a key-word table that are flagged for any class."""
    rows = table.filter(table.column("flag").is_valid()).select(["kind", "text"]).to_pylist()
    return frozenset(Ngram(row["kind"], row["text"]) for row in rows)


def flag_of(fact: Fact, parts: Mapping[tuple[Ngram, str], Fact]) -> str | None:
    """Return why a unit looks like a shortcut to a class, or None if it does not.

    parts: the facts of single words. Two words, or a word in its position, must show more than each word alone does.
    """
    can_mean = all(is_content(word) or is_question(word) for word in fact.ngram.words)
    least = _MEANING if can_mean else _FORM
    if fact.ngram.kind != "word":
        known = (parts.get((Ngram("word", word), fact.label)) for word in fact.ngram.words)
        alone = max((part.association for part in known if part is not None), default=0.0)
        if fact.association < _MORE * alone:
            return None
    measured = (fact.association, fact.top, fact.coverage)
    used = all(map(ge, measured, least)) and fact.top >= _OVER_CHANCE * fact.chance_top
    if not used and not all(map(ge, (fact.association, fact.coverage), _GLARING)):
        return None
    what = _WHAT[fact.ngram.kind].format("word" if can_mean else "mark or function word")
    return (
        f"{what} in {fact.coverage:.0%} of the rows of {fact.label} and {fact.elsewhere:.0%} of the others, "
        f"phi² {fact.association:.2f} (flagged from {least[0]:g} on); it has the highest score in {fact.top:.0%} of them "
        f"({fact.chance_top:.0%} by chance)"
    )


def flags_of(facts: Sequence[Fact], parts: Mapping[tuple[Ngram, str], Fact]) -> list[tuple[Fact, str | None]]:
    """Return every fact with its flag. Two words are not flagged where one of them, in its position, shows as much alone."""
    flags = {(fact.ngram, fact.label): (fact, flag_of(fact, parts)) for fact in facts}
    for (ngram, label), (fact, flag) in flags.items():
        if flag is not None and ngram.kind == "phrase":
            alone = [flags.get((Ngram(kind, word), label)) for kind in KINDS for word in ngram.words]
            if any(one is not None and one[1] and one[0].association >= fact.association for one in alone):
                flags[ngram, label] = (fact, None)
    return list(flags.values())
