"""Compare every attribution method with an oracle, and DeepLIFT's cost with ours of integrated gradients and with Captum's.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.methods

Oracles: Captum 0.9, zennit 0.5 for relevance propagation (not a dependency: skipped where it is not installed), and axioms.
Nets: small ones of the tests with random weights; the nine architectures as transformers makes them, weights times 4. A row that
is named after a method is its largest difference from the oracle, as a share of the largest score; a gap is |sum of scores - (F(x) -
F(baseline))|, as a share of max(1, |F(x) - F(baseline)|). float32 where nothing else is named. Captum's conductance, at 32 nodes,
differs from ours by its own gap.

Interpreto's KernelSHAP is run by `methods_interpreto.py`, where `--interpreto` names an interpreter that has Interpreto 0.5: the
largest gap of five draws on the same text and net, from its own baseline of masked words, as many perturbations as Captum's.

Cost: classifiers that were fine-tuned (`--net`; else a `bert-small` is trained on 2,000 rows of hotel-zh), the first texts of a
corpus, CPU milliseconds a text, one thread, prediction included. All sides alternate, in six turns: the median of a side, and of its
ratio to DeepLIFT in the same turn, with the least and the most, between which the true median is in 97 of 100 such benchmarks.
Integrated gradients are not calibrated. Captum is sorted by length and batched by 32, as an expert would; it cannot run a `textcnn`,
whose integrated gradients have a closed form.
"""

import argparse
import json
import statistics
import subprocess
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
from benchmarks.attribution.ig_scaling import in_turn, train
from benchmarks.common import Cell, Results, command_line, some_texts, write_page
from tests.attribution.nine import NINE, NORMED_FIRST, answer, net_of, six_rows
from tests.attribution.small_nets import opened, part_of
from tests.attribution.test_occlusion import rows_of
from tests.attribution.test_reveal_cancel import shares, smaller_of
from tests.attribution.twins import Twin

CORPUS, TEXTS, TURNS, BATCH = "hotel-zh", 64, 6, 32
LONG = (
    "the room was clean and the staff friendly but breakfast cost far too much for what it was worth tonight"
)
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
    own = []
    for cut in (None, "bert.embeddings", "bert.encoder.layer.0"):
        known = conductance(part, cut, 32)
        assert known.value is not None
        assert known.floor is not None
        own.append(float(_gap(known.pieces.sum(-1), known.value - known.floor)))
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
        # |gap| as a share of max(1, |change|): `error` is its share of the change.
        each = zip(scores.facts["gap"], scores.facts["error"], strict=True)
        cell[name] = f"{max(min(abs(float(str(gap))), float(str(error))) for gap, error in each):.1e}"
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
    rows = rows_of(bert, [LONG])
    cell: Cell = {}
    for estimator in ("permutations", "kernel", "partition"):
        scores = method_of({"method": "shapley", "estimator": estimator}).attribute(bert, rows)
        cell[f"shapley {estimator} gap"] = f"{abs(float(str(scores.facts['gap'][0]))):.1e}"
        cell[f"shapley {estimator} error"] = f"{float(str(scores.facts['error'][0])):.2f}"
    words = LONG.split()

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
    errors = method_of({"method": "lime"}).attribute(bert, rows_of(bert, [*GIVEN, LONG])).facts["error"]
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


def of_interpreto(interpreter: Path, folder: Path) -> Cell:
    """Return the largest efficiency gap of Interpreto's KernelSHAP on the same text."""
    script = Path(__file__).with_name("methods_interpreto.py")
    words = [str(interpreter), str(script), "--model", str(folder), "--text", LONG]
    printed = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return {
        "Interpreto's KernelShap gap": f"{max(printed['gaps']):.1e} of a change of {abs(printed['change']):.1e}"
    }


