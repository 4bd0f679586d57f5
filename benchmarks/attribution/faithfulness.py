"""Which attribution method to trust: methods on seven corpora and four kinds of model, by `augment evaluate --attribution`.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.faithfulness --encoder FOLDER [--minilm FOLDER] [--corpora hotel-zh ...] [--models textcnn ...]

Models: a `textcnn` trained on 4,000 rows, a `bert-small` trained on 1,500 in four passes, both from scratch, and the first four
layers of an encoder (e5-small), of which the upper two are tuned in 150 steps on 4,000; on the English corpora all six layers of MiniLM too, of which
the upper two are tuned alike. In each cell 20 held-out texts of 3 to 24 words, both
explanations of 10 mosaics, up to 10 texts with a planted word, 8 points a curve, beams of one: [what the figures
mean](../../docs/attribution.md#which-to-trust). Shapley values and LIME answer 128 variants of a text, conductance and influence have
16 points. Integrated gradients are not calibrated, expected gradients start from fillers, as in `explain`.

Tables pool the texts of all corpora for each kind of model, with 95 % intervals, a bootstrap of the texts inside each cell; differences from
integrated gradients are paired by text, p after Holm. A method is above or below only if it is so when words are deleted, masked AND
replaced. CPU milliseconds a text are of one thread, prediction not included. Each cell is measured once, and stays in faithfulness.json.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from augment.config.job import Job
from augment.config.sections import FaithfulnessConfig, ModelConfig, TrainConfig
from augment.evaluation.faithfulness import Faithfulness, evaluate_attribution
from augment.evaluation.faithfulness.result import OTHERS, PERMUTED, RANDOM, WAYS, together
from augment.evaluation.statistics import compare, holm
from augment.training import train
from benchmarks.common import Cell, Results, command_line, job_of, part, write_page

RESULTS = Results("attribution/faithfulness")
CORPORA = ("hotel-zh", "takeaway-zh", "news-zh", "emotion-zh", "sst2-en", "cr-en", "trec-en")
MODELS: Mapping[str, Mapping[str, object]] = {
    "textcnn": {"limit": 4000},
    "bert-small": {"start": "bert-small", "limit": 1500, "epochs": 4},
    "encoder": {"limit": 4000, "layers": 4, "freeze": 2, "steps": 150, "learning_rate": 3e-4},
    "minilm": {"limit": 4000, "freeze": 4, "steps": 150, "learning_rate": 3e-4},
}
REFERENCE = "integrated_gradients"
METHODS: tuple[Mapping[str, object], ...] = (
    *(
        {"method": name}
        for name in (
            REFERENCE,
            "deeplift",
            "gradient_x_input",
            "gradient",
            "smooth_gradient",
            "expected_gradients",
            "lrp",
            "grad_cam",
            "hires_cam",
            "occlusion",
        )
    ),
    {"method": "conductance", "steps": 16},
    {"method": "influence", "steps": 16},
    {"method": "shapley", "evaluations": 128},
    {"method": "lime", "evaluations": 128},
)
OF_WINDOWS: tuple[Mapping[str, object], ...] = (
    {"method": "guided_backprop"},
    {"method": "deconvnet"},
    {"method": "pooling_weights", "weighting": "head"},
)
SIZE = FaithfulnessConfig(rows=20, words=24, mosaics=10, planted=10, steps=8, beam=1)
LENGTH = 64


def main() -> None:
    """Measure every cell that is missing, and write the tables after each."""
    arguments = _arguments()
    torch.set_num_threads(1)
    for model in arguments.models:
        for corpus in arguments.corpora:
            if f"{model} {corpus}" not in RESULTS.cells and reads(model, corpus):
                RESULTS.save(f"{model} {corpus}", measured(arguments, corpus, model))
                write_tables(RESULTS.cells)
    write_tables(RESULTS.cells)


def reads(model: str, corpus: str) -> bool:
    """Return whether a kind of model knows the language of a corpus; MiniLM knows English."""
    return model != "minilm" or corpus.endswith("-en")


def measured(arguments: argparse.Namespace, corpus: str, model: str) -> Cell:
    """Return the figures of every method on a model of a corpus, text by text."""
    job = trained(arguments, corpus, model)
    methods = [*METHODS, *(OF_WINDOWS if model == "textcnn" else ())]
    result = evaluate_attribution(
        job.model_copy(update={"faithfulness": SIZE}),
        arguments.work / f"{corpus}-{model}",
        progress=False,
        methods=methods,
    )
    return {
        "facts": {name: value for name, value in result.facts.items() if name != "model"},
        "notices": list(result.notices),
        "values": {method: _values(result, method) for method in result.methods},
        "cost": {method: result.cells[method].get("cost") for method in result.methods},
        "agreement": result.agreement[REFERENCE],
    }


def _values(result: Faithfulness, method: str) -> dict[str, list[float]]:
    """Return what was measured of a method, by measure and text."""
    return {
        measure: [round(value, 4) for value in result.values(method, measure)] for measure in result.measures
    }


def trained(arguments: argparse.Namespace, corpus: str, model: str) -> Job:
    """Return the job of a corpus with a kind of model, which is trained where it is not there yet."""
    folder = arguments.work / f"{corpus}-{model}-model"
    config = ModelConfig(path=str(folder), max_length=LENGTH)
    folder_of = {"encoder": arguments.encoder, "minilm": arguments.minilm}
    start = {"start": str(folder_of[model])} if model in folder_of else {}
    settings = TrainConfig.model_validate({**MODELS[model], **start})
    job = job_of(corpus, arguments.data).model_copy(update={"model": config, "train": settings})
    if not folder.exists():
        result = train(job)
        print(f"{corpus}-{model}: accuracy {result.accuracy:.3f} on {result.held_out_rows} rows", flush=True)
    return job


def write_tables(cells: Mapping[str, Cell]) -> None:
    """Write faithfulness.md: for each kind of model the pooled figures of every method, and the differences by corpus."""
    lines: list[str] = []
    for model in MODELS:
        own = {key.split(" ")[1]: cell for key, cell in cells.items() if key.split(" ")[0] == model}
        if own:
            texts = sum(int(part(cell, "facts")["texts"]) for cell in own.values())
            lines += [
                f"## {model}: {', '.join(own)}",
                "",
                f"{texts} texts.",
                "",
                *_pooled(own),
                *_by_corpus(own),
            ]
    missing = [
        f"{model} {corpus}"
        for model in MODELS
        for corpus in CORPORA
        if f"{model} {corpus}" not in cells and reads(model, corpus)
    ]
    lines += [f"Not run: {', '.join(missing)}."] if missing else []
    write_page("attribution/faithfulness", "Which attribution method to trust", __doc__, lines)


def _pooled(cells: Mapping[str, Cell]) -> list[str]:
    """Return the table of all methods over the corpora of a kind of model."""
    measures = [*WAYS, *OTHERS]
    lines = [f"| method | {' | '.join(measures)} | against {REFERENCE} | like it | rows | CPU ms |"]
    lines.append("|---" * (len(measures) + 5) + "|")
    by_way = {
        way: holm({method: compare(paired(cells, method, way)) for method in _methods(cells)}) for way in WAYS
    }
    for method in [REFERENCE, *_methods(cells)]:
        shown = []
        for measure in measures:
            groups = values(cells, method, measure)
            one = compare(groups) if groups else None
            shown.append("" if one is None else f"{one.mean:.2f} ({one.low:.2f} to {one.high:.2f})")
        verdict = together([by_way[way][method].verdict for way in WAYS]) if method != REFERENCE else ""
        agreement = [part(cell, "agreement")[method] for cell in cells.values()]
        lines.append(
            f"| {method} | {' | '.join(shown)} | {verdict} | {sum(agreement) / len(agreement):.2f} | {_cost(cells, method)} |"
        )
    return [*lines, ""]


def _by_corpus(cells: Mapping[str, Cell]) -> list[str]:
    """Return the table of the mean area, over the three ways, by corpus."""
    lines = [f"| area, mean of the three ways | {' | '.join(cells)} |", "|---" * (len(cells) + 1) + "|"]
    for method in [REFERENCE, *_methods(cells)]:
        means = []
        for corpus in cells:
            every = [
                value
                for way in WAYS
                for value in values({corpus: cells[corpus]}, method, way).get(corpus, [])
            ]
            means.append(f"{sum(every) / len(every):.2f}")
        lines.append(f"| {method} | {' | '.join(means)} |")
    return [*lines, ""]


def values(cells: Mapping[str, Cell], method: str, measure: str) -> dict[str, list[float]]:
    """Return what was measured of a method, by corpus."""
    known = {corpus: part(cell, "values")[method].get(measure, []) for corpus, cell in cells.items()}
    return {corpus: list(one) for corpus, one in known.items() if one}


def paired(cells: Mapping[str, Cell], method: str, measure: str) -> dict[str, list[float]]:
    """Return by how much a method is above integrated gradients, text by text, by corpus."""
    own, other = values(cells, method, measure), values(cells, REFERENCE, measure)
    return {
        corpus: [one - two for one, two in zip(own[corpus], other[corpus], strict=True)] for corpus in own
    }


def _methods(cells: Mapping[str, Cell]) -> list[str]:
    """Return the methods that all cells have, but for the first one."""
    names: Sequence[str] = list(part(next(iter(cells.values())), "values"))
    own = [name for name in names if all(name in part(cell, "values") for cell in cells.values())]
    last = [name for name in (PERMUTED, RANDOM) if name in own]
    return [name for name in own if name not in (REFERENCE, *last)] + last


def _cost(cells: Mapping[str, Cell], method: str) -> str:
    """Return rows computed and CPU milliseconds of a text, the mean over corpora."""
    costs = [cost for cell in cells.values() if (cost := part(cell, "cost").get(method))]
    if not costs:
        return " | "
    rows = sum(cost["forward"] + cost["backward"] for cost in costs) / len(costs)
    return f"{rows:.1f} | {1000 * sum(cost['cpu_seconds'] for cost in costs) / len(costs):.1f}"


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "faithfulness")
    parser.add_argument("--encoder", type=Path, help="folder of an encoder of both languages")
    parser.add_argument("--minilm", type=Path, help="folder of an English encoder")
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), choices=CORPORA, help="shipped")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=tuple(MODELS), help="kinds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
