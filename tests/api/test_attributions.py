"""Many texts explained: each as if it were alone, in the order given, in one table, page or figure."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from augment.api.attribution import Attribution
from augment.api.attributions import Attributions
from augment.api.explain import explain
from augment.config.sections import RunConfig
from augment.errors import RequestError
from augment.text.script import language
from tests.texts import TEXTS

CPU = RunConfig(device="cpu", threads=1)
TEXT = [text for text in TEXTS if text.strip()]


@pytest.fixture(scope="module")
def several(small: Path) -> Attributions:
    """Return all texts explained."""
    return explain(
        pd.Series(TEXT, index=[f"row {number}" for number in range(len(TEXT))]), small / "model", run=CPU
    )


def test_each_is_explained_as_if_it_were_alone(several: Attributions, small: Path) -> None:
    assert [one.text for one in several] == TEXT
    for text, one in zip(TEXT[:6], several, strict=False):
        alone = explain(text, small / "model", run=CPU)
        assert one.tokens == alone.tokens
        assert one.scores == pytest.approx(alone.scores, abs=1e-5)
        assert (one.target, one.method, one.notices) == (alone.target, "integrated_gradients", ())


def test_it_is_a_sequence(several: Attributions) -> None:
    assert len(several) == len(TEXT)
    assert isinstance(several[0], Attribution)
    assert isinstance(several[:2], Attributions)
    assert several[-2:].row_names == several.row_names[-2:]
    assert list(several)[3] == several[3]


def test_targets_are_one_for_all_or_one_each(small: Path) -> None:
    one = explain(TEXT[:2], small / "model", target="bad", run=CPU)
    each = explain(TEXT[:2], small / "model", target=["bad", "good"], run=CPU)
    assert [a.target for a in one] == ["bad", "bad"]
    assert [a.target for a in each] == ["bad", "good"]
    assert each[0] == one[0]


def test_more_texts_than_are_explained_together_keep_their_order() -> None:
    texts = [f"text {number}" for number in range(600)]
    reports: list[tuple[str, int, int]] = []
    result = explain(
        texts,
        lambda given: [[0.5, 0.5] for _ in given],
        classes=[0, 1],
        progress=lambda *call: reports.append(call),
    )
    assert [one.text for one in result] == texts
    assert reports[0] == ("explain", 0, 600)
    assert reports[-1] == ("explain", 600, 600)


def test_the_table_names_each_text_by_the_index_of_the_series(several: Attributions) -> None:
    table = several.to_pandas()
    assert len(table) == sum(len(one.tokens) for one in several)
    assert list(table["row"].unique()) == [
        name for name, one in zip(several.row_names, several, strict=True) if one.tokens
    ]


def test_the_other_forms_hold_every_text(several: Attributions, tmp_path: Path) -> None:
    values = several.to_dict()
    assert json.loads(json.dumps(values)) == values
    html = several.to_html(tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == html
    assert not re.search(r"(src|href)=\"?http", html)
    assert several.to_markdown().count("\n---\n") == len(TEXT) - 1
    assert several.to_latex().count("xcolor") == len(TEXT)


def test_a_notebook_shows_the_first_texts_and_how_many_more(several: Attributions) -> None:
    many = Attributions(several.items * 3, several.row_names * 3)
    assert f"{len(many) - 20:,} more" in many._repr_html_()
    assert "more" not in several[:3]._repr_html_()


def test_a_figure_has_at_most_fifty_texts(several: Attributions, tmp_path: Path) -> None:
    # A machine may have no font for Chinese.
    english = tuple(one for one in several if language(one.text) == "en")[:3]
    Attributions(english, (0,) * len(english)).plot(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()
    with pytest.raises(RequestError, match="do not fit one figure"):
        Attributions(several.items[:1] * 51, (0,) * 51).plot()


def test_several_are_printed_a_line_each_and_many_shortened() -> None:
    one = explain(
        "a good film", lambda texts: [[0.2, 0.8]] * len(texts), classes=["bad", "good"], progress=False
    )
    several = explain(["a good film"] * 3, lambda texts: [[0.2, 0.8]] * len(texts), classes=["bad", "good"])
    assert str(several) == "\n".join([str(one)] * 3)
    many = Attributions(several.items * 40, tuple(range(120)))
    assert str(many).splitlines()[-1].endswith(" more")
