"""The command that explains texts: explain."""

import os
import shlex
import sys
from typing import Annotated

import typer

from augment.cli.options import Json
from augment.cli.terminal import answer_json, log, show_attribution


def _from_input() -> str:
    """Return the text on the standard input, without the end of its last line; RequestError if it is not UTF-8."""
    from augment.errors import RequestError

    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise RequestError(
            "the standard input", f"not UTF-8 at byte {error.start}", "convert it first"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def explain(
    text: Annotated[str, typer.Argument(help="The text to explain; - reads it from the standard input.")],
    model: Annotated[str, typer.Option("--model", "-m", help="Model folder or hub id.", show_default=False)],
    pair: Annotated[
        str | None, typer.Option("--pair", help="The second text of a pair.", show_default=False)
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", help="The label to explain; default: the predicted one.", show_default=False
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", help="How many words to list.", min=1)] = 5,
    method: Annotated[
        str,
        typer.Option("--method", help="A method of the stage attribute, for example gradient or occlusion."),
    ] = "integrated_gradients",
    allow_download: Annotated[
        bool, typer.Option("--allow-download", help="Let a hub id be downloaded.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Colour the words of one text by their integrated gradients, or by another method."""
    from dataclasses import asdict

    from augment.api import explain as explaining
    from augment.config.sections import RunConfig
    from augment.errors import RequestError

    if os.path.isfile(text):
        what = "this is the name of a file; its content would not be explained"
        raise RequestError(
            text, what, f"`augment explain - -m MODEL < {shlex.quote(text)}` explains what is in it"
        )
    text = _from_input() if text == "-" else text
    attribution = explaining.explain(
        text, model, pair, target, run=RunConfig(allow_download=allow_download), method=method
    )
    if attribution.unseen:
        log(
            f"note: the text is too long for the model: it did not see {attribution.unseen:,} of the {len(attribution.tokens):,} words, or not all of them"
        )
    if as_json:
        answer_json(asdict(attribution))
    else:
        show_attribution(attribution, top)
