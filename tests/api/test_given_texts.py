"""What Python programs have for texts and labels is read as they mean it, and what is none is refused with what to give."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasets import Dataset

from augment.api.given_texts import given_labels, given_texts
from augment.errors import AugmentError, DataError, RequestError, WrongTypeError
from tests.texts import TEXTS

THREE = ["很好", "a good film", "ok 👍🏽"]
FORMS: dict[str, Callable[[list[str]], object]] = {
    "list": list,
    "tuple": tuple,
    "generator": lambda texts: (text for text in texts),
    "numpy": np.asarray,
    "Series": pd.Series,
    "Arrow": pa.array,
    "column of a dataset": lambda texts: Dataset.from_dict({"text": texts})["text"],
    "dict values": lambda texts: dict(enumerate(texts)).values(),
}


@pytest.mark.parametrize("form", FORMS)
def test_any_sequence_of_texts_is_the_same_texts(form: str) -> None:
    given = given_texts(FORMS[form](THREE))
    assert given.texts == tuple(THREE)
    assert {type(text) for text in given.texts} == {str}
    assert given.pairs == (None,) * 3
    assert given.index == (0, 1, 2)
    assert not given.paired


def test_every_text_with_a_word_stays_character_for_character() -> None:
    texts = [text for text in TEXTS if text.strip()]
    assert given_texts(texts).texts == tuple(texts)


def test_the_index_of_a_series_names_its_texts() -> None:
    assert given_texts(pd.Series(THREE, index=["a", "b", "b"])).index == ("a", "b", "b")


def test_pairs_are_one_list_or_two() -> None:
    one = given_texts([("how", "to"), ["pay", "back"]])
    two = given_texts(pd.Series(["how", "pay"]), ["to", "back"])
    assert one == two
    assert one.paired
    assert given_texts("how", "to").pairs == ("to",)


def test_numbers_of_numpy_are_numbers_of_python() -> None:
    labels = given_labels(pd.Series([1, 5, 1]), 3)
    assert labels == (1, 5, 1)
    assert {type(label) for label in labels} == {int}
    assert given_labels(np.asarray(["a", "b"]), 2) == ("a", "b")
    assert given_labels([(1, 2), True], 2) == ((1, 2), True)


@pytest.mark.parametrize(
    ("texts", "kind", "hint"),
    [
        (pd.DataFrame({"review": THREE}), WrongTypeError, '["review"]'),
        (Dataset.from_dict({"text": THREE}), WrongTypeError, '["text"]'),
        ({"text": THREE}, WrongTypeError, "a list, tuple, pandas Series"),
        ({"很好", "bad"}, WrongTypeError, "sorted(texts)"),
        (b"good", WrongTypeError, "a list, tuple, pandas Series"),
        (Path("reviews.csv"), WrongTypeError, "read_text"),
        (3, WrongTypeError, "a list, tuple, pandas Series"),
        (None, WrongTypeError, "a list, tuple, pandas Series"),
        ([], RequestError, "one text or more"),
        (["good", ""], RequestError, "at least one word"),
        (["good", None], DataError, "dropna"),
        (pd.Series(["good", float("nan")]), DataError, "dropna"),
        (pd.Series(["good", pd.NA], dtype="string"), DataError, "dropna"),
        ([1, 2], WrongTypeError, "astype(str)"),
        ([["a", "good", "film"]], WrongTypeError, "whole texts"),
        ([b"good"], WrongTypeError, "decode"),
        (["\ud800 half"], DataError, "decode"),
        ("   ", RequestError, "at least one word"),
    ],
)
def test_what_is_no_text_is_refused_in_three_lines(
    texts: object, kind: type[AugmentError], hint: str
) -> None:
    with pytest.raises(kind) as caught:
        given_texts(texts)
    assert len(str(caught.value).splitlines()) == 3
    assert hint in caught.value.hint
    assert isinstance(caught.value, TypeError) == (kind is WrongTypeError)


def test_the_rows_that_are_missing_are_named() -> None:
    with pytest.raises(DataError, match=r"texts\[1, 3, 4, …\]") as caught:
        given_texts(["a", None, "b", None, None, None])
    assert caught.value.what == "4 of 6 have no text (None or NaN)"


def test_a_text_that_is_the_name_of_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.touch()
    with pytest.raises(RequestError, match="name of a file"):
        given_texts(str(path))


@pytest.mark.parametrize(
    ("labels", "kind"),
    [(["a"], RequestError), ("ab", WrongTypeError), (["a", None], DataError), (["a", ["b"]], WrongTypeError)],
)
def test_labels_that_do_not_fit_are_refused(labels: object, kind: type[AugmentError]) -> None:
    with pytest.raises(kind):
        given_labels(labels, 2)
    with pytest.raises(RequestError, match="there are 1, and 2 texts"):
        given_texts(["a", "b"], ["c"])
