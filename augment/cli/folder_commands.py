"""Commands that read the folder of a finished run: report, verify."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.options import Json, Quiet
from augment.cli.terminal import answer, answer_json, answer_table, show_progress


def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    rows: Annotated[int, typer.Option("--rows", help="Source rows to draw.", min=1)] = 5000,
) -> None:
    """Draw the HTML report of a run again, without its model."""
    from augment.output.report import redraw

    answer(str(redraw(folder, rows)))


def verify(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that the folder of a run is whole and consistent, without its model."""
    from augment import verification as verifying

    with show_progress(quiet) as progress:
        result = verifying.verify(folder, progress)
    if as_json:
        answer_json(result.to_dict())
    else:
        answer_table({check.name: check.description() for check in result.checks})
    result.require()
