"""Our scores are those of another implementation, on six architectures, however rows are padded and packed.

The reference is Captum on a model loaded here, its embedding output replaced by a hook of this file. It shares the
rule and nothing else with the code it checks: ids and mask come from the tokenizer's own padding.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel

from augment.attribution.path_integral import ModelInputs, Plan, attribute, fixed
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.baseline import zero
from augment.ig.gradients import Question, evaluate
from augment.models.classifier import Classifier, open_classifier
from augment.models.textcnn import TextCNN
from tests.models.nets import CLASSES, NETS, save
from tests.texts import TEXTS

# Chinese, English, both; an astral character, emoji, combining marks; a single letter.
TEXT = [*TEXTS[:3], *TEXTS[4:7], "a"]
STEPS = 16
LONGEST = 64
BOUND = 1e-4
# Between batches float32 differs by up to 1e-6 (distilbert), so sameness is shown with float64 weights, which leave 1e-7.
SAME = 1e-6
# Those that pool the last piece, or all, can be padded on the left; BERT and its kin pool the first position. Ours
# pads on the right whatever the tokenizer sets, so the left side is the reference's.
EITHER_SIDE = ("textcnn", "gpt2", "qwen3")
SIDES = [
    (name, side) for name in NETS for side in ("right", "left") if side == "right" or name in EITHER_SIDE
]
PADDINGS = [*SIDES, *((name, "none") for name in NETS)]
Folders = dict[tuple[str, str], Path]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Every net, saved with a tokenizer that pads right and with one that pads left."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("nets")
    return {
        (name, side): save(NETS[name], root / f"{name}-{side}", side)
        for name in NETS
        for side in ("right", "left")
    }


def opened(folder: Path, token_budget: int = 8192) -> Classifier:
    """Return our classifier of a folder."""
    run = RunConfig(device="cpu", threads=1, token_budget=token_budget)
    return open_classifier(ModelConfig(path=str(folder), max_length=LONGEST), run)


def exact(folder: Path, token_budget: int = 8192) -> Classifier:
    """Return our classifier of a folder with float64 weights."""
    run = RunConfig(device="cpu", threads=1, token_budget=token_budget)
    config = ModelConfig(path=str(folder), max_length=LONGEST)
    return Classifier(
        loaded(folder, torch.float64),
        AutoTokenizer.from_pretrained(folder),
        config,
        run,
        tuple(CLASSES.values()),
    )


def loaded(folder: Path, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """Return the model of a folder, loaded without our code."""
    kind = TextCNN if folder.name.startswith("textcnn") else AutoModelForSequenceClassification
    model: PreTrainedModel = kind.from_pretrained(folder, dtype=dtype).eval()
    if model.config.pad_token_id is None:
        model.config.pad_token_id = model.config.eos_token_id
    return model


def fed(folder: Path, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Return ids and mask [B, T] as the tokenizer itself pads them."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    rows = tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
    return rows["input_ids"], rows["attention_mask"]


def positions(name: str, mask: Tensor) -> dict[str, Tensor]:
    """Return the positions that GPT-2 needs where padding is on the left; the others need none."""
    return {"position_ids": (mask.cumsum(-1) - 1).clamp(min=0)} if name == "gpt2" else {}


def reference(
    name: str, model: PreTrainedModel, ids: Tensor, mask: Tensor, target: Tensor
) -> list[np.ndarray]:
    """Return Captum's scores of each row's pieces, padding left out."""
    module = model.get_submodule(NETS[name].embedding)

    def forward(embeddings: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the logits with `embeddings` in place of the module's output."""
        handle = module.register_forward_hook(lambda *_: embeddings)
        try:
            return torch.as_tensor(model(input_ids=ids, attention_mask=mask, **positions(name, mask)).logits)
        finally:
            handle.remove()

    inputs = module(ids).detach()
    scores = IntegratedGradients(forward).attribute(
        inputs,
        baselines=torch.zeros_like(inputs),
        target=target,
        additional_forward_args=(ids, mask),
        n_steps=STEPS,
        method="gausslegendre",
    )
    return [row[kept.bool()].numpy() for row, kept in zip(scores.sum(-1), mask, strict=True)]


def ours(classifier: Classifier, texts: list[str]) -> list[np.ndarray]:
    """Return our scores of each row's pieces, for the predicted class."""
    encodings = classifier.encode(texts, [None] * len(texts))
    pieces, segments = [row.pieces for row in encodings], [row.segments for row in encodings]
    logits = classifier.answer(pieces, segments)
    return attribute(
        classifier,
        ModelInputs(pieces, segments, logits, logits.argmax(-1)),
        Plan(mode="fixed", chains=fixed(STEPS)),
    ).pieces


def distance(scores: list[np.ndarray], other: list[np.ndarray]) -> float:
    """Return the largest difference of a score, as a share of the sum of |scores| of its row."""
    return max(
        float(np.abs(one - two).max() / np.abs(two).sum()) for one, two in zip(scores, other, strict=True)
    )


