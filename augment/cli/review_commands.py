"""Commands between the folder of a run and the people who review it: apply."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.options import Json, Quiet
from augment.cli.terminal import answer_json, answer_table, log, show_progress


def apply(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="DECISIONS...", help="Files of decisions, one for each person."),
    ],
    folder: Annotated[Path, typer.Argument(help="The folder of the finished run that was reviewed.")],
    judge: Annotated[
        bool,
        typer.Option(
            "--judge/--no-judge", help="Judge texts edited by hand again, with the models of the run."
        ),
    ] = True,
    skip_changed: Annotated[
        bool,
        typer.Option("--skip-changed", help="Leave out decisions on rows that are gone or were changed."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; change nothing.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Apply what people decided in the report: move samples between data, probes and dropped."""
    from augment.review.apply_decisions import apply_decisions

    with show_progress(quiet) as progress:
        result = apply_decisions(files, folder, judge, skip_changed, dry_run, progress)
    if as_json:
        answer_json(result.to_dict())
        return
    answer_table(result.facts())
    for row, those in result.disagreed.items():
        log(f"disagreed: {row}: " + ", ".join(f"{name} {each.decision}" for name, each in those.items()))
