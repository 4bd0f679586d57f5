"""The command line: parse, call one function, print. stdout carries the result, stderr everything else.

Nothing heavy is imported before a command runs, so help is quick.
"""

from typing import Annotated

import typer

from augment.cli.corpus_commands import audit, evaluate, harden, train
from augment.cli.explain_command import explain
from augment.cli.folder_commands import report, verify
from augment.cli.review_commands import apply, export
from augment.cli.run_commands import check, keywords, run
from augment.cli.setup_commands import doctor, fetch, init, list_
from augment.cli.terminal import answer

_ABOUT = "Explain a Chinese or English text classifier word by word, and make training samples from it."

app = typer.Typer(
    name="augment",
    help=_ABOUT,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True, help=_ABOUT)
def start(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Print the traceback of an error; works anywhere on the line.")
    ] = False,
) -> None:
    """Print the version where that is requested."""
    if version:
        from augment.version import __version__

        answer(f"augment {__version__}")
        raise typer.Exit


for _command in (
    explain,
    init,
    train,
    check,
    run,
    keywords,
    audit,
    evaluate,
    harden,
    report,
    verify,
    apply,
    export,
    list_,
    doctor,
    fetch,
):
    # The list of commands shows the whole of each description; by default it is cut to what is left of a line.
    _about = (_command.__doc__ or "").partition("\n")[0]
    app.command(_command.__name__.rstrip("_"), short_help=_about)(_command)
