"""One explanation in every form: nothing is lost, labels are as they were, and the words that two texts share are marked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augment.api.attribution import Attribution
from augment.api.explain import explain
from augment.errors import AugmentError, RequestError


def overlap(pairs: list[tuple[str, str | None]]) -> list[list[float]]:
    """Return how many words two texts share."""
    shares = [len({*one.split()} & {*(two or "").split()}) / 10 for one, two in pairs]
    return [[1 - share, share] for share in shares]


@pytest.fixture(scope="module")
def pair() -> Attribution:
    return explain("How to pay <b> back", overlap, "how do I pay", classes=[False, True], progress=False)


def test_a_pair_has_the_words_that_both_texts_have_in_order(pair: Attribution) -> None:
    assert [word for word, _, _ in pair.common()] == ["How", "pay"]
    for first, second in pair.common_indices():
        assert pair.tokens[first].casefold() == pair.tokens[second].casefold()
        assert (pair.side[first], pair.side[second]) == (0, 1)


def test_a_single_text_has_none_in_common(pair: Attribution) -> None:
    alone = explain("pay pay", lambda texts: [[0.5, 0.5]] * len(texts), classes=["a", "b"])
    assert alone.common() == []
    assert "common" not in alone.to_dict()
    assert "common" not in alone.to_pandas().columns


def test_a_dict_is_json_and_names_the_method(pair: Attribution) -> None:
    values = pair.to_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["tokens"] == list(pair.tokens)
    assert values["method"] == "occlusion"
    assert values["quantity"] == "probability"
    assert values["notices"] == list(pair.notices)
    assert values["target"] is False


def test_a_table_has_a_row_a_token(pair: Attribution) -> None:
    table = pair.to_pandas()
    assert table["token"].tolist() == list(pair.tokens)
    assert table["score"].tolist() == list(pair.scores)
    assert table["common"].sum() == 4
    assert set(table["target"]) == {False}
    assert [
        (pair.text, pair.text_pair)[side][start:end]  # type: ignore[index]  # it has two
        for side, start, end in table[["side", "start", "end"]].itertuples(index=False)
    ] == list(pair.tokens)


def test_a_page_is_written_and_returned(pair: Attribution, tmp_path: Path) -> None:
    html = pair.to_html(tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == html
    assert html == pair.to_html()
    assert html.lower().startswith("<!doctype html>")
    assert "<b> back" not in html
    assert pair.notices[0] in html


def test_markdown_has_both_texts_and_the_words_they_share(pair: Attribution) -> None:
    lines = pair.to_markdown(2).splitlines()
    assert lines[-1] == "In both: How pay"
    assert sum(line.startswith("| ") for line in lines) == 3


def test_latex_names_the_package_it_needs(pair: Attribution) -> None:
    assert pair.to_latex().startswith("% needs \\usepackage{xcolor}\n")
    assert "colorbox" in pair.to_latex()


def test_a_picture_is_written(pair: Attribution, tmp_path: Path) -> None:
    pair.plot(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(RequestError, match="no kind of picture"):
        pair.plot(tmp_path / "a.doc")


def test_what_is_printed_names_labels_and_words(pair: Attribution) -> None:
    assert str(pair).startswith(f"{pair.prediction} · {pair.target} ")
    assert pair.top(1)[0][0] in str(pair)


def test_a_wrong_type_is_answered_with_what_is_taken(pair: Attribution) -> None:
    given: Any = pair
    calls: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: given.to_html(5), "no path"),
        (lambda: given.top("x"), "no number"),
        (lambda: given.to_markdown(True), "no number"),
    )
    for wrong, taken in calls:
        with pytest.raises(TypeError, match=taken) as caught:
            wrong()
        assert isinstance(caught.value, AugmentError)
