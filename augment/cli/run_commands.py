"""Commands that run a pipeline, or check that it can run: run, keywords, check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli.options import (
    Accept,
    AcceptFlags,
    Configs,
    Data,
    FileFormat,
    Files,
    Json,
    LabelColumn,
    ModelOption,
    Overrides,
    Overwrite,
    PairColumn,
    PipelineName,
    Quiet,
    TextColumn,
    output_option,
)
from augment.cli.terminal import (
    answer,
    answer_json,
    answer_table,
    log,
    print_summary,
    show_keywords,
    show_progress,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from augment.config.job import Job
    from augment.output.manifest import Summary
    from augment.pipeline.definition import Pipeline


def run(
    pipeline: PipelineName,
    files: Files = None,
    config: Configs = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: ModelOption = None,
    output: Annotated[Path | None, output_option("PIPELINE")] = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Split to process, repeatable.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", help="Process at most N rows, chosen by hash.", show_default=False, min=1),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            help="Attack of the literature, for a pipeline with a stage attack: wide, textfooler, pwws, deepwordbug, a2t, bae.",
            show_default=False,
            metavar="NAME",
        ),
    ] = None,
    accept: Accept = None,
    accept_flags: AcceptFlags = None,
    calibration: Annotated[
        str | None,
        typer.Option(
            "--calibration",
            help="Reuse run/calibration-*.json of another run with this model.",
            show_default=False,
            metavar="FILE",
        ),
    ] = None,
    read_batch: Annotated[
        list[Path] | None,
        typer.Option(
            "--read-batch",
            help="Answers of a language model to a batch file, repeatable.",
            show_default=False,
            metavar="FILE",
        ),
    ] = None,
    write_batch: Annotated[
        Path | None,
        typer.Option(
            "--write-batch",
            help="Write what a language model is to answer to this batch file, and stop; nothing is sent.",
            show_default=False,
            metavar="FILE",
        ),
    ] = None,
    overrides: Overrides = None,
    data: Data = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a pipeline on a corpus: write a dataset, with a report."""
    from augment.cli.job_options import CommandLine, accept_words, file_words, request, value_word

    more = [value_word("run.splits", split)] if split else []
    more += [value_word("run.limit", limit)] if limit is not None else []
    more += [*file_words(("model.calibration", calibration)), *accept_words(accept, accept_flags)]
    first = [value_word("attack.recipe", _known_recipe(recipe))] if recipe else []
    words = CommandLine.of(
        files, config, [*first, *(overrides or ()), *more], data, model, text, pair, label, file_format
    )
    plan, job = request(pipeline, words)

    def show(summary: "Summary") -> None:
        if as_json:
            answer_json(summary.to_dict())
            return
        print_summary(summary)
        answer(str(summary.folder))

    if read_batch:
        _read_batch(plan, job, read_batch, output)
    if write_batch is None:
        _run(plan, job, output, overwrite, quiet, show)
    else:
        _write_batch(plan, job, write_batch, output, overwrite, quiet, as_json, show)


def keywords(
    files: Files = None,
    config: Configs = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: ModelOption = None,
    output: Annotated[Path | None, output_option("keywords")] = None,
    top: Annotated[int, typer.Option("--top", help="Words to list for each label.", min=1)] = 10,
    overrides: Overrides = None,
    data: Data = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the words each label depends on and flag likely spurious features."""
    from augment.cli.job_options import CommandLine, request
    from augment.output.keywords import FLAGS, leading

    def show(summary: "Summary") -> None:
        words = leading(summary.folder, top)
        if as_json:
            answer_json({**summary.to_dict(), "units": words})
            return
        print_summary(summary)
        show_keywords(words)
        answer(str(summary.folder / FLAGS))

    words = CommandLine.of(files, config, overrides or (), data, model, text, pair, label, file_format)
    _run(*request("keywords", words), output, overwrite, quiet, show)


def check(
    pipeline: PipelineName,
    files: Files = None,
    config: Configs = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: ModelOption = None,
    accept: Accept = None,
    accept_flags: AcceptFlags = None,
    overrides: Overrides = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Check that a pipeline can run on a corpus, without loading a model."""
    from augment.api.check import findings
    from augment.cli.job_options import CommandLine, accept_words, request
    from augment.errors import AugmentError

    more = accept_words(accept, accept_flags)
    words = CommandLine.of(
        files, config, [*(overrides or ()), *more], data, model, text, pair, label, file_format
    )
    plan, job = request(pipeline, words)
    notes: list[tuple[str, str]] = []
    try:
        notes.extend(findings(plan, job))
    except AugmentError:
        answer_table(dict(notes), write=log)
        raise
    if as_json:
        answer_json(dict(notes))
        return
    answer_table(dict(notes))


def _read_batch(plan: "Pipeline", job: "Job", paths: "list[Path]", output: Path | None) -> None:
    """Store the answers in files, and print how many there were."""
    from augment.api.batch import read_batch

    log(str(read_batch(plan, job, paths, output)))


def _write_batch(
    plan: "Pipeline",
    job: "Job",
    path: Path,
    output: Path | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    show: "Callable[[Summary], None]",
) -> None:
    """Write a batch file and print its path, or the summary of the run where there is nothing left to request."""
    from augment.api.batch import WrittenBatch, write_batch

    with show_progress(quiet) as progress:
        written = write_batch(plan, job, path, output, overwrite, progress)
    if not isinstance(written, WrittenBatch):
        log("note: all answers are stored, so no batch file was written and the run was finished")
        show(written)
    elif as_json:
        answer_json(written.to_dict())
    else:
        price = f", at most {written.money:,.4g} of money" if written.money else ""
        log(f"{written.requests:,} requests, at most {written.tokens:,} tokens{price}; nothing was sent")
        log("give the file to the server, and what it answers to this command with --read-batch")
        for one in written.files:
            answer(str(one))


def _run(
    plan: "Pipeline",
    job: "Job",
    output: Path | None,
    overwrite: bool,
    quiet: bool,
    show: "Callable[[Summary], None]",
) -> None:
    """Run a pipeline and report what it did, also where it ends in an error because too many rows were rejected."""
    from augment.api.run import run as run_pipeline
    from augment.errors import RejectRateError
    from augment.output.manifest import read_summary

    try:
        with show_progress(quiet) as progress:
            summary = run_pipeline(plan, job, output, overwrite, progress)
    except RejectRateError as error:
        show(read_summary(Path(error.where).parent))
        raise
    show(summary)


def _known_recipe(name: str) -> str:
    """Return the name of a recipe; RequestError if there is none of that name."""
    from augment.adversarial.recipes import RECIPE_NAMES
    from augment.errors import RequestError, nearest

    if name not in RECIPE_NAMES:
        raise RequestError(f"--recipe {name}", "no such recipe", nearest(name, list(RECIPE_NAMES)))
    return name
