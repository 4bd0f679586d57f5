"""Compare every attribution method with an oracle, and DeepLIFT's cost with ours of integrated gradients and with Captum's.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.methods

Oracles: Captum 0.9, zennit 0.5 for relevance propagation (not a dependency: skipped where it is not installed), and axioms.
Nets: small ones of the tests with random weights; the nine architectures as transformers makes them, weights times 4. A row that
is named after a method is its largest difference from the oracle, as a share of the largest score; a gap is |sum of scores - (F(x) -
F(baseline))|, as a share of max(1, |F(x) - F(baseline)|). float32 where nothing else is named. Captum's conductance, at 32 nodes,
differs from ours by its own gap.

Cost: a small BERT that was fine-tuned (`--model`; else a `bert-small` is trained on 2,000 rows of hotel-zh), 64 texts of its
corpus, CPU milliseconds a text, one thread, prediction included, the median of three turns. Integrated gradients are not calibrated.
Captum is sorted by length and batched by 32, as an expert would.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from captum import attr
from torch import Tensor, nn

from augment.attribution.activation_maps import mapped, over_pieces
from augment.attribution.difference_pass import changes_of
from augment.attribution.gradient_methods import GradientMethod
from augment.attribution.influence import Slice, conductance, influence
from augment.attribution.methods import method_of
from augment.attribution.path_integral import attribute
from augment.attribution.relevance import relevance
from augment.attribution.relevance_rules import LrpRule, LrpRuleName
from augment.attribution.relu_gradients import ReluRuleName, modified_gradient
from augment.attribution.row_parts import RowPart
from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import Classifier, open_classifier
from augment.models.textcnn import TextCNN
from benchmarks.attribution.ig_scaling import train
from benchmarks.common import Cell, Results, command_line, some_texts, write_page
from tests.attribution.nine import NINE, NORMED_FIRST, answer, net_of, six_rows
from tests.attribution.small_nets import opened, part_of
from tests.attribution.test_occlusion import rows_of
from tests.attribution.test_reveal_cancel import shares, smaller_of
from tests.attribution.twins import Twin

CORPUS, TEXTS, TURNS, BATCH = "hotel-zh", 64, 3, 32
GIVEN = ["服务很好，房间太小", "a good film, but far too long for what it has to tell", "差", "bad"]
LRP: tuple[LrpRuleName, ...] = ("epsilon", "gamma", "z_plus", "alpha_beta")


def apart(ours: Tensor, theirs: Tensor) -> str:
    """Return the largest difference as a share of the largest score."""
    return f"{float((ours - theirs).abs().max() / theirs.abs().max()):.1e}"


def forward_of(part: RowPart) -> Callable[[Tensor], Tensor]:
    """Return the logits at embeddings, the rows of a batch several times one after the other, as Captum calls it."""

    def forward(embeddings: Tensor) -> Tensor:
        times = len(embeddings) // len(part.inputs)
        batch = {name: tensor.repeat(times, 1) for name, tensor in part.batch.items()}
        return part.classifier.logits(batch, embeddings)

    return forward


def of_gradients(bert: Classifier) -> Cell:
    """Return the differences of methods on a BERT from Captum's."""
    part = part_of(bert, GIVEN)
    forward, inputs, layer = forward_of(part), part.inputs, bert.model.get_submodule("bert.encoder.layer.0")
    here = inputs.clone().requires_grad_(True)
    saliency = attr.Saliency(forward).attribute(here, target=part.target, abs=False)
    product = attr.InputXGradient(forward).attribute(here, target=part.target).sum(-1)
    gauss = {"n_steps": 16, "method": "gausslegendre"}
    path = attr.IntegratedGradients(forward).attribute(inputs, part.start(), part.target, **gauss).sum(-1)
    with bert.every_piece():
        inner = attr.InternalInfluence(forward, layer).attribute(inputs, part.start(), part.target, **gauss)
        theirs = attr.LayerConductance(forward, layer).attribute(
            inputs, part.start(), part.target, n_steps=32
        )
    inner, theirs = (one[0] if isinstance(one, tuple) else one for one in (inner, theirs))
    ours = conductance(part, "bert.encoder.layer.0", 32)
    change = part.at(inputs).detach() - part.at(part.start()).detach()
    gaps = (theirs.detach().sum((1, 2)) - change).abs() / change.abs().clamp_min(1)
    own = [
        float(_gap(conductance(part, cut, 32).pieces.sum(-1), change))
        for cut in (None, "bert.embeddings", "bert.encoder.layer.0")
    ]
    rows = rows_of(bert, GIVEN)
    plain = {name: _pieces(part, {"method": name}) for name in ("gradient", "gradient_x_input")}
    fixed = _pieces(part, {"method": "integrated_gradients", "baseline": "zero", "fixed": 16})
    occluded = method_of({"method": "occlusion", "replace_by": "mask"}).attribute(bert, rows)
    return {
        "saliency": apart(plain["gradient"], saliency.norm(dim=-1)),
        "gradient_x_input": apart(plain["gradient_x_input"], product.detach()),
        "integrated_gradients": apart(fixed, path.detach()),
        "influence": apart(influence(part, Slice("bert.encoder.layer.0"), "linear", 16), inner.detach()),
        "conductance gap": f"{max(own):.1e}",
        "conductance gap, Captum": f"{float(gaps.max()):.1e}",
        "conductance": apart(ours.pieces, theirs.detach().sum(-1).double()),
        "occlusion": _ablation(bert, rows.pieces or [], rows.owner or [], rows.target, occluded.scores),
    }


