"""The command that explains texts, given as they are, in a file, or on the standard input: explain."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.options import FileFormat, Json, Quiet, TextColumn
from augment.cli.terminal import answer, answer_json_line, log, show_attribution, show_progress


def explain(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT|FILE",
            help="Texts, or files of texts; - reads the standard input, a text a line.",
        ),
    ],
    model: Annotated[
        str, typer.Option("--model", "-m", help="Model: a folder or a hub id.", show_default=False)
    ],
    text: TextColumn = None,
    pair: Annotated[
        str | None,
        typer.Option(
            "--pair",
            help="Second text; of a file, the column with it.",
            show_default=False,
            metavar="TEXT|COLUMN",
        ),
    ] = None,
    file_format: FileFormat = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", help="Explain the first N texts only.", show_default=False, min=1),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", help="Label to explain [default: the predicted one].", show_default=False),
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Words to list for each text.", min=1)] = 5,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="Attribution method: also "
            "expected_gradients, deeplift, gradient, gradient_x_input, smooth_gradient, lrp, guided_backprop, deconvnet, "
            "grad_cam, guided_grad_cam, hires_cam, pooling_weights, conductance, influence, occlusion, shapley, lime, qii.",
        ),
    ] = "integrated_gradients",
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write the coloured texts to this page.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page.")] = False,
    allow_download: Annotated[
        bool, typer.Option("--allow-download", help="Allow a hub id to be downloaded.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Colour the words of texts by what they contribute to the prediction."""
    from augment.api import explain as explaining
    from augment.cli.explained_texts import Columns, require_new, texts_of

    if html is not None:
        require_new(html, overwrite)
    texts = texts_of(given, Columns(text, pair, file_format), limit)
    with show_progress(quiet) as progress:
        attributions = explaining.explain(
            list(texts.texts),
            model,
            [pair for pair in texts.pairs if pair is not None] or None,
            target,
            method=method,
            allow_download=allow_download,
            progress=progress,
        )
    for notice in (*texts.notices, *attributions.notices):
        log(f"note: {notice}")
    for identity, attribution in zip(texts.ids, attributions, strict=True):
        if attribution.unseen:
            cut = f"{attribution.unseen:,} of {len(attribution.tokens):,} words"
            log(f"note: {identity} is too long for the model: it did not see {cut}, or not all of them")
    if html is not None:
        attributions.to_html(html)
        answer(str(html))
        return
    for number, (identity, attribution) in enumerate(zip(texts.ids, attributions, strict=True)):
        if as_json:
            answer_json_line({"id": identity, **attribution.to_dict()})
            continue
        if number:
            answer("")
        show_attribution(attribution, top)
