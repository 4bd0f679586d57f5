"""The options that several commands share: each is declared once, with its help."""

from pathlib import Path
from typing import Annotated

import typer
from typer.models import OptionInfo

from augment.cli.completion import complete_configs, complete_pipelines

PipelineName = Annotated[
    str,
    typer.Argument(help="Shipped pipeline, or a YAML file.", autocompletion=complete_pipelines),
]
Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        help="Corpus: CSV, TSV, JSON lines, Parquet, Excel or text files, or folders.",
        show_default=False,
    ),
]
Configs = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        help="Shipped config, or a YAML file; repeatable.",
        show_default=False,
        autocompletion=complete_configs,
    ),
]
TextColumn = Annotated[
    str | None, typer.Option("--text", help="Column with the text.", show_default=False, metavar="COLUMN")
]
PairColumn = Annotated[
    str | None,
    typer.Option("--pair", help="Column with the second text.", show_default=False, metavar="COLUMN"),
]
LabelColumn = Annotated[
    str | None, typer.Option("--label", help="Column with the label.", show_default=False, metavar="COLUMN")
]
FileFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format of the files, where the name does not show it (text-label: text, tab, label).",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Change one value, repeatable: section.key=value, or stage.key=value.",
        show_default=False,
        metavar="KEY=VALUE",
    ),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        help="Shortcut to repair, repeatable: the word and the label it gives away.",
        show_default=False,
        metavar="WORD=LABEL",
    ),
]
AcceptFlags = Annotated[
    str | None,
    typer.Option(
        "--accept-flags",
        help="File of shortcuts: flags.csv with `yes` under accept, or columns text, label.",
        show_default=False,
        metavar="FILE",
    ),
]
Data = Annotated[
    Path | None, typer.Option("--data", help="Folder that corpus files are relative to.", show_default=False)
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", "-m", help="Model: a folder or a hub id.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in the output folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Hide progress.")]


def output_option(name: str) -> OptionInfo:
    """Return the option for the folder of a command, of this name where none is given."""
    option: OptionInfo = typer.Option(
        "--output", "-o", help=f"Folder to write [default: runs/CORPUS-{name}].", show_default=False
    )
    return option