def _gap(sums: Tensor, change: Tensor) -> Tensor:
    """Return the largest gap."""
    return ((sums - change).abs() / change.abs().clamp_min(1)).max()


def _pieces(part: RowPart, settings: Mapping[str, object]) -> Tensor:
    """Return the scores of the pieces of a batch, [B, T]."""
    method = method_of(settings)
    assert isinstance(method, GradientMethod)
    plan = replace(method.plan("logit"), baseline="zero")
    scores = attribute(part.classifier, part.rows.take(part.indices), plan)
    return nn.utils.rnn.pad_sequence(
        [torch.from_numpy(row) for row in scores.pieces], batch_first=True
    ).float()


def _ablation(
    bert: Classifier,
    pieces: Sequence[Sequence[int]],
    owner: Sequence[Sequence[int]],
    target: Tensor,
    scores: Sequence[Sequence[float]],
) -> str:
    """Return how far occlusion by the mask is from Captum's FeatureAblation with a word as a feature."""
    worst = 0.0

    def forward(given: Tensor) -> Tensor:
        return bert.answer(given.tolist(), [[0] * given.shape[1]] * len(given))

    for row, ids in enumerate(pieces):
        features = torch.tensor([[of if of >= 0 else max(owner[row]) + 1 for of in owner[row]]])

        mask = bert.tokenizer.mask_token_id
        theirs = attr.FeatureAblation(forward).attribute(
            torch.tensor([list(ids)]),
            torch.tensor([[mask] * len(ids)]),
            int(target[row]),
            feature_mask=features,
        )[0]
        expected = [
            float(theirs[owner[row].index(word)]) for word in range(len(scores[row])) if word in owner[row]
        ]
        given = [score for word, score in enumerate(scores[row]) if word in owner[row]]
        worst = max(worst, float(np.abs(np.subtract(given, expected)).max() / np.abs(expected).max()))
    return f"{worst:.1e}"