@pytest.mark.parametrize(("name", "padding"), PADDINGS)
def test_scores_agree_with_captum(folders: Folders, name: str, padding: str) -> None:
    folder = folders[name, "left" if padding == "left" else "right"]
    model = loaded(folder)
    expected: list[np.ndarray] = []
    for texts in [[text] for text in TEXT] if padding == "none" else [TEXT]:
        ids, mask = fed(folder, texts)
        target = model(input_ids=ids, attention_mask=mask, **positions(name, mask)).logits.argmax(-1)
        expected += reference(name, model, ids, mask, target)
    assert distance(ours(opened(folder), TEXT), expected) < BOUND


@pytest.mark.parametrize("name", NETS)
def test_the_end_of_the_path_is_the_plain_call_bit_for_bit(folders: Folders, name: str) -> None:
    side = "right"
    classifier, model = opened(folders[name, side]), loaded(folders[name, side])
    ids, mask = fed(folders[name, side], TEXT)
    encodings = classifier.encode(TEXT, [None] * len(TEXT))
    batch = classifier.batch([row.pieces for row in encodings], [row.segments for row in encodings])
    with torch.no_grad():
        plain = model(input_ids=ids, attention_mask=mask).logits
        short = classifier.logits(batch, classifier.embed(batch))
        same = classifier.logits(batch)
        with classifier.every_piece():
            hooked = classifier.logits(batch, classifier.embed(batch))
            after = classifier.logits(batch)
    assert torch.equal(batch["input_ids"][mask.bool()], ids[mask.bool()])
    assert torch.equal(hooked, plain)
    assert torch.equal(after, plain)
    # The last layer computed for one piece differs in the last bits.
    assert torch.equal(short, same)
    torch.testing.assert_close(short, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NETS)
def test_a_pair_is_answered_as_the_tokenizer_and_the_model_answer_it(folders: Folders, name: str) -> None:
    classifier, model = opened(folders[name, "right"]), loaded(folders[name, "right"])
    tokenizer = AutoTokenizer.from_pretrained(folders[name, "right"])
    pairs = ["很差", "a 👍🏽 story", ""]
    for text, pair, row in zip(TEXT, pairs, classifier.encode(TEXT[:3], pairs), strict=False):
        fed_by_hand = tokenizer([text], [pair], return_tensors="pt")
        if name == "textcnn":
            fed_by_hand.pop("token_type_ids")
        with torch.no_grad(), classifier.every_piece():
            plain = model(**fed_by_hand).logits
            assert torch.equal(classifier.answer([row.pieces], [row.segments]), plain)


@pytest.mark.parametrize(("name", "side"), SIDES)
def test_padding_is_given_exactly_nothing(folders: Folders, name: str, side: str) -> None:
    classifier = opened(folders[name, side])
    encodings = classifier.encode(TEXT, [None] * len(TEXT))
    batch = classifier.batch([row.pieces for row in encodings], [row.segments for row in encodings])
    target = torch.zeros(len(TEXT), dtype=torch.int64)
    embeddings = classifier.embed(batch)
    halfway = torch.full((len(TEXT),), 0.5)
    evaluation = evaluate(
        classifier, batch, embeddings, zero(embeddings), halfway, Question("logit", target, target)
    )
    padding = batch["attention_mask"] == 0
    assert padding.any()
    assert (evaluation.along[padding] == 0).all()
    assert (evaluation.steepness[padding] == 0).all()
    assert (evaluation.along[~padding] != 0).any()


@pytest.mark.parametrize(("name", "side"), SIDES)
def test_a_row_scores_the_same_alone_in_a_batch_and_under_any_budget(
    folders: Folders, name: str, side: str
) -> None:
    classifier = exact(folders[name, side])
    alone = [ours(classifier, [text])[0] for text in TEXT]
    assert distance(ours(classifier, TEXT), alone) < SAME
    assert distance(ours(exact(folders[name, side], token_budget=100), TEXT), alone) < SAME


@pytest.mark.parametrize("name", NETS)
def test_a_row_scores_the_same_padded_left_and_right(folders: Folders, name: str) -> None:
    assert (
        distance(ours(exact(folders[name, "left"]), TEXT), ours(exact(folders[name, "right"]), TEXT)) < SAME
    )


@pytest.mark.parametrize("name", [name for name in NETS if name != "textcnn"])
def test_attention_computed_another_way_gives_the_same_scores(folders: Folders, name: str) -> None:
    fused, plain = (exact(folders[name, "right"]) for _ in range(2))
    fused.model.set_attn_implementation("sdpa")
    plain.model.set_attn_implementation("eager")
    assert distance(ours(fused, TEXT), ours(plain, TEXT)) < SAME


@pytest.mark.parametrize("name", NETS)
def test_float32_rounding_stays_far_below_the_bound(folders: Folders, name: str) -> None:
    folder = folders[name, "right"]
    assert distance(ours(opened(folder), TEXT), ours(exact(folder), TEXT)) < BOUND / 4