def of_cost(folder: Path, corpus: str, count: int, data: Path) -> Cell:
    """Return what texts cost by DeepLIFT, integrated gradients at 5 %, one gradient and Captum's DeepLift, turn by turn."""
    classifier = open_classifier(
        ModelConfig(path=str(folder), max_length=128), RunConfig(device="cpu", threads=1)
    )
    texts, shape = some_texts(corpus, data, count), classifier.model.config
    sides: dict[str, Callable[[], None]] = {
        "deeplift": partial(_explained, classifier, {"method": "deeplift"}, texts),
        "integrated_gradients at 5 %": partial(
            _explained, classifier, {"method": "integrated_gradients", "tolerance": 0.05}, texts
        ),
        "gradient_x_input": partial(_explained, classifier, {"method": "gradient_x_input"}, texts),
    }
    if not isinstance(classifier.model, TextCNN):
        sides["Captum's DeepLift"] = partial(by_captum, classifier, texts)
    seconds = in_turn(list(sides.values()), TURNS)
    rows = classifier.encode(texts, [None] * count)
    return {
        "corpus": corpus,
        "texts": count,
        "pieces": round(sum(len(row.pieces) for row in rows) / count, 1),
        "layers": getattr(shape, "num_hidden_layers", 1),
        "width": shape.hidden_size,
        "milliseconds": {
            side: [round(1000 * one / count, 3) for one in times]
            for side, times in zip(sides, seconds, strict=True)
        },
    }


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


def main() -> None:
    """Measure what is missing and write the page."""
    parser = command_line(__doc__, "methods")
    parser.add_argument("--interpreto", type=Path, help="a Python interpreter that has Interpreto")
    parser.add_argument(
        "--net", nargs=4, action="append", metavar=("NAME", "FOLDER", "CORPUS", "TEXTS"), help="to measure"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = Results("attribution/methods")
    with TemporaryDirectory() as folder:
        bert, cnn = (opened(name, Path(folder)) for name in ("bert", "textcnn"))
        parts: dict[str, Callable[[], Cell]] = {
            "gradients": lambda: of_gradients(bert),
            "windows": lambda: of_windows(cnn),
            "max pool": lambda: of_max_pool(cnn),
            "answers": lambda: of_answers(bert),
            "nine": of_nine,
        }
        if arguments.interpreto:
            parts["interpreto"] = lambda: of_interpreto(arguments.interpreto, Path(folder) / "bert")
        for name, net, corpus, count in arguments.net or [own_net(arguments)]:
            parts[f"cost {name}"] = partial(of_cost, Path(net), corpus, int(count), arguments.data)
        for name, measure in parts.items():
            if name not in results.cells:
                results.save(name, measure())
    write_page(
        "attribution/methods", "Attribution methods against their oracles", __doc__, table(results.cells)
    )


def own_net(arguments: argparse.Namespace) -> list[str]:
    """Return name, folder, corpus and number of texts of a net that is trained where it is not there yet."""
    folder = arguments.work / f"{CORPUS}-bert-small"
    if not folder.exists():
        train(CORPUS, folder, arguments.data, 128, ("train.start=bert-small", "train.limit=2000"))
    return ["bert-small", str(folder), CORPUS, str(TEXTS)]


def table(cells: dict[str, Cell]) -> list[str]:
    """Return the tables of the page."""
    lines = ["## Oracles", "", "| what | figure |", "|---|---|"]
    for group in ("gradients", "windows", "max pool", "answers", "interpreto"):
        lines += [f"| {name} | {value} |" for name, value in cells.get(group, {}).items()]
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
    lines += ["", "## Cost"]
    for name in sorted(key for key in cells if key.startswith("cost ")):
        lines += costs(name.removeprefix("cost "), cells[name])
    return lines


def costs(name: str, cell: Cell) -> list[str]:
    """Return the table of one net."""
    size = f"{cell['layers']} layers of width {cell['width']}, {cell['texts']} texts of {cell['corpus']}"
    lines = [
        "",
        f"{name}: {size}, {cell['pieces']} pieces each.",
        "",
        "| method | ms a text | least to most | over DeepLIFT | least to most |",
        "|---|---|---|---|---|",
    ]
    turns = cell["milliseconds"]
    assert isinstance(turns, dict)
    for side, times in turns.items():
        ratios = [one / own for one, own in zip(times, turns["deeplift"], strict=True)]
        lines.append(
            f"| {side} | {statistics.median(times):.2f} | {min(times):.2f} to {max(times):.2f} "
            f"| {statistics.median(ratios):.2f}x | {min(ratios):.2f} to {max(ratios):.2f} |"
        )
    return lines


if __name__ == "__main__":
    main()