def of_windows(cnn: Classifier) -> Cell:
    """Return the differences of methods on a TextCNN from Captum's and zennit's, and the sums that are promised."""
    net = cnn.model
    assert isinstance(net, TextCNN)
    part = part_of(cnn, GIVEN[:1])
    twin, here = Twin(net, "maps").eval(), part.inputs.clone().requires_grad_(True)
    peaks = Twin(net).eval()
    cell: Cell = {}
    oracles: tuple[tuple[str, ReluRuleName, type[Any]], ...] = (
        ("guided_backprop", "guided", attr.GuidedBackprop),
        ("deconvnet", "deconvnet", attr.Deconvolution),
    )
    for name, rule, oracle in oracles:
        cell[name] = apart(
            modified_gradient(part, rule, name), oracle(peaks).attribute(here, target=part.target)
        )
    maps = torch.zeros(part.present.shape)
    for width, activation in zip(net.config.windows, twin.activations, strict=True):
        seen = attr.LayerGradCam(twin, activation).attribute(here, target=part.target, relu_attributions=True)
        maps += over_pieces(seen[:, 0].detach(), part.present, width)
    cell["grad_cam"] = apart(mapped(part, "grad_cam", None).pieces, maps)
    for name, settings in (
        ("hires_cam gap", {"method": "hires_cam"}),
        ("pooling_weights gap, weighting: head", {"method": "pooling_weights", "weighting": "head"}),
        ("deeplift gap", {"method": "deeplift"}),
        ("deeplift gap, reveal_cancel", {"method": "deeplift", "rule": "reveal_cancel"}),
    ):
        scores = method_of(settings).attribute(cnn, rows_of(cnn, GIVEN))
        cell[name] = f"{max(abs(float(str(gap))) for gap in scores.facts['gap']):.1e}"
    theirs = attr.DeepLift(peaks).attribute(here, torch.zeros_like(here), target=part.target).sum(-1)
    ours = changes_of(lambda both: _plain(part, both), part.inputs, torch.zeros_like(part.inputs), part.value)
    cell["deeplift"] = apart(ours.pieces.float(), theirs.detach())
    cell["min example, reveal_cancel and rescale"] = (
        f"{shares(smaller_of, [1.0, 3.0], True)}, {shares(smaller_of, [1.0, 3.0], False)}"
    )
    return cell | of_relevance(part, twin)


def _plain(part: RowPart, embeddings: Tensor) -> Tensor:
    """Return logits of the rows several times, by plain operations."""
    from augment.attribution.row_parts import plain_logits

    times = len(embeddings) // len(part.inputs)
    batch = {name: tensor.repeat(times, 1) for name, tensor in part.batch.items()}
    return plain_logits(part.classifier, batch, embeddings)


def of_max_pool(cnn: Classifier) -> Cell:
    """Return the gap of Captum's DeepLift on the same net with nn.MaxPool1d and with amax."""
    net, part = cnn.model, part_of(cnn, GIVEN[:1])
    assert isinstance(net, TextCNN)
    here, zero = part.inputs.clone().requires_grad_(True), torch.zeros_like(part.inputs)
    cell: Cell = {}
    for name, twin in (("amax", Twin(net).eval()), ("nn.MaxPool1d", Twin(net, "pool").eval())):
        change = (twin(here) - twin(zero)).gather(-1, part.target[:, None])[:, 0].detach()
        scores = attr.DeepLift(twin).attribute(here, zero, target=part.target).sum((1, 2)).detach()
        cell[f"Captum's DeepLift gap, {name}"] = f"{float(_gap(scores, change)):.1e}"
    return cell


def of_relevance(part: RowPart, twin: nn.Module) -> Cell:
    """Return how far relevance is from zennit's, if that is installed, on the same net with the maximum behind the ReLU."""
    try:
        composites, rules = import_module("zennit.composites"), import_module("zennit.rules")
    except ImportError:
        return {}
    kinds = {
        "epsilon": rules.Epsilon(epsilon=1e-6),
        "gamma": rules.Gamma(gamma=0.25),
        "z_plus": rules.ZPlus(),
        "alpha_beta": rules.AlphaBeta(alpha=2, beta=1),
    }
    cell: Cell = {}
    for name in LRP:
        mapping = [(nn.ReLU, rules.Pass()), ((nn.Conv1d, nn.Linear), kinds[name])]
        here = part.inputs.clone().requires_grad_(True)
        with composites.LayerMapComposite(mapping).context(twin) as seen:
            output = seen(here)
            start = torch.zeros_like(output).scatter_(1, part.target[:, None], 1.0) * output.detach()
            (theirs,) = torch.autograd.grad(output, here, start)
        cell[f"lrp {name}"] = apart(relevance(part, LrpRule(name)).pieces, theirs.sum(-1))
    return cell


