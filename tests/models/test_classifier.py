"""A classifier from its folder: refused where it must be, fed as its tokenizer requires, and the same under a hook."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer

import augment
from augment.attribution.gradient_methods import IntegratedGradients
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import ModelError
from augment.models.classifier import Classifier, Encoding, open_classifier
from augment.models.device import PRODUCTS_ONLY, Dtype
from tests.models.nets import DECODERS, NETS, XLNET, save, word_pieces
from tests.texts import TEXTS

RUN = RunConfig(device="cpu", threads=1)
LONGEST = 64


def opened(folder: Path, run: RunConfig = RUN, max_length: int = LONGEST) -> Classifier:
    """Return the classifier of a folder."""
    return open_classifier(ModelConfig(path=str(folder), max_length=max_length, windows="first"), run)


def refused(folder: Path, run: RunConfig = RUN) -> ModelError:
    """Return the error that a folder is refused with."""
    with pytest.raises(ModelError) as caught:
        opened(folder, run)
    assert caught.value.exit_code == 6
    assert all((caught.value.where, caught.value.what, caught.value.hint))
    return caught.value


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_code_that_a_model_brings_is_never_run(folders: dict[str, Path], tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(folders["bert"], tmp_path / "bert"))
    trace = tmp_path / "was-run"
    (folder / "own.py").write_text(f"open({str(trace)!r}, 'w')\nclass Own: pass\n", encoding="utf-8")
    settings = json.loads((folder / name).read_text(encoding="utf-8"))
    settings["auto_map"] = {"AutoConfig": "own.Own", "AutoTokenizer": ["own.Own", "own.Own"]}
    (folder / name).write_text(json.dumps(settings), encoding="utf-8")
    assert "auto_map" in refused(folder).what
    assert not trace.exists()


@pytest.mark.parametrize("name", ["bert", "distilbert", "qwen3"])
def test_weights_without_a_classification_head_are_refused(
    folders: dict[str, Path], tmp_path: Path, name: str
) -> None:
    folder = Path(shutil.copytree(folders[name], tmp_path / name))
    AutoModel.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder)
    error = refused(folder)
    assert "not trained for this" in error.what
    assert "augment train" in error.hint


def unknown_kind(folder: Path) -> None:
    """Name an architecture that does not exist."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "nonsense"}), encoding="utf-8")


def other_sizes(folder: Path) -> None:
    """Name sizes that the weights have not."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 64}), encoding="utf-8")


def broken_tokenizer(folder: Path) -> None:
    """Cut the tokenizer's file short."""
    (folder / "tokenizer.json").write_text('{"version": ', encoding="utf-8")


def no_tokenizer(folder: Path) -> None:
    """Take the tokenizer's file away."""
    (folder / "tokenizer.json").unlink()


def cut_weights(folder: Path) -> None:
    """Cut the weights short, as a broken download does."""
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:-100])


