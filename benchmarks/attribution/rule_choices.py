"""Choose how a calibration bounds errors, on texts that no draw of `untuned_nets` has.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.rule_choices [--nets electra distilbert xlmr deep]

The four nets of `untuned_nets`, and of trec-en 144 to 384 texts outside its draws, their paths at 96 Gauss-Legendre nodes (128 of DistilBERT). In each
of five draws 24 texts teach a calibration for 5 %, and all but 48 are scored. Varied are:

* margin: what the 99th percentile of error over estimate is multiplied by;
* power: how the bound goes with the estimate;
* movement: scores that hardly move from one rule to the next count as if they had moved by this share of the residual. All rows that
  broke the promise at first had rules of one node more than the last, which cannot move them far;
* first: the nodes of the first rule that a row may end at; 4 stands for rules of 4 to 10 nodes, one by one, and coarser ones then.

evaluations: of the gradient, a row, without calibration; expert: the smallest even number of Gauss-Legendre nodes with the same 95th percentile of error; broken:
rows that claim the tolerance and miss it, of all, and the most in a draw. The first line of a net is the rule before, the bold one is the rule now, but
for factors beyond 4, which none of these draws needs: there the margin is 1.15.
"""

import argparse
from dataclasses import dataclass

import numpy as np
import torch

from augment.attribution.calibration import FURTHER
from augment.attribution.path_integral import Traced
from augment.attribution.rule_trials import (
    CAUTIOUS,
    LEAST_ENTRIES,
    LEAST_FACTOR,
    NEAR,
    PROMISE,
    Effort,
    Trial,
    effort,
    fold_chains,
    held_out,
    learned,
    sampled,
    tried,
    with_correction,
)
from augment.ig.nested import extended
from augment.ig.quadrature import gauss_legendre, resampling
from benchmarks.attribution.untuned_nets import (
    CORPUS,
    DRAWS,
    NETS,
    SAMPLE,
    TOLERANCE,
    expert,
    inputs,
    opened,
    references,
    size_of,
    traced,
)
from benchmarks.common import Cell, Results, command_line, part, some_texts, write_page

TEXTS = {"electra": 384, "distilbert": 240, "xlmr": 384, "deep": 144}
CALIBRATED, TRIES = 24, 5
TITLE = "How a calibration bounds errors"
SMALLER = (4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48)


@dataclass(frozen=True)
class Choice:
    """One way to bound errors."""

    margin: float = 1.7
    power: float = 0.6
    movement: float = 0.0
    first: int = 8

    @property
    def takes(self) -> Effort:
        """The rules."""
        usual = effort(TOLERANCE)
        return usual if self.first == usual.counts[0] else Effort(usual.texts, usual.nodes, SMALLER, True)

    def units(self, trial: Trial) -> np.ndarray:
        """Return the bounds of a factor of 1, [N, levels]."""
        estimates = np.maximum(trial.estimates, 1e-12)
        # An estimate is the geometric mean of residual and movement, at the first rule the residual.
        least = trial.residuals * np.sqrt(self.movement)
        return np.asarray(TOLERANCE * (np.maximum(estimates, least) / TOLERANCE) ** self.power)

    def factor(self, trial: Trial) -> float:
        """Return the factor that a trial teaches."""
        near = trial.errors > TOLERANCE / NEAR
        least = CAUTIOUS if near.sum() < LEAST_ENTRIES else LEAST_FACTOR
        if not near.any():
            return CAUTIOUS
        ratios = trial.errors[near] / self.units(trial)[near]
        return max(self.margin * float(np.quantile(ratios, PROMISE)), least)


BEFORE, NOW = Choice(margin=1.15), Choice()
CHOICES = (
    BEFORE,
    *(Choice(margin=margin) for margin in (1.3, 1.5, 1.7, 2.0)),
    *(Choice(margin=1.3, power=power) for power in (0.4, 0.8, 1.0)),
    *(Choice(margin=margin, movement=movement) for margin in (1.3, 1.7) for movement in (1 / 16, 1 / 4)),
    *(Choice(margin=margin, first=4) for margin in (1.3, 1.7)),
)