def of_answers(bert: Classifier) -> Cell:
    """Return the efficiency gap of Shapley values, ours and Captum's, on a text of 20 words, and how well LIME fits."""
    text = "the room was clean and the staff friendly but breakfast cost far too much for what it was worth tonight"
    rows = rows_of(bert, [text])
    cell: Cell = {}
    for estimator in ("permutations", "kernel", "partition"):
        scores = method_of({"method": "shapley", "estimator": estimator}).attribute(bert, rows)
        cell[f"shapley {estimator} gap"] = f"{abs(float(str(scores.facts['gap'][0]))):.1e}"
        cell[f"shapley {estimator} error"] = f"{float(str(scores.facts['error'][0])):.2f}"
    words = text.split()

    def forward(kept: Tensor) -> Tensor:
        texts = [" ".join(word for word, on in zip(words, row, strict=True) if on) for row in kept.tolist()]
        encodings = bert.encode(texts, [None] * len(texts))
        return bert.answer([one.pieces for one in encodings], [one.segments for one in encodings])

    ends = forward(torch.stack([torch.ones(len(words)), torch.zeros(len(words))]))[:, rows.target[0]]
    options = {"n_samples": 26, "perturbations_per_eval": 16}
    whole, target = torch.ones(1, len(words)), int(rows.target[0])
    sampled = attr.ShapleyValueSampling(forward).attribute(whole, torch.zeros_like(whole), target, **options)
    kernel = attr.KernelShap(forward).attribute(whole, torch.zeros_like(whole), target, n_samples=512)
    for name, values in (("ShapleyValueSampling", sampled), ("KernelShap", kernel)):
        cell[f"Captum's {name} gap"] = f"{abs(float(values.sum() - (ends[0] - ends[1]))):.1e}"
    errors = method_of({"method": "lime"}).attribute(bert, rows_of(bert, [*GIVEN, text])).facts["error"]
    cell["lime R2 of five texts"] = ", ".join(f"{1 - float(str(error)):.2f}" for error in errors)
    return cell


def of_nine() -> Cell:
    """Return DeepLIFT's largest gap on each architecture, in both precisions, and Captum's in float32."""
    cell: Cell = {}
    for name in NINE:
        gaps = []
        for dtype in (torch.float32, torch.float64):
            model = net_of(name, dtype, "eager")
            ids, _ = six_rows()
            table = model.get_input_embeddings()
            inputs, other = table(ids).detach(), table(torch.full_like(ids, 4)).detach()
            starts = [other] if name in NORMED_FIRST else [other, torch.zeros_like(inputs)]
            worst = 0.0
            for start in starts:
                changes = changes_of(partial(answer, model), inputs, start, lambda logits: logits[:, 1])
                worst = max(
                    worst,
                    float(_gap(changes.pieces.sum(-1), changes.value.double() - changes.floor.double())),
                )
            gaps.append(f"{worst:.1e}")
        cell[name] = [*gaps, _captum_gap(name)]
    return cell


class Wrapped(nn.Module):
    """A model as a function of embeddings, for Captum."""

    def __init__(self, model: nn.Module) -> None:
        """Keep the model, whose modules Captum hooks."""
        super().__init__()
        self.model = model

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return logits."""
        return answer(self.model, embeddings)


def _captum_gap(name: str) -> str:
    """Return the gap of Captum's DeepLift, or the error that it raises."""
    model = net_of(name, torch.float32, "eager")
    ids, _ = six_rows()
    inputs = model.get_input_embeddings()(ids).detach()
    start = model.get_input_embeddings()(torch.full_like(ids, 4)).detach()
    try:
        scores = attr.DeepLift(Wrapped(model)).attribute(inputs.requires_grad_(True), start, target=1)
    except (AssertionError, RuntimeError, TypeError, IndexError, AttributeError, ValueError) as error:
        return type(error).__name__
    with torch.no_grad():
        change = answer(model, inputs)[:, 1] - answer(model, start)[:, 1]
    return f"{float(_gap(scores.detach().sum((1, 2)), change)):.1e}"


def of_cost(arguments: argparse.Namespace) -> Cell:
    """Return CPU milliseconds a text of DeepLIFT, integrated gradients at 5 % and Captum's DeepLift."""
    folder = arguments.model or arguments.work / f"{CORPUS}-bert-small"
    if not folder.exists():
        train(CORPUS, folder, arguments.data, 128, ("train.start=bert-small", "train.limit=2000"))
    classifier = open_classifier(
        ModelConfig(path=str(folder), max_length=128), RunConfig(device="cpu", threads=1)
    )
    texts = some_texts(arguments.corpus, arguments.data, TEXTS)
    shape = classifier.model.config
    cell: Cell = {"corpus": arguments.corpus, "layers": shape.num_hidden_layers, "width": shape.hidden_size}
    for name, settings in (
        ("deeplift", {"method": "deeplift"}),
        ("integrated_gradients at 5 %", {"method": "integrated_gradients", "tolerance": 0.05}),
        ("gradient_x_input", {"method": "gradient_x_input"}),
    ):
        cell[name] = timed(partial(_explained, classifier, settings, texts))
    cell["Captum's DeepLift"] = timed(lambda: by_captum(classifier, texts))
    return cell


