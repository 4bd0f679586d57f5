"""What it costs to explain a text of 5,000 words whole, and how complete its scores are.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.long_texts [--words 300 1250 2500 5000] [--texts 3]

A `bert-small` is trained for 20 steps on 1,000 rows of a Chinese and of an English corpus of reviews. Texts are its reviews, joined until they
have the words, each explained alone by the default method with a window of 128 pieces, at most 128 of them, and by no other setting. `gap` is
what the scores miss of F(x) - F(baseline), `error` the estimate that the tolerance of 0.05 is compared with, both as the largest of the texts;
`rows` the window rows that were computed, forward and backward. `slope`: the power of the number of windows that seconds and rows grow
with, by least squares of logarithms over all texts; 1 is linear. After so few steps a net is nearly linear: one
that has learned its task needs more rows a window, as many for each. Each text is measured once, and stays in long_texts.json.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from scipy.stats import linregress, t

from augment.attribution.method import Explained, TokenScores
from augment.attribution.methods import method_of
from augment.config.job import read_job
from augment.config.shipped import find
from augment.models.classifier import Classifier, open_classifier
from augment.text.align import owners
from augment.text.segment import segment
from augment.training import train
from benchmarks.common import Cell, Results, command_line, some_texts, write_page

RESULTS = Results("attribution/long_texts")
CORPORA = {"zh": "hotel-zh", "en": "sst2-en"}
TRAINED, LENGTH, MOST = 1000, 128, 128


def main() -> None:
    """Measure every text that is missing, and write the page."""
    parser = command_line(__doc__, "long-texts")
    parser.add_argument("--words", type=int, nargs="+", default=[300, 1250, 2500, 5000])
    parser.add_argument("--texts", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for language, corpus in CORPORA.items():
        for number in range(arguments.texts):
            for words in arguments.words:
                key = f"{language} {words:05d} {number}"
                if key not in RESULTS.cells:
                    RESULTS.save(key, measured(arguments, corpus, words, number))
                    write_table()
    write_table()


def measured(arguments: argparse.Namespace, corpus: str, words: int, number: int) -> Cell:
    """Return what explaining one text costs, and how complete its scores are."""
    job = read_job(
        [find("configs", corpus)],
        [
            f"corpus.root={arguments.data}",
            f"model.path={arguments.work / corpus}",
            f"model.max_length={LENGTH}",
            f"model.most_windows={MOST}",
            "train.start=bert-small",
            f"train.limit={TRAINED}",
            "train.steps=20",
            "train.baseline=false",
            "run.device=cpu",
            "run.threads=1",
        ],
    )
    if not Path(job.needs_model().path).exists():
        train(job)
    classifier = open_classifier(job.needs_model(), job.run)
    text = joined(some_texts(corpus, arguments.data), words, number)
    row = classifier.encode([text], [None])[0]
    parts = classifier.windows.of([row.pieces], [row.segments])
    # The first explanation after a start pays for what is loaded.
    attributed(classifier, "fine 好")
    began = time.perf_counter()
    spans, scores = attributed(classifier, text)
    seconds = time.perf_counter() - began
    (gap,), (error,) = (np.asarray(scores.facts[name], dtype=float) for name in ("gap", "error"))
    change = float(np.sum(scores.scores[0])) + float(np.asarray(scores.facts["rest"], dtype=float)[0]) - gap
    return {
        "words": len(spans),
        "scored": int(np.count_nonzero(scores.scores[0])),
        "pieces": len(row.pieces),
        "windows": 1 if parts is None else len(parts.row),
        "gap": round(abs(float(gap) / float(change)), 6),
        "error": round(float(error), 6),
        "status": str(np.asarray(scores.facts["status"])[0]),
        "rows": int(scores.cost[0]),
        "seconds": round(seconds, 3),
    }


def attributed(classifier: Classifier, text: str) -> tuple[list[tuple[int, int]], TokenScores]:
    """Return the words of a text, and the scores of its predicted class by the default method."""
    spans = segment(text, "auto", "word")
    row = classifier.encode([text], [None])[0]
    owner = owners(spans, [0] * len(spans), row.offsets, row.sides)
    logits = classifier.answer([row.pieces], [row.segments])
    given = ([text], [None], [spans], [[0] * len(spans)], [row.pieces], [row.segments], [owner])
    rows = Explained(["0"], *given, logits, logits.argmax(-1))
    return spans, method_of({"method": "integrated_gradients"}).attribute(classifier, rows)


def joined(texts: list[str], words: int, number: int) -> str:
    """Return reviews joined to a number of words, others for each number."""
    chosen: list[str] = []
    count, at = 0, TRAINED + 700 * number
    while count < words:
        chosen.append(texts[at % len(texts)])
        count += len(segment(chosen[-1], "auto", "word"))
        at += 1
    return " ".join(chosen)


def write_table() -> None:
    """Write long_texts.md: a line for each language and length, and how cost grows."""
    lines = [
        "| language | words | texts | words without a score | windows | rows a window | seconds | seconds a window | gap | error | converged |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    cells = RESULTS.cells
    for group in sorted({key.rpartition(" ")[0] for key in cells}):
        of = [cell for key, cell in cells.items() if key.rpartition(" ")[0] == group]
        sums = {
            name: sum(_number(cell, name) for cell in of)
            for name in ("words", "scored", "windows", "rows", "seconds")
        }
        language, words = group.split()
        columns = (
            language,
            f"{int(words):,}",
            str(len(of)),
            str(int(sums["words"] - sums["scored"])),
            f"{sums['windows'] / len(of):.1f}",
            f"{sums['rows'] / sums['windows']:.1f}",
            f"{sums['seconds'] / len(of):.2f}",
            f"{sums['seconds'] / sums['windows']:.3f}",
            f"{max(_number(cell, 'gap') for cell in of):.4f}",
            f"{max(_number(cell, 'error') for cell in of):.4f}",
            f"{sum(cell['status'] == 'converged' for cell in of)} of {len(of)}",
        )
        lines.append(f"| {' | '.join(columns)} |")
    for language in CORPORA:
        of = [cell for key, cell in cells.items() if key.startswith(f"{language} ")]
        if len(of) > 2:
            slopes = [f"{name} {slope(of, name)}" for name in ("rows", "seconds")]
            lines += ["", f"Slope in {language}, {len(of)} texts: {', '.join(slopes)}."]
    write_page("attribution/long_texts", "Long texts, explained whole", __doc__, lines)


def slope(cells: list[Cell], name: str) -> str:
    """Return the power of the number of windows that a cost grows with, with its 95 % interval."""
    windows, costs = (np.log([_number(cell, column) for cell in cells]) for column in ("windows", name))
    fit = linregress(windows, costs)
    reach = float(t.ppf(0.975, len(cells) - 2)) * fit.stderr
    return f"{fit.slope:.2f} ({fit.slope - reach:.2f} to {fit.slope + reach:.2f})"


def _number(cell: Cell, name: str) -> float:
    """Return a number of a cell."""
    return float(str(cell[name]))


if __name__ == "__main__":
    main()
