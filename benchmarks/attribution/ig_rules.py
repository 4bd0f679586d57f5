"""Try what calibration decides, again and again on other texts: which estimate of the error, which nodes, which margin.

    python -m benchmarks.attribution.ig_rules                # after ig_speed.py, whose dense paths (96 nodes, 200 texts) it reads

For each of some draws of calibration texts the rules are learned as `augment` learns them, the texts seen at as many
nodes as a calibration traces; then every other text is settled by them and held against its 96 nodes. No model runs.
Printed are means over the draws of evaluations a text and of the share of texts within the tolerance, and the worst
draw's share. A text that no rule settles costs 64 more. Estimates: `residual`, the moment residual alone; `both`, its
geometric mean with how far the scores moved since the rule before. Factors: `promise`, 99 % of the ratios of error to
estimate near the tolerance; `usual`, 90 %.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from augment.attribution.path_integral import Traced
from augment.attribution.rule_trials import (
    PROMISE,
    USUAL,
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
from augment.ig.quadrature import gauss_legendre, resampling
from benchmarks.common import command_line, write_page

DENSE, MOST = 96, 32
COARSE = (8, 10, 12, 14, 16, 20, 24, 28, 32, 40)


def main() -> None:
    """Print and write the tables of every model whose paths are there."""
    parser = command_line(__doc__, "ig_speed")
    parser.add_argument("--draws", type=int, default=8, help="calibrations for each line")
    arguments = parser.parse_args()
    lines: list[str] = []
    for file in sorted(arguments.work.glob("*-dense-*.npz")):
        name = file.name.split("-dense-")[0]
        lines += [f"## {name}, {arguments.draws} draws", "", *table(file, arguments.draws), ""]
        print("\n".join(lines[-30:]), flush=True)
        write_page("attribution/ig_rules", "What calibration decides", __doc__, lines)


def table(file: Path, draws: int) -> Iterator[str]:
    """Yield the lines of one model's table."""
    yield "| tolerance | texts x nodes | steps | nodes lie | estimate | factor | evaluations | kept | worst draw |"
    yield "|" + "---|" * 9
    paths = read(file)
    for tolerance in (0.05, 0.01):
        used = effort(tolerance)
        other = replace(used, free=not used.free)
        for name, takes in (("fine", used), ("fine", other), ("coarse", replace(used, counts=COARSE))):
            trials = [draw(paths, takes, seed) for seed in range(draws)]
            for estimate in ("both", "residual"):
                for factor, share in (("promise", PROMISE), ("usual", USUAL)):
                    result = [settled(*pair, tolerance, share, estimate, takes.counts) for pair in trials]
                    evaluations, kept = np.mean(result, axis=0)
                    size = f"{takes.texts} x {takes.nodes}"
                    where = "anywhere" if takes.free else "on traced ones"
                    facts = f"{evaluations:.2f} | {kept:.2%} | {min(share for _, share in result):.1%}"
                    yield f"| {tolerance} | {size} | {name} | {where} | {estimate} | {factor} | {facts} |"


def read(file: Path) -> list[Traced]:
    """Return the dense paths of a model."""
    held = np.load(file)
    return [
        Traced(held[f"along{row}"], line[:-2], float(line[-2]), float(line[-1]))
        for row, line in enumerate(held["rest"])
    ]


def draw(paths: list[Traced], takes: Effort, seed: int) -> tuple[Trial, Trial]:
    """Return how rules do on the texts they are calibrated with, held out, and on all others."""
    order = np.random.default_rng(seed).permutation(len(paths))
    thinning = resampling(DENSE, gauss_legendre(takes.nodes)[0])
    taught = [sampled(paths[index], thinning) for index in order[: takes.texts]]
    kinds = {
        (fitted, corrected): held_out(taught, chains, corrected)
        for fitted in (False, True)
        for chains in [fold_chains(taught, fitted, takes)]
        for corrected in (False, True)
    }
    best = min(kinds, key=lambda kind: kinds[kind].quality)
    chain = with_correction(learned(taught, best[0], takes), best[1])
    others = [paths[index] for index in order[MOST:]]
    return kinds[best], tried(others, [chain] * len(others))


def settled(
    seen: Trial, unseen: Trial, tolerance: float, share: float, estimate: str, counts: tuple[int, ...]
) -> tuple[float, float]:
    """Return evaluations a text and the share of texts within the tolerance, of those the calibration has not seen."""
    if estimate == "residual":
        seen, unseen = (replace(trial, estimates=trial.residuals) for trial in (seen, unseen))
    stops = seen.factor(tolerance, share) * unseen.estimates[:, : len(counts)] <= tolerance
    first, done = stops.argmax(1), stops.any(1)
    errors = np.where(done, unseen.errors[np.arange(len(first)), first], 0.0)
    return float(np.where(done, np.asarray(counts)[first], counts[-1] + 64).mean()), float(
        (errors <= tolerance).mean()
    )


if __name__ == "__main__":
    main()