def other_weights(folder: Path) -> None:
    """Put something else under the name of the weights."""
    (folder / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1")


SPOILED = [unknown_kind, other_sizes, broken_tokenizer, no_tokenizer, cut_weights, other_weights]


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_folder_that_cannot_be_loaded_is_refused_in_one_line(
    folders: dict[str, Path], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder = Path(shutil.copytree(folders["bert"], tmp_path / "bert"))
    spoil(folder)
    error = refused(folder)
    assert error.where == str(folder)
    assert "cannot be loaded" in error.what
    assert "\n" not in error.what


@pytest.mark.parametrize("device", ["cuda:99", "xpu:99"])
def test_a_device_that_is_not_there_is_refused(folders: dict[str, Path], device: str) -> None:
    error = refused(folders["textcnn"], RunConfig(device=device, threads=1))
    assert error.where == f"run.device: {device}"
    assert "auto" in error.hint


def test_a_gradient_can_be_tried_on_any_model(folders: dict[str, Path]) -> None:
    for folder in folders.values():
        opened(folder).try_gradient(200)


def test_the_last_two_models_are_kept(folders: dict[str, Path]) -> None:
    first, second = opened(folders["bert"]), opened(folders["roberta"])
    assert opened(folders["bert"]) is first
    assert opened(folders["roberta"]) is second
    opened(folders["bert"])
    opened(folders["gpt2"])
    assert opened(folders["bert"]) is first
    assert opened(folders["roberta"]) is not second


def test_a_model_is_known_by_its_content_not_by_its_place(folders: dict[str, Path], tmp_path: Path) -> None:
    first = opened(folders["textcnn"])
    moved = Path(shutil.copytree(folders["textcnn"], tmp_path / "moved"))
    assert opened(moved) is first
    weights = bytearray((moved / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (moved / "model.safetensors").write_bytes(weights)
    assert opened(moved) is not first


def test_a_run_of_other_settings_opens_another(folders: dict[str, Path]) -> None:
    first = opened(folders["textcnn"])
    assert opened(folders["textcnn"], max_length=8) is not first
    assert opened(folders["textcnn"], RunConfig(device="cpu", threads=1, token_budget=64)) is not first


@pytest.mark.parametrize("name", NETS)
def test_an_opened_model_is_frozen_and_knows_its_classes(folders: dict[str, Path], name: str) -> None:
    classifier = opened(folders[name])
    assert classifier.classes == ("bad", "fair", "good")
    assert not classifier.model.training
    assert not any(weight.requires_grad for weight in classifier.model.parameters())
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("name", NETS)
def test_every_awkward_text_is_encoded_within_itself(folders: dict[str, Path], name: str) -> None:
    classifier = opened(folders[name])
    for text, row in zip(TEXTS, classifier.encode(TEXTS, [None] * len(TEXTS)), strict=True):
        assert len(row.pieces) == len(row.segments) == len(row.offsets) == len(row.sides) <= LONGEST
        for (start, end), side in zip(row.offsets, row.sides, strict=True):
            assert side == 0 or (side is None and start == end)
            assert 0 <= start <= end <= len(text)


@pytest.mark.parametrize("name", NETS)
def test_rows_with_and_without_a_pair_are_encoded_together_as_apart(
    folders: dict[str, Path], name: str
) -> None:
    classifier = opened(folders[name])
    texts, pairs = ["房间很好", "a great movie", "iPhone很好用", "👍🏽"], [None, "很差", None, ""]
    together = classifier.encode(texts, pairs)
    assert together == [classifier.encode([text], [pair])[0] for text, pair in zip(texts, pairs, strict=True)]
    assert 1 in together[1].sides
    assert {side for row in (together[0], together[2]) for side in row.sides} <= {0, None}
    second = [
        offset for offset, side in zip(together[1].offsets, together[1].sides, strict=True) if side == 1
    ]
    assert (second[0][0], second[-1][1]) == (0, 2)


def test_no_rows_are_encoded_and_answered_as_none(folders: dict[str, Path]) -> None:
    classifier = opened(folders["bert"])
    assert classifier.encode([], []) == []
    assert classifier.ask([], []).shape == (0, 3)


def test_a_long_text_is_cut_to_what_the_job_allows(folders: dict[str, Path]) -> None:
    classifier = opened(folders["bert"], max_length=8)
    alone, pair = classifier.encode(["好" * 50], [None]) + classifier.encode(["好" * 50], ["差" * 50])
    assert len(alone.pieces) == len(pair.pieces) == 8
    assert alone.pieces[-1] == pair.pieces[-1] == classifier.tokenizer.sep_token_id
    assert alone.offsets[-2] == (5, 6)
    assert set(pair.sides) == {0, 1, None}


@pytest.mark.parametrize(
    ("name", "positions"), [("bert", 128), ("roberta", 126), ("distilbert", 128), ("gpt2", 128)]
)
def test_a_long_text_is_cut_to_the_positions_the_model_has(
    folders: dict[str, Path], name: str, positions: int
) -> None:
    classifier = opened(folders[name], max_length=1000)
    (row,) = classifier.encode(["好 very " * 300], [None])
    assert len(row.pieces) == positions
    assert np.isfinite(classifier.ask(["好 very " * 300], [None])).all()


def test_a_decoder_without_a_padding_piece_answers_unequal_texts(folders: dict[str, Path]) -> None:
    classifier = opened(folders["gpt2"])
    assert AutoTokenizer.from_pretrained(folders["gpt2"]).pad_token_id is None
    texts = ["a", "这家酒店的服务很好", "a much longer text than the other two 👍🏽"]
    together = classifier.ask(texts, [None] * 3)
    alone = np.concatenate([classifier.ask([text], [None]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("name", NETS)
def test_answers_are_probabilities_in_the_order_of_the_rows(folders: dict[str, Path], name: str) -> None:
    classifier = opened(folders[name], RunConfig(device="cpu", threads=1, token_budget=100))
    texts = [text for text in TEXTS if text.strip()]
    answers = classifier.ask(texts, [None] * len(texts))
    assert answers.shape == (len(texts), 3)
    np.testing.assert_allclose(answers.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(classifier.ask(texts[::-1], [None] * len(texts))[::-1], answers, atol=1e-5)


@pytest.mark.parametrize("name", NETS)
def test_the_zero_baseline_silences_every_piece(folders: dict[str, Path], name: str) -> None:
    classifier = opened(folders[name])
    one, other = classifier.encode(["a", "b"], [None] * 2)
    rows = [one.pieces, other.pieces], [one.segments, other.segments]
    silent = classifier.answer(*rows, "zero")
    torch.testing.assert_close(silent[0], silent[1])
    batch = classifier.batch(*rows)
    with torch.no_grad():
        zeros = classifier.logits(batch, torch.zeros_like(classifier.embed(batch)))
    assert torch.equal(silent, zeros)


def test_a_failure_on_the_path_leaves_the_model_as_it_was(folders: dict[str, Path]) -> None:
    classifier = opened(folders["bert"])
    batch = classifier.batch([[2, 9, 3]], [[0, 0, 0]])
    before = classifier.logits(batch)
    with pytest.raises(RuntimeError):
        classifier.logits(batch, torch.zeros(1, 3, 7))
    assert torch.equal(classifier.logits(batch), before)


def test_rows_are_padded_on_the_right_whatever_the_tokenizer_would_do(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    left = opened(save(NETS["qwen3"], tmp_path / "left", "left"))
    rows = [[7, 8, 9], [5]], [[0, 0, 0], [0]]
    assert left.batch(*rows)["input_ids"].tolist() == [[7, 8, 9], [5, 0, 0]]
    assert left.batch(*rows)["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_row_gets_the_same_answer_alone_and_in_company(tmp_path: Path, name: str, side: str) -> None:
    classifier = opened(save(NETS[name], tmp_path / name, side))
    texts = ["a", "这家酒店的服务很好"]
    together = classifier.ask(texts, [None, None])
    alone = np.concatenate([classifier.ask([text], [None]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "qwen3"])
def test_a_decoder_whose_config_names_another_padding_id_pools_the_right_piece(
    tmp_path: Path, name: str
) -> None:
    folder = save(NETS[name], tmp_path / name)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for other in (None, 1):
        (folder / "config.json").write_text(json.dumps(config | {"pad_token_id": other}), encoding="utf-8")
        classifier = opened(folder)
        together = classifier.ask(["a", "这家酒店的服务很好"], [None, None])
        np.testing.assert_allclose(together[:1], classifier.ask(["a"], [None]), atol=1e-5)


def test_a_text_without_pieces_gets_an_answer(folders: dict[str, Path]) -> None:
    for name in ("gpt2", "qwen3"):
        assert np.isfinite(opened(folders[name]).ask([""], [None])).all()


def test_segment_ids_that_gpt2_embeds_with_its_words_are_not_replaced(tmp_path: Path) -> None:
    folder = save(NETS["gpt2"], tmp_path / "gpt2")
    word_pieces("right").save_pretrained(folder)
    classifier = opened(folder)
    row = classifier.encode(["这家酒店的服务很好"], [None])[0]
    batch = classifier.batch([row.pieces], [row.segments])
    assert torch.equal(classifier.logits(batch), classifier.logits(batch, classifier.embed(batch)))


def test_a_shorter_number_format_gives_nearly_the_same_answer_in_float32(folders: dict[str, Path]) -> None:
    texts = list(TEXTS[:6])
    full = opened(folders["textcnn"]).ask(texts, [None] * 6)
    short = opened(folders["textcnn"], RunConfig(device="cpu", threads=1, dtype="bfloat16")).ask(
        texts, [None] * 6
    )
    assert short.dtype == full.dtype == np.float32
    assert not np.array_equal(short, full)
    np.testing.assert_allclose(short, full, atol=0.05)


def gradient(classifier: Classifier) -> tuple[Tensor, Tensor]:
    """Return the logits of two texts, and their gradient at the embeddings."""
    rows = classifier.encode(["这家酒店的服务很好", "good"], [None] * 2)
    batch = classifier.batch([row.pieces for row in rows], [row.segments for row in rows])
    embeddings = classifier.embed(batch).requires_grad_(True)
    logits = classifier.logits(batch, embeddings)
    return logits.detach(), torch.autograd.grad(logits[:, 0].sum(), embeddings)[0]


@pytest.mark.parametrize("name", NETS)
def test_short_products_change_gradients_by_their_rounding_and_no_answer(
    folders: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = opened(folders[name])
    logits, exact = gradient(classifier)
    answer = classifier.ask(list(TEXTS[:4]), [None] * 4)
    for dtype in PRODUCTS_ONLY:
        monkeypatch.setattr(classifier, "dtype", dtype)
        value, short = gradient(classifier)
        np.testing.assert_array_equal(classifier.ask(list(TEXTS[:4]), [None] * 4), answer)
        # A textcnn has convolutions and a small head only, so that its closed form stays exact.
        assert torch.equal(short, exact) is name.startswith("textcnn")
        assert (short - exact).norm() < 0.05 * exact.norm()
        assert torch.equal(value, logits) is (dtype == "bfloat16_gradients" or name.startswith("textcnn"))
    with classifier.in_float32():
        assert torch.equal(gradient(classifier)[1], exact)


@pytest.mark.parametrize("dtype", PRODUCTS_ONLY)
def test_layers_that_are_computed_again_have_the_same_short_products(
    folders: dict[str, Path], dtype: Dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, twice = opened(folders["bert"]), opened(folders["bert"], RUN.model_copy(update={"recompute": True}))
    monkeypatch.setattr(once, "dtype", dtype)
    monkeypatch.setattr(twice, "dtype", dtype)
    for one, other in zip(gradient(once), gradient(twice), strict=True):
        assert torch.equal(one, other)


def test_a_run_is_refused_on_a_processor_that_does_not_multiply_bfloat16(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augment.models.device.multiplies_bfloat16", lambda: False)
    run = RUN.model_copy(update={"dtype": "bfloat16_products"})
    error = refused(folders["bert"], run)
    assert error.where == "run.dtype: bfloat16_products"
    assert "AVX512-BF16" in error.what


def test_a_trained_model_answers_chinese_and_english(small: Path) -> None:
    classifier = opened(small / "model")
    texts = [
        "我觉得 服务 很好",
        "下次 房间 很差",
        "we thought the movie wonderful",
        "this time the story awful",
    ]
    picked = classifier.ask(texts, [None] * 4).argmax(-1)
    assert [classifier.classes[index] for index in picked] == ["good", "bad", "good", "bad"]


# With a piece that pads in the text itself, and a text of nothing else.
PADDED = ["房间很干净，但是服务太差了。", "good", "the story <|endoftext|>", "<|endoftext|>"]


def answer(classifier: Classifier, rows: Sequence[Encoding]) -> torch.Tensor:
    """Return the logits of rows in one batch."""
    return classifier.answer([row.pieces for row in rows], [row.segments for row in rows])


@pytest.mark.parametrize("name", DECODERS)
def test_logits_are_the_same_with_either_padding_and_in_any_company(tmp_path: Path, name: str) -> None:
    answers = []
    for side in ("left", "right"):
        folder = save(DECODERS[name], tmp_path / side, side)
        config = ModelConfig(path=str(folder), max_length=64)
        classifier = open_classifier(config, RunConfig(device="cpu", threads=1))
        rows = classifier.encode(PADDED, [None] * len(PADDED))
        together = answer(classifier, rows)
        alone = torch.cat([answer(classifier, [row]) for row in rows])
        assert together.numpy() == pytest.approx(alone.numpy(), abs=1e-5)
        answers.append(together)
    assert torch.equal(*answers)


@pytest.mark.parametrize("name", ["gpt2", "llama without padding"])
def test_attributions_are_the_same_with_either_padding_and_in_any_company(tmp_path: Path, name: str) -> None:
    scores = []
    for side, budget in (("left", 4096), ("right", 4096), ("right", 64)):
        folder = save(DECODERS[name], tmp_path / f"{side}{budget}", side)
        run = RunConfig(device="cpu", threads=1, token_budget=budget)
        explained = augment.explain(PADDED[:3], folder, method=IntegratedGradients(fixed=8), run=run)
        scores.append(np.concatenate([one.scores for one in explained]))
    assert scores[1] == pytest.approx(scores[0])
    assert scores[2] == pytest.approx(scores[1], abs=1e-4 * np.abs(scores[1]).sum())


def test_a_model_that_answers_from_the_last_index_is_refused(tmp_path: Path) -> None:
    folder = save(XLNET, tmp_path / "xlnet")
    with pytest.raises(ModelError, match="may be padding"):
        open_classifier(ModelConfig(path=str(folder)), RunConfig(device="cpu"))
