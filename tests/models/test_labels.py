"""Names of classes, whether the model or the corpus gives them, and numbers where neither does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import DataError
from augment.models.labels import LabelMap, misspelt

NAMED = LabelMap(("negative", "positive"))
MAPPED = LabelMap(("LABEL_0", "LABEL_1"), {"0": "差评", "1": "好评"})
NUMBERED = LabelMap(("LABEL_0", "LABEL_1", "LABEL_2"))
WRITTEN = LabelMap(("0", "1"), {"0": "negative", "1": "positive"})


@given(st.lists(st.text(), unique=True, min_size=1))
def test_every_class_is_found_again_by_its_name(classes: list[str]) -> None:
    labels = LabelMap(tuple(classes))
    names = labels.ordered
    if len(set(names)) == len(names):
        assert [labels.index(name) for name in names] == list(range(len(names)))
    labels.require(names)


def test_a_name_that_reads_like_a_more_frequent_one_is_reported() -> None:
    counts = {"positive": 90, "postive": 2, "正面": 60, "正面 ": 1, "not_spam": 9, "Not Spam": 1}
    assert [notice.split("`")[1] for notice in misspelt(counts)] == ["Not Spam", "postive", "正面 "]


@pytest.mark.parametrize(
    "names",
    [
        ("1", "-1"),
        ("+", "-"),
        ("c1", "c2"),
        ("C#", "C++"),
        ("happy", "unhappy"),
        ("好", "不好"),
        ("好评", "差评"),
    ],
)
def test_names_of_different_classes_are_not_alike(names: tuple[str, str]) -> None:
    assert not misspelt(dict(zip(names, (50, 2), strict=True)))
    assert not misspelt({"sport": 30, "sports": 40})


def test_many_labels_are_not_compared() -> None:
    assert not misspelt({f"label {'x' * number}": 1 + 9 * (number % 2) for number in range(2000)})


@pytest.mark.parametrize(
    ("labels", "ordered"),
    [
        (NAMED, ("negative", "positive")),
        (MAPPED, ("差评", "好评")),
        (NUMBERED, ("0", "1", "2")),
        (WRITTEN, ("negative", "positive")),
    ],
)
def test_a_class_is_called_what_the_corpus_calls_it(labels: LabelMap, ordered: tuple[str, ...]) -> None:
    assert labels.ordered == ordered
    assert tuple(labels.name(index) for index in range(len(ordered))) == ordered


def test_a_label_the_model_has_no_class_for_has_no_index() -> None:
    assert [MAPPED.index(label) for label in ("好评", "差评", "中评", "1", "LABEL_1", "", None)] == [
        1,
        0,
        None,
        None,
        None,
        None,
        None,
    ]


def test_an_unknown_label_is_bad_data_that_names_the_classes_there_are() -> None:
    MAPPED.require(["好评", "差评", "好评"])
    with pytest.raises(DataError) as caught:
        MAPPED.require(["好评", "中评"])
    assert caught.value.exit_code == 5
    assert "中评" in caught.value.where
    assert "差评, 好评" in caught.value.what
    assert "corpus.label_names" in caught.value.hint


def test_labels_that_the_corpus_names_otherwise_are_named_anew_as_the_model_does() -> None:
    labels = LabelMap(("bad", "good"), {"0": "negative", "1": "good"})
    with pytest.raises(DataError) as caught:
        labels.require({"negative", "good"})
    assert "{0: CLASS, 1: good}" in caught.value.hint
    LabelMap(("bad", "good"), {"0": "bad", "1": "good"}).require({"bad", "good"})