def main() -> None:
    """Measure what is missing, and write the table."""
    parser = command_line(__doc__, "untuned_nets")
    parser.add_argument("--nets", nargs="*", default=NETS, choices=NETS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = Results("attribution/rule_choices")
    for net in arguments.nets:
        wanted = [draw for draw in range(TRIES) if f"{net} {draw}" not in results.cells]
        paths = pool(net, arguments) if wanted else []
        for draw in wanted:
            results.save(f"{net} {draw}", measured(paths, draw))
            write_page("attribution/rule_choices", TITLE, __doc__, table(results))
    write_page("attribution/rule_choices", TITLE, __doc__, table(results))


def pool(net: str, arguments: argparse.Namespace) -> list[Traced]:
    """Return the paths of texts that no draw has, part by part; those whose reference does not add up are left out."""
    classifier = opened(net, arguments, Results("attribution/untuned_nets"))
    texts = some_texts(CORPUS, arguments.data)
    used: set[int] = set()
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(texts))
        used |= set(order[: SAMPLE + size_of(net, draw)[0]].tolist())
    free = [
        index for index in np.random.default_rng(999).permutation(len(texts)).tolist() if index not in used
    ]
    paths: list[Traced] = []
    for number in range(TEXTS[net] // SAMPLE):
        rows = inputs(classifier, [texts[index] for index in free[number * SAMPLE : (number + 1) * SAMPLE]])
        paths += traced(
            classifier, rows, 128 if net == "distilbert" else 96, arguments.work / f"{net}-pool{number}.npz"
        )
    exact, size = references(paths)
    return [path for path, row, each in zip(paths, exact, size, strict=True) if _adds_up(path, row, each)]


def _adds_up(path: Traced, exact: np.ndarray, size: float) -> bool:
    """Return whether the reference of a row adds up to the change of F."""
    change = path.end - path.start
    return bool(abs(exact.sum() - change) <= max(0.01 * abs(change), 1e-3 * size))


def measured(paths: list[Traced], draw: int) -> Cell:
    """Return what each choice comes to in one draw."""
    order = np.random.default_rng(draw).permutation(len(paths))
    dense = [paths[index] for index in order[SAMPLE:]]
    exact, size = references(dense)
    cell: Cell = {"rows": len(dense)}
    trials: dict[Effort, tuple[Trial, Trial, list[int]]] = {}
    for choice in CHOICES:
        takes = choice.takes
        if takes not in trials:
            table = resampling(len(paths[0].values), gauss_legendre(takes.nodes)[0])
            trials[takes] = _tried(
                [sampled(paths[index], table) for index in order[:CALIBRATED]], dense, takes
            )
        seen, unseen, counts = trials[takes]
        bounds = choice.factor(seen) * choice.units(unseen)
        done = (bounds <= TOLERANCE) & (unseen.gaps <= TOLERANCE)
        claims = done.any(1)
        done[:, -1] = True
        at, rows = done.argmax(1), np.arange(len(dense))
        errors = unseen.errors[rows, at]
        p95 = float(np.quantile(errors, 0.95))
        cell[_called(choice)] = {
            "evaluations": round(float(np.asarray(counts)[at].mean()), 3),
            "p95": round(p95, 4),
            "expert": expert(dense, exact, size, p95),
            "broken": int((claims & (errors > TOLERANCE)).sum()),
        }
    return cell


def _tried(taught: list[Traced], dense: list[Traced], takes: Effort) -> tuple[Trial, Trial, list[int]]:
    """Return how the best kind of rules does on the texts that teach it, held out, and on the others, and the nodes of its rules."""
    kinds = {
        (fitted, corrected): held_out(taught, chains, corrected)
        for fitted in (False, True)
        for chains in [fold_chains(taught, fitted, takes)]
        for corrected in (False, True)
    }
    best = min(kinds, key=lambda kind: kinds[kind].quality)
    chain = extended(with_correction(learned(taught, best[0], takes), best[1]), FURTHER)
    return kinds[best], tried(dense, [chain] * len(dense)), [level.count for level in chain.levels]


def _called(choice: Choice) -> str:
    """Return the name of a choice in the results."""
    return f"margin {choice.margin:g}, power {choice.power:g}, movement {choice.movement:g}, first {choice.first}"


def table(results: Results) -> list[str]:
    """Return a line for each net and choice."""
    lines = [
        "| net | margin | power | movement | first | evaluations a row | p95 of the error | expert | over an expert | worst draw | broken | worst draw |",
        "|" + " --- |" * 12,
    ]
    for net in NETS:
        cells = [cell for key, cell in results.cells.items() if key.startswith(f"{net} ")]
        lines += [_line(net, choice, cells) for choice in CHOICES if cells]
    return lines


def _line(net: str, choice: Choice, cells: list[Cell]) -> str:
    """Return the line of a net and a choice."""
    each = [part(cell, _called(choice)) for cell in cells]
    ratios = [one["expert"] / one["evaluations"] for one in each]
    means = [np.mean([one[name] for one in each]) for name in ("evaluations", "p95", "expert")]
    broken, rows = [one["broken"] for one in each], sum(int(str(cell["rows"])) for cell in cells)
    mark = "**" * (choice == NOW)
    return (
        f"| {net} | {mark}{choice.margin:g}{mark} | {choice.power:g} | {choice.movement:.2g} | {choice.first} | {means[0]:.2f} "
        f"| {means[1]:.3f} | {means[2]:.1f} | {np.mean(ratios):.2f}x | {min(ratios):.2f}x | {sum(broken)} of {rows:,} | {max(broken)} |"
    )


if __name__ == "__main__":
    main()
