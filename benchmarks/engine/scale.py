"""Simulate a run on many workers: what stragglers, failures and start-up cost, by the size of a shard.

    python -m benchmarks.engine.scale [--rows 1000000000] [--rate 1000] [--start 60] [--mtbf 1000]

Workers take shards one at a time from one list, as the executors do. A shard's time is its rows over a worker's rate,
times a spread by chance (lognormal), times a slowness that one worker in a hundred has for good. A worker fails after
times that are exponential; its shard is lost, and it starts again. Printed is efficiency: the work itself over workers
times wall time, and the hours from first to last shard. Nothing here is measured: rates, spreads and failures are
assumptions, named in the table; what is measured on one machine stands in runs.json and memory.json.
"""

import argparse
import heapq
from dataclasses import dataclass

import numpy as np

from benchmarks.common import write_page

SPREAD, SLOW_SHARE, SLOWNESS = 0.15, 0.01, 3.0
DETECTED = 15.0


@dataclass(frozen=True)
class Setting:
    """What is simulated. rate: rows a second of a worker; start, mtbf: seconds to start, hours between failures."""

    rows: int
    shard: int
    workers: int
    rate: float
    start: float
    mtbf: float


@dataclass(frozen=True)
class Outcome:
    """What came of it. hours: from start to end; lost: failures; tail: hours in which some workers had nothing to do."""

    hours: float
    efficiency: float
    lost: int
    tail: float


def simulate(setting: Setting, seed: int = 0) -> Outcome:
    """Return how long a run takes."""
    chance = np.random.default_rng(seed)
    shards = -(-setting.rows // setting.shard)
    usual = setting.shard / setting.rate
    times = usual * chance.lognormal(-(SPREAD**2) / 2, SPREAD, shards)
    slow = np.where(chance.random(setting.workers) < SLOW_SHARE, SLOWNESS, 1.0)
    fails = chance.exponential(3600 * setting.mtbf, setting.workers)
    free = [(setting.start, worker) for worker in range(setting.workers)]
    waiting, lost, ends = list(times[::-1]), 0, []
    while waiting:
        now, worker = heapq.heappop(free)
        took = float(waiting.pop()) * slow[worker]
        if now + took > fails[worker]:
            waiting.append(took / slow[worker])
            lost += 1
            again = max(float(fails[worker]), now) + DETECTED + setting.start
            fails[worker] = again + chance.exponential(3600 * setting.mtbf)
            heapq.heappush(free, (again, worker))
            continue
        ends.append(now + took)
        heapq.heappush(free, (now + took, worker))
    end, work = max(ends), float(times.sum())
    idle = end - min(time for time, _ in free)
    return Outcome(end / 3600, work / (setting.workers * end), lost, idle / 3600)


def main() -> None:
    """Print and write the table."""
    arguments = _arguments()
    lines = [
        f"{arguments.rows:,} rows, {arguments.rate:g} rows a second and worker, {arguments.start:g} s to start, a failure in "
        f"{arguments.mtbf:g} hours of a worker, noticed after {DETECTED:g} s; spread {SPREAD}, {SLOW_SHARE:.0%} of the "
        f"workers {SLOWNESS:g} times slower.",
        "",
        "| workers | rows a shard | shards | seconds a shard | hours | efficiency | failures | hours of tail |",
        "|" + "---|" * 8,
    ]
    for workers in arguments.workers:
        for shard in arguments.shards:
            setting = Setting(arguments.rows, shard, workers, arguments.rate, arguments.start, arguments.mtbf)
            result = simulate(setting)
            facts = [workers, shard, -(-setting.rows // shard), round(shard / setting.rate, 1)]
            cells = [f"{fact:,}" for fact in facts]
            cells += [
                f"{result.hours:.2f}",
                f"{result.efficiency:.3f}",
                f"{result.lost:,}",
                f"{result.tail:.3f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    write_page("engine/scale", "A run on many workers, simulated", __doc__, lines)


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000_000, help="rows of the corpus")
    parser.add_argument("--rate", type=float, default=1000.0, help="rows a second that a worker does")
    parser.add_argument(
        "--start", type=float, default=60.0, help="seconds until a worker has loaded its models"
    )
    parser.add_argument("--mtbf", type=float, default=1000.0, help="hours between failures of a worker")
    parser.add_argument("--workers", type=int, nargs="+", default=[8, 64, 512, 4096])
    parser.add_argument("--shards", type=int, nargs="+", default=[1024, 4096, 16384], help="rows a shard")
    return parser.parse_args()


if __name__ == "__main__":
    main()
