"""Commands between the folder of a run and the people who review it: apply, export."""

from pathlib import Path
from typing import Annotated, cast

import typer

from augment.cli.options import Json, Quiet
from augment.cli.terminal import answer, answer_json, answer_table, log, show_progress


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


def export(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    to: Annotated[
        str, typer.Option("--to", help="argilla, label-studio, doccano, jsonl, csv or hub.", metavar="TOOL")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write [default: FOLDER-TOOL].", show_default=False),
    ] = None,
    decisions: Annotated[
        list[Path] | None,
        typer.Option(
            "--decisions", help="Decisions to write as annotations, repeatable.", show_default=False
        ),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option("--rows", help="The most doubtful samples only.", min=1, show_default=False),
    ] = None,
    repository: Annotated[
        str | None,
        typer.Option("--repository", help="Id of the dataset on the hub.", show_default=False, metavar="ID"),
    ] = None,
    allow_upload: Annotated[
        bool, typer.Option("--allow-upload", help="Let the data of the run be uploaded to the hub.")
    ] = False,
    public: Annotated[bool, typer.Option("--public", help="Make the dataset on the hub public.")] = False,
) -> None:
    """Write the samples of a run for Argilla, Label Studio, doccano or a spreadsheet; `apply` reads what comes back."""
    if to == "hub":
        from augment.errors import RequestError
        from augment.review.hub import push

        if repository is None:
            raise RequestError("--to hub", "no dataset is named", "add --repository NAME/DATASET")
        answer(push(folder, repository, allow_upload, not public))
        return
    from augment.review.exporting import Tool, export_samples

    answer(str(export_samples(folder, cast("Tool", to), output, decisions or (), rows)))
