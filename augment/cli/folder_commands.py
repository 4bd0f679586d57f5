"""Commands that read the folder of a finished run: report, verify."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.options import Json, Quiet
from augment.cli.terminal import answer, answer_json, answer_table, show_progress


def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    other: Annotated[
        Path | None,
        typer.Argument(help="Another run of the same corpus, to be drawn next to it.", show_default=False),
    ] = None,
    rows: Annotated[int, typer.Option("--rows", help="Source rows to draw.", min=1)] = 5000,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, of two runs [default: FOLDER-OTHER.html].",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Draw the HTML report of a run again, without its model; or two runs side by side."""
    if other is not None:
        from augment.output.comparing import compare_folders

        answer(str(compare_folders(folder, other, output, rows)))
        return
    if output is not None:
        from augment.errors import RequestError

        raise RequestError(
            "--output",
            "the report of one run is report.html in its folder",
            "leave it out, or name a second run",
        )
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
