"""One text explained: its words cover it, their scores add up to the model's answer, and nothing in it is markup."""

import json
import re
from dataclasses import FrozenInstanceError, asdict
from html import unescape
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from torch import Tensor

from augment.api.attribution import Attribution
from augment.api.explain import explain
from augment.attribution.model_calibration import calibrate_model
from augment.config.job import Job
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import DataError, RequestError
from augment.models.classifier import open_classifier
from augment.models.model_folder import CALIBRATIONS
from tests.models.nets import NETS
from tests.models.nets import save as save_net
from tests.texts import TEXTS

CPU = RunConfig(device="cpu", threads=1)
TEXT = tuple(text for text in TEXTS if text.strip())
Quantity = Literal["logit", "probability", "log_probability", "difference"]
QUANTITIES: tuple[Quantity, ...] = ("logit", "probability", "log_probability", "difference")


@pytest.fixture(scope="module")
def model(small: Path) -> Path:
    """Return the folder of the small textcnn; its classes are bad and good."""
    return small / "model"


def amount(name: Quantity, logits: Tensor, target: int) -> float:
    """Return F for the logits [2] of a model with two classes, written down anew."""
    match name:
        case "logit":
            return float(logits[target])
        case "probability":
            return float(logits.softmax(-1)[target])
        case "log_probability":
            return float(logits.log_softmax(-1)[target])
        case "difference":
            return float(logits[target] - logits[1 - target])


@pytest.mark.parametrize("text", TEXT)
def test_words_cover_the_text_and_their_order_is_that_of_the_text(model: Path, text: str) -> None:
    attribution = explain(text, model, run=CPU)
    assert (attribution.text, attribution.text_pair) == (text, None)
    assert attribution.tokens == tuple(text[start:end] for start, end in attribution.spans)
    assert list(attribution.spans) == sorted(attribution.spans)
    assert len(attribution.tokens) == len(attribution.scores) == len(attribution.side)
    assert set(attribution.side) == {0}
    rest = "".join(part for part, tint in attribution.pieces() if tint is None)
    assert not rest.strip()
    assert "".join(part for part, _ in attribution.pieces()) == text
    assert all(tint is None or -1 <= tint <= 1 for _, tint in attribution.pieces())


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("text", TEXT)
def test_the_scores_add_up_to_the_answer(model: Path, text: str, quantity: Quantity) -> None:
    """Scores + rest - gap = F(x) - F(baseline), F computed by the model itself at both ends of the path."""
    attribution = explain(text, model, quantity=quantity, run=CPU)
    classifier = open_classifier(ModelConfig(path=str(model)), CPU)
    encoding = classifier.encode([text], [None])[0]
    ends = [classifier.answer([encoding.pieces], [encoding.segments], start)[0] for start in (None, "zero")]
    target = classifier.classes.index(attribution.target)
    change = amount(quantity, ends[0], target) - amount(quantity, ends[1], target)
    assert attribution.gap is not None
    assert attribution.error is not None
    assert sum(attribution.scores) + attribution.rest - attribution.gap == pytest.approx(change, abs=1e-4)
    assert attribution.probability == pytest.approx(float(ends[0].softmax(-1)[target]), abs=1e-6)
    assert (attribution.error <= 0.05) == (attribution.status in ("converged", "exact"))


def test_the_words_that_matter_most_come_first_either_way(model: Path) -> None:
    attribution = explain("总体来说 房间 很好 but the story was boring", model, run=CPU)
    sizes = [abs(score) for _, score in attribution.top(99)]
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(attribution.top(99)) == sorted(zip(attribution.tokens, attribution.scores, strict=True))
    assert attribution.top(2) == attribution.top(99)[:2]
    assert len(attribution.top()) == 5


def test_equal_words_keep_the_order_of_the_text() -> None:
    attribution = Attribution("甲乙丙", None, ("甲", "乙", "丙"), (0, 0, 0), ((0, 1), (1, 2), (2, 3)), (0.5, -0.5, 0.5), "a", "a", 1, 0, 0, 0, 16, "fixed")  # fmt: skip
    assert attribution.top(3) == [("甲", 0.5), ("乙", -0.5), ("丙", 0.5)]
    assert attribution.pieces() == [("甲", 1.0), ("乙", -1.0), ("丙", 1.0)]


def test_a_text_whose_scores_are_all_zero_can_be_shown() -> None:
    attribution = Attribution(
        " 甲 ", None, ("甲",), (0,), ((1, 2),), (0.0,), "a", "a", 1, 0, 0, 0, 16, "fixed"
    )
    assert attribution.pieces() == [(" ", None), ("甲", 0.0), (" ", None)]
    assert "甲" in attribution._repr_html_()


def test_the_target_may_be_given(model: Path) -> None:
    """Of two classes what speaks for one speaks against the other."""
    good = explain("房间 很好", model, target="good", run=CPU)
    bad = explain("房间 很好", model, target="bad", run=CPU)
    assert (good.target, bad.target, good.prediction, bad.prediction) == ("good", "bad", "good", "good")
    assert good.probability + bad.probability == pytest.approx(1)
    assert good.top(1)[0][1] > 0 > bad.top(1)[0][1]
    with pytest.raises(DataError, match="the model does not know it; its labels are bad, good"):
        explain("房间 很好", model, target="中性", run=CPU)


