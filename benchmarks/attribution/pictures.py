"""Draw what attribution methods show: four tasks by gradient, integrated gradients and DeepLIFT, and two texts by all methods.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.pictures

Writes docs/attribution-tasks.svg and docs/attribution.svg. The models are the textcnn of `benchmarks.attribution.faithfulness`, trained
where they are not there yet. Of each corpus the first held-out text, by hash, that has 8 to 16 words and that the model gives its
label; words for the predicted class are orange, against it blue, by their share of the largest score of the text.
"""

import argparse
import unicodedata
from collections.abc import Sequence
from html import escape

import torch

from augment.api.attribution import Attribution
from augment.api.explain import explain
from augment.attribution.methods import METHODS
from augment.config.job import Job
from augment.evaluation.faithfulness.material import Corpus
from augment.report.colour import signed
from augment.text.segment import tokens_of
from augment.text.visible import visible
from benchmarks.attribution.faithfulness import trained
from benchmarks.common import HERE, command_line

TASKS = {
    "news-zh": "news",
    "takeaway-zh": "positive or negative",
    "hotel-zh": "hotels",
    "emotion-zh": "four emotions",
}
THREE = ("gradient", "integrated_gradients", "deeplift")
BOTH = ("hotel-zh", "sst2-en")
FEWEST, MOST = 8, 16
WIDTH, LEFT, LINE, SIZE = 960, 170, 24, 14
# A letter that is not Chinese, as a share of one that is.
NARROW = 0.56


def main() -> None:
    """Draw both pictures."""
    arguments = command_line(__doc__, "faithfulness").parse_args()
    torch.set_num_threads(1)
    docs = HERE.parent / "docs"
    tasks = [(f"{title} ({name})", explained(arguments, name, THREE)) for name, title in TASKS.items()]
    (docs / "attribution-tasks.svg").write_text(picture(tasks), encoding="utf-8")
    both = [(name, explained(arguments, name, tuple(METHODS))) for name in BOTH]
    (docs / "attribution.svg").write_text(picture(both), encoding="utf-8")


def explained(arguments: argparse.Namespace, corpus: str, methods: Sequence[str]) -> list[Attribution]:
    """Return the explanations of one text of a corpus by each method."""
    job = trained(arguments, corpus, "textcnn")
    text = chosen(job)
    return [explain(text, job.needs_model(), method=method, run=job.run) for method in methods]


def chosen(job: Job) -> str:
    """Return the first held-out text of a few words that the model gives its label."""
    for row in Corpus.of(job).held_out:
        if FEWEST <= len(tokens_of(row.text, job.needs_corpus().language)) <= MOST:
            answer = explain(row.text, job.needs_model(), method="gradient", run=job.run)
            if job.label_names.get(str(answer.prediction), answer.prediction) == row.label:
                return row.text
    raise SystemExit(f"{job.name}: no such text")


def picture(groups: Sequence[tuple[str, Sequence[Attribution]]]) -> str:
    """Return the picture: for each group a heading and a line a method."""
    parts: list[str] = []
    y = 8
    for title, attributions in groups:
        y += LINE
        first = attributions[0]
        head = f"{title}: {first.prediction} {first.probability:.2f}"
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(head)}</text>')
        for attribution in attributions:
            y += LINE
            parts.append(
                f'<text x="10" y="{y}" fill="#555" font-size="12">{escape(attribution.method)}</text>'
            )
            drawn, y = _line(attribution, y)
            parts += drawn
        y += 8
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 14}" font-family="sans-serif" '
        f'font-size="{SIZE}" fill="#1c1d21"><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def _line(attribution: Attribution, y: int) -> tuple[list[str], int]:
    """Return the coloured words of a text from a line on, and the line that they end in."""
    parts: list[str] = []
    x = float(LEFT)
    for part, tint in attribution.pieces():
        text = visible(part)
        wide = sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else NARROW for letter in text) * SIZE
        if x + wide > WIDTH - 10 and text.strip():
            x, y = float(LEFT), y + LINE
        if tint is not None:
            parts.append(
                f'<rect x="{x:.1f}" y="{y - 16}" width="{wide:.1f}" height="21" fill="{signed(tint)}"/>'
                f'<text x="{x + 1:.1f}" y="{y}" textLength="{wide - 2:.1f}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
            )
        x += wide
    return parts, y


if __name__ == "__main__":
    main()
