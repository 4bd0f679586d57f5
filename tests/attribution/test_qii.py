"""Quantitative input influence: the mean over draws, by the text alone, from the texts of a corpus where there is one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from augment.attribution.method import Setting
from augment.attribution.piece_method import calibration_path
from augment.attribution.qii import Qii
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.config.sections import ModelConfig
from augment.errors import RequestError
from augment.models.function import Function
from tests.attribution.small_nets import CPU, opened
from tests.attribution.test_occlusion import bag, rows_of
from tests.attribution.toy_words import VECTORS, toy


def total(sums: Tensor) -> Tensor:
    """Return the sum of a text and a constant as logits."""
    return torch.stack([sums.sum(-1), torch.full((len(sums),), -100.0)], dim=-1)


def test_of_a_sum_it_is_what_the_word_has_above_the_mean_of_the_draws() -> None:
    model = toy(total)
    rows = rows_of(model, ["a b c"])
    pool = model.some_pieces(512)
    vectors = {
        model.tokenizer.convert_tokens_to_ids(word): sum(vector)
        for word, vector in VECTORS.items()
        if word != "d"
    }
    mean = np.mean([vectors.get(piece, 0.0) for piece in pool])
    scores = Qii(samples=2048).attribute(model, rows)
    expected = [sum(VECTORS[word]) - mean for word in "abc"]
    assert scores.scores[0] == pytest.approx(expected, abs=0.15)
    assert scores.cost == [3 * 2048]
    assert 0 < float(str(scores.facts["error"][0])) < 0.1


def test_a_row_has_the_same_scores_in_any_company(tmp_path: Path) -> None:
    bert = opened("bert", tmp_path)
    texts = ["good 好 very", "bad film", "a"]
    together = Qii(samples=8).attribute(bert, rows_of(bert, texts))
    for row, text in enumerate(texts):
        alone = Qii(samples=8).attribute(bert, rows_of(bert, [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], abs=1e-4)


def test_in_a_run_pieces_are_those_of_the_corpus(tmp_path: Path) -> None:
    bert = opened("bert", tmp_path)
    rows = rows_of(bert, ["good film"])
    job = Job(model=ModelConfig(path=str(tmp_path / "bert"), max_length=64), run=CPU)
    setting = Setting(job, tmp_path, "qii", "predicted", "logit")
    # There is one piece to draw, so the influence is known.
    piece = bert.content(bert.encode(["bad"], [None])[0].pieces)[0]
    calibration_path(setting, "references").write_text(json.dumps([[piece]]), encoding="utf-8")
    scores = Qii(samples=4).open(setting)(rows).scores[0]
    for token, score in enumerate(scores):
        drawn = [
            piece if of == token else own
            for own, of in zip((rows.pieces or [])[0], (rows.owner or [])[0], strict=True)
        ]
        left = bert.answer([drawn], [(rows.segments or [])[0]])[0, rows.target[0]]
        assert score == pytest.approx(float(rows.logits[0, rows.target[0]] - left), abs=1e-4)


def test_a_function_is_refused() -> None:
    model = Function(FunctionModel(function=bag, classes=("bad", "good")))
    with pytest.raises(RequestError, match="has none"):
        Qii().attribute(model, rows_of(toy(total), ["a"]))
