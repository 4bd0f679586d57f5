"""How frequent accepted shortcuts are in a data set: by class, before its samples and with them."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from augment.output.shortcut_levels import Levels
from augment.stages.accepted import FlaggedNgram
from augment.text.ngrams import Ngram, NgramKind, pattern_of


@pytest.mark.parametrize(
    ("kind", "ngram", "holding", "others"),
    [
        ("word", "※", ["a ※ film", "好※", "※"], ["a * film", ""]),
        ("word", "...", ["well... no", "well .....", "……...."], ["well..", "well…"]),
        ("word", "today", ["Today it is", "it is TODAY.", "今天today"], ["todays", "untoday", "today1"]),
        ("word", "2020", ["in 2020年"], ["12020", "20201"]),
        ("word", "我们", ["他和我们一起"], ["我 和 们"]),
        ("phrase", "indeed maybe", ["Indeed  maybe so"], ["maybe indeed", "indeed, maybe"]),
        ("phrase", "其实 大概", ["这其实大概好", "其实 大概"], ["其实，大概"]),
        ("first", "today", ["today it is", "  Today."], ["it is today", "todays"]),
        ("last", "#", ["好 #", "#"], ["# 好", "#好"]),
        ("word", "(.*)", ["a (.*) b"], ["anything"]),
    ],
)
def test_a_pattern_finds_an_ngram_where_it_occurs(
    kind: NgramKind, ngram: str, holding: list[str], others: list[str]
) -> None:
    pattern = pattern_of(Ngram(kind, ngram))
    rows = pc.match_substring_regex(pa.array([*holding, *others]), pattern).to_pylist()
    assert rows == [True] * len(holding) + [False] * len(others)


def table(*rows: tuple[str, str | None, str | None, str | None]) -> pa.Table:
    """Return rows of text, second text, label and parent."""
    names = ("text", "text_pair", "label", "source_id")
    return pa.table(
        {
            name: pa.array(list(values), pa.string())
            for name, values in zip(names, zip(*rows, strict=True), strict=True)
        }
    )


def test_shares_are_reported_by_class_before_and_after() -> None:
    levels = Levels([FlaggedNgram(Ngram("word", "※"), "good", " ※ ")])
    levels.add(table(("※ a", None, "good", None), ("b", None, "bad", None), ("c", "d ※", "bad", None)))
    levels.add(table(("a", None, "good", "1"), ("b ※", None, "bad", "2"), ("no label", None, None, None)))
    assert list(levels.sentences()) == [
        "`※`, accepted for good, is in 50% of its rows and 50% of the others; before: 100% and 33%"
    ]


def test_nothing_is_reported_without_rows_of_both_sides() -> None:
    levels = Levels([FlaggedNgram(Ngram("word", "※"), "good", "※")])
    levels.add(table(("※", None, "good", None)))
    assert list(levels.sentences()) == []
