"""Measure a training step of the built-in TextCNN beside one by convolutions and their maximum, in turns.

    OMP_NUM_THREADS=1 python -m benchmarks.engine.responses [--turns 25]

CPU seconds of one thread, float32, characters of hotel reviews as pieces, four widths of 100 filters over 128 numbers a piece:
forward, loss and gradients of all weights. Both sides are given the same texts; the largest difference of their outputs is printed. Median of the turns, and the
median of the ratios within a turn.
"""

import time
from collections import Counter
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from augment.models.textcnn_max import convolved_responses, largest_responses
from benchmarks.common import command_line, some_texts, write_page

SIZES = ((32, 16), (32, 60), (32, 200), (256, 16))
PIECES, SIZE, FILTERS, WIDTHS = 4000, 128, 100, (1, 2, 3, 4)
Responses = Callable[[Tensor, Tensor, list[Tensor], Tensor], Tensor]


class Step:
    """A training step but for the optimiser."""

    def __init__(self) -> None:
        """Draw the weights."""
        torch.manual_seed(0)
        self.embedding = nn.Embedding(PIECES, SIZE)
        self.weights = [nn.Conv1d(SIZE, FILTERS, width).weight for width in WIDTHS]

    def responses(self, responses: Responses, pieces: Tensor) -> Tensor:
        """Return the largest responses [B, filters] of texts of one length."""
        behind = max(WIDTHS) - 1
        signal, kinds = pad(self.embedding(pieces), (0, 0, 0, behind)), pad(pieces, (0, behind), value=-1)
        return responses(signal, torch.zeros_like(pieces, dtype=torch.bool), list(self.weights), kinds)

    def seconds(self, responses: Responses, pieces: Tensor) -> float:
        """Return what forward and backward take."""
        began = time.process_time()
        loss = self.responses(responses, pieces).square().sum()
        torch.autograd.grad(loss, [self.embedding.weight, *self.weights])
        return time.process_time() - began


def plain(signal: Tensor, absent: Tensor, weights: list[Tensor], _: Tensor) -> Tensor:
    """Return the responses by convolutions."""
    return convolved_responses(signal, absent, weights)


def main() -> None:
    """Measure every size and write the table."""
    parser = command_line(__doc__)
    parser.add_argument("--turns", type=int, default=25, help="how often each is measured")
    arguments = parser.parse_args()
    turns = arguments.turns
    letters = "".join(some_texts("hotel-zh", arguments.data))
    known = {letter: number for number, (letter, _) in enumerate(Counter(letters).most_common(PIECES))}
    stream = torch.tensor([known.get(letter, 0) for letter in letters])
    torch.set_num_threads(1)
    step = Step()
    lines = [
        "| texts | pieces | ours, ms | convolutions, ms | ratio | largest difference |",
        "|---|---|---|---|---|---|",
    ]
    for texts, length in SIZES:
        starts = torch.randint(0, len(stream) - length, (texts, 1))
        pieces = stream[starts + torch.arange(length)]
        for way in (largest_responses, plain):
            step.seconds(way, pieces)
        times = [(step.seconds(largest_responses, pieces), step.seconds(plain, pieces)) for _ in range(turns)]
        ours, theirs = (1000 * median(column) for column in zip(*times, strict=True))
        ratio = median(other / own for own, other in times)
        with torch.no_grad():
            apart = (step.responses(largest_responses, pieces) - step.responses(plain, pieces)).abs().max()
        lines.append(f"| {texts} | {length} | {ours:.1f} | {theirs:.1f} | {ratio:.2f} | {float(apart):.1e} |")
        print(lines[-1], flush=True)
    write_page("engine/responses", "A training step of the TextCNN", __doc__, [*lines, "", f"{turns} turns."])


if __name__ == "__main__":
    main()