class Embedded(nn.Module):
    """A classifier as a function of the embeddings of a batch, rows and then their references, for Captum."""

    def __init__(self, classifier: Classifier, batch: dict[str, Tensor]) -> None:
        """Keep the model, whose modules Captum hooks."""
        super().__init__()
        self.model = classifier.model
        self._classifier, self._batch = [classifier], batch

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return logits."""
        times = len(embeddings) // len(self._batch["input_ids"])
        every = {name: tensor.repeat(times, 1) for name, tensor in self._batch.items()}
        return self._classifier[0].logits(every, embeddings)


def _explained(classifier: Classifier, settings: Mapping[str, object], texts: list[str]) -> None:
    """Explain texts by a method of ours, prediction included."""
    method_of(settings).attribute(classifier, rows_of(classifier, texts))


def by_captum(classifier: Classifier, texts: list[str]) -> None:
    """Explain texts by Captum's DeepLift, sorted by length."""
    rows = sorted(classifier.encode(texts, [None] * len(texts)), key=lambda row: len(row.pieces))
    with classifier.every_piece():
        for begin in range(0, len(rows), BATCH):
            some = rows[begin : begin + BATCH]
            batch = classifier.batch([row.pieces for row in some], [row.segments for row in some])
            inputs = classifier.embed(batch)
            target = classifier.logits(batch).argmax(-1)
            attr.DeepLift(Embedded(classifier, batch)).attribute(
                inputs.requires_grad_(True), torch.zeros_like(inputs), target=target
            )


def timed(work: Callable[[], object]) -> float:
    """Return CPU milliseconds a text, the median of some turns."""
    turns = []
    for _ in range(TURNS):
        began = time.process_time()
        work()
        turns.append(1000 * (time.process_time() - began) / TEXTS)
    return round(statistics.median(turns), 2)


def main() -> None:
    """Measure what is missing and write the page."""
    parser = command_line(__doc__, "methods")
    parser.add_argument("--model", type=Path, help="classifier whose cost is measured, in place of a new one")
    parser.add_argument("--corpus", default=CORPUS, help="corpus of its texts")
    arguments = parser.parse_args()
    results = Results("attribution/methods")
    with TemporaryDirectory() as folder:
        bert, cnn = (opened(name, Path(folder)) for name in ("bert", "textcnn"))
        parts: dict[str, Callable[[], Cell]] = {
            "gradients": lambda: of_gradients(bert),
            "windows": lambda: of_windows(cnn),
            "max pool": lambda: of_max_pool(cnn),
            "answers": lambda: of_answers(bert),
            "nine": of_nine,
            "cost": lambda: of_cost(arguments),
        }
        for name, measure in parts.items():
            if name not in results.cells:
                results.save(name, measure())
    write_page(
        "attribution/methods", "Attribution methods against their oracles", __doc__, table(results.cells)
    )


def table(cells: dict[str, Cell]) -> list[str]:
    """Return the tables of the page."""
    lines = ["## Oracles", "", "| what | figure |", "|---|---|"]
    for group in ("gradients", "windows", "max pool", "answers"):
        lines += [f"| {name} | {value} |" for name, value in cells[group].items()]
    lines += [
        "",
        "## DeepLIFT's gap",
        "",
        "| architecture | float32 | float64 | Captum, float32 |",
        "|---|---|---|---|",
    ]
    for name, values in cells["nine"].items():
        assert isinstance(values, list)
        lines.append(f"| {name} | {' | '.join(map(str, values))} |")
    cost = cells["cost"]
    lines += [
        "",
        "## Cost",
        "",
        f"{cost['layers']} layers of width {cost['width']}, texts of {cost['corpus']}.",
        "",
        "| method | ms a text | over DeepLIFT |",
        "|---|---|---|",
    ]
    base = float(str(cells["cost"]["deeplift"]))
    lines += [
        f"| {name} | {value} | {value / base:.2f}x |"
        for name, value in cells["cost"].items()
        if isinstance(value, float)
    ]
    return lines


if __name__ == "__main__":
    main()
