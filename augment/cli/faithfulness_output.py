"""`augment evaluate --attribution`: its options, and what it prints.

The words that it gets are methods, and --rows is how many texts are explained.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augment.cli.terminal import answer, answer_json, log, plain, show_progress
from augment.errors import RequestError

if TYPE_CHECKING:
    from augment.config.job import Job
    from augment.evaluation.faithfulness.result import Faithfulness


def faithfulness_settings(
    methods: Sequence[str], rows: Sequence[int] | None, others: Iterable[tuple[str, object]]
) -> tuple[tuple[str, object], ...]:
    """Return the settings that a command line gives; RequestError for options that are for augmentation."""
    idle = next((name for name, value in others if value), None)
    if idle is not None:
        raise RequestError(
            idle, "it has no effect with --attribution, which trains on no draws", "leave it out"
        )
    if rows is not None and len(rows) > 1:
        what = "with --attribution it is the number of texts to explain"
        raise RequestError(f"--rows {rows[1]}", what, "give it once")
    return ("faithfulness.methods", methods), ("faithfulness.rows", rows[0] if rows else None)


def measure_attribution(job: "Job", output: Path | None, overwrite: bool, as_json: bool, quiet: bool) -> None:
    """Measure the attribution methods of a job, and print what they come to."""
    from augment.evaluation.faithfulness.evaluating import PAGE, evaluate_attribution

    with show_progress(quiet) as progress:
        result = evaluate_attribution(job, output, overwrite, progress)
    if as_json:
        answer_json(result.to_dict())
        return
    show_faithfulness(result)
    answer(str(result.folder / PAGE))


def show_faithfulness(result: "Faithfulness") -> None:
    """Print a table of the means of every method, and what they mean."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("method", overflow="fold")
    for head in (*result.measures, "rows", "CPU ms"):
        table.add_column(head, justify="right")
    table.add_column(f"against {result.reference}", overflow="fold")
    for method in result.methods:
        means, cost = result.means[method], result.cells[method].get("cost")
        figures = [f"{means[name]:.2f}" if name in means else "" for name in result.measures]
        figures += (
            [f"{cost['forward'] + cost['backward']:,.1f}", f"{1000 * cost['cpu_seconds']:,.1f}"]
            if cost
            else ["", ""]
        )
        table.add_row(plain(method), *figures, plain(result.verdicts.get(method, "")))
    console.print(table)
    for line in result.conclusions():
        log(line)