def test_the_prediction_is_the_target_if_none_is_given(model: Path) -> None:
    for text in ("房间 很好", "the movie terrible"):
        attribution = explain(text, model, run=CPU)
        assert attribution.target == attribution.prediction
        assert attribution == explain(text, model, target=attribution.prediction, run=CPU)


@pytest.mark.parametrize("text", ["", " ", "\n\t　"])
def test_a_text_without_a_word_is_refused(model: Path, text: str) -> None:
    with pytest.raises(RequestError, match="it is empty"):
        explain(text, model, run=CPU)


@settings(max_examples=10)
@given(words=st.integers(1, 400), chinese=st.booleans())
def test_words_the_model_is_not_fed_are_counted(model: Path, words: int, chinese: bool) -> None:
    """Every word counted has no score, but for one of which the model saw the beginning."""
    attribution = explain(("房间，" if chinese else "room ") * words, model, run=CPU)
    silent = sum(score == 0 for score in attribution.scores[len(attribution.tokens) - attribution.unseen :])
    assert attribution.unseen - 1 <= silent <= attribution.unseen
    assert ("words not seen" in attribution._repr_html_()) == (attribution.unseen > 0)


def test_of_a_pair_the_words_cut_off_on_either_side_are_counted(pair_model: Path) -> None:
    assert explain("怎么还款", pair_model, "如何还钱", run=CPU).unseen == 0
    attribution = explain("怎么还款，" * 100, pair_model, "how to pay " * 100, run=CPU)
    assert 0 < attribution.unseen < len(attribution.tokens)


def test_an_explanation_is_a_value(model: Path) -> None:
    attribution = explain("房间 很好 👍🏽", model, run=CPU)
    assert hash(attribution) == hash(explain("房间 很好 👍🏽", model, run=CPU))
    assert json.loads(json.dumps(asdict(attribution)))["tokens"] == list(attribution.tokens)
    with pytest.raises(FrozenInstanceError):
        attribution.__setattr__("text", "另一个")


@pytest.mark.parametrize("text", TEXT)
def test_a_notebook_shows_the_text_and_runs_nothing_in_it(model: Path, text: str) -> None:
    """The only tags are those around the words; without them the text is there, character for character."""
    html = explain(text, model, run=CPU)._repr_html_()
    tags = set(re.findall(r"<[^>]*>", html))
    styles = {tag for tag in tags if tag.startswith("<span")}
    assert tags - styles <= {"<div>", "</div>", "<small>", "</small>", "<br>", "</span>"}
    assert all(re.fullmatch(r'<span style="background:#[0-9a-f]{6};color:#111">', style) for style in styles)
    shown = unescape(re.sub(r"<[^>]*>", "", html.partition("<br>")[2]))
    assert shown == text


def test_labels_in_a_notebook_are_escaped_too() -> None:
    attribution = Attribution(
        "好", None, ("好",), (0,), ((0, 1),), (1.0,), "<b>", "<i>", 1, 0, 0, 0, 16, "fixed"
    )
    assert "&lt;b&gt;" in attribution._repr_html_()
    assert "<b>" not in attribution._repr_html_()


def test_a_pair_is_explained_on_both_sides(pair_model: Path) -> None:
    attribution = explain("怎么还款?", pair_model, "how to pay 👍🏽", run=CPU)
    assert attribution.text_pair == "how to pay 👍🏽"
    assert sorted(set(attribution.side)) == [0, 1]
    for token, side, (start, end) in zip(
        attribution.tokens, attribution.side, attribution.spans, strict=True
    ):
        assert (attribution.text, attribution.text_pair)[side][start:end] == token
    assert "".join(part for part, _ in attribution.pieces()) == "怎么还款? ⫽ how to pay 👍🏽"
    assert attribution.target in {"不同", "相近", "相同"}


def test_a_model_for_pairs_explains_one_text_as_well(pair_model: Path) -> None:
    alone, paired = (
        explain("怎么还款", pair_model, run=CPU),
        explain("怎么还款", pair_model, "如何还钱", run=CPU),
    )
    assert set(alone.side) == {0}
    assert alone.tokens == paired.tokens[: len(alone.tokens)]
    assert alone.scores != paired.scores[: len(alone.scores)]


def test_a_model_whose_answer_is_no_number_is_refused(model: Path, tmp_path: Path) -> None:
    """Not a score is made up from it."""
    for file in model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = {
        name: np.full_like(values, np.nan) for name, values in load_file(model / "model.safetensors").items()
    }
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match="not finite"):
        explain("房间 很好", tmp_path, run=CPU)


def test_a_calibration_that_a_model_has_is_used_and_none_is_made(tmp_path: Path) -> None:
    """Another first rule than the seven nodes of a model without one; the same scores alone and in a list."""
    folder = save_net(NETS["bert"], tmp_path / "bert")
    texts = [text * 3 for text in TEXT if len(text) > 8]
    before = explain(texts, folder, run=CPU)
    assert not (folder / CALIBRATIONS).exists()
    calibrate_model(Job(model=ModelConfig(path=str(folder)), run=CPU), texts * 2, [None] * len(texts) * 2)
    after = explain(texts, folder, run=CPU)
    assert [one.evaluations for one in after] != [one.evaluations for one in before]
    assert explain(texts[1], folder, run=CPU).scores == after[1].scores
    without = explain(texts, folder, run={"device": "cpu", "threads": 1, "calibrations": "new"})
    assert [one.scores for one in without] == [one.scores for one in before]
