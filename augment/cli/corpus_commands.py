"""Commands that need a corpus and no pipeline of the user's: train, evaluate, harden, audit."""

from pathlib import Path
from typing import Annotated

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
    Quiet,
    TextColumn,
    output_option,
)
from augment.cli.terminal import (
    answer,
    answer_json,
    answer_table,
    log,
    print_training,
    show_page,
    show_progress,
)


def train(
    files: Files = None,
    config: Configs = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Folder to save the model to.", show_default=False),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            help="Train N more models, each without one part of the rows.",
            show_default=False,
            min=2,
        ),
    ] = None,
    overrides: Overrides = None,
    data: Data = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a classifier and print its accuracy on held-out rows."""
    from dataclasses import asdict

    from augment import training
    from augment.cli.job_options import CommandLine, job_of

    more = [f"model.folds={folds}"] if folds is not None else []
    words = CommandLine.of(
        files, config, [*(overrides or ()), *more], data, model, text, pair, label, file_format
    )
    job = job_of(words)
    with show_progress(quiet) as progress:
        result = training.train(job, progress)
    if as_json:
        answer_json({**asdict(result), "folder": str(result.folder)})
        return
    print_training(result)
    answer(str(result.folder))


def evaluate(
    arms: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|PIPELINE",
            help="Corpus files, and what to compare: pipelines, `none`, `cut`; with `:random`, `:log_odds`, `+r_drop`, `+online`, `+half`; with --attribution, attribution methods.",
            show_default=False,
        ),
    ] = None,
    config: Configs = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: ModelOption = None,
    output: Annotated[Path | None, output_option("evaluate")] = None,
    attribution: Annotated[
        bool,
        typer.Option(
            "--attribution", help="Measure which attribution method to trust instead, on the model as it is."
        ),
    ] = False,
    rows: Annotated[
        list[int] | None,
        typer.Option(
            "--rows",
            help="Rows to train on, repeatable; with --attribution, texts to explain.",
            show_default=False,
            min=2,
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="Draws of each size.", show_default=False, min=1)
    ] = None,
    accept: Accept = None,
    accept_flags: AcceptFlags = None,
    overrides: Overrides = None,
    data: Data = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure whether augmentation helps: equal rows, equal steps, paired draws, unseen tests."""
    from augment import evaluation as evaluating
    from augment.cli.faithfulness_output import faithfulness_settings, measure_attribution
    from augment.cli.job_options import CommandLine, accept_words, is_corpus, job_of, value_word

    files = [word for word in arms or () if is_corpus(word)]
    compared = [word for word in arms or () if not is_corpus(word)]
    if attribution:
        others = (("--seeds", seeds), ("--accept", accept), ("--accept-flags", accept_flags))
        given = faithfulness_settings(compared, rows, others)
    else:
        given = ("evaluate.arms", compared), ("evaluate.rows", rows), ("evaluate.seeds", seeds)
    more = [value_word(name, value) for name, value in given if value]
    more += accept_words(accept, accept_flags)
    words = CommandLine.of(
        files, config, [*(overrides or ()), *more], data, model, text, pair, label, file_format
    )
    job = job_of(words)
    if attribution:
        measure_attribution(job, output, overwrite, as_json, quiet)
        return
    with show_progress(quiet) as progress:
        result = evaluating.evaluate(job, output, overwrite, progress)
    if as_json:
        answer_json(result.to_dict())
        return
    show_page(result.lines())
    answer(str(result.folder / "evaluation.md"))


def harden(
    files: Files = None,
    config: Configs = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: ModelOption = None,
    output: Annotated[Path | None, output_option("harden")] = None,
    attack: Annotated[
        str | None,
        typer.Option(
            "--attack", help="Recipe or pipeline whose samples the model is trained on.", show_default=False
        ),
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--other", help="Recipe or pipeline to measure with as well, repeatable.", show_default=False
        ),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", help="Rounds of attack and training.", show_default=False, min=1)
    ] = None,
    overrides: Overrides = None,
    data: Data = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the model on attacks that succeed, and measure it under attack before and after."""
    from augment.cli.job_options import CommandLine, job_of, job_words, value_word
    from augment.hardening import hardening as hardening_runs

    given = (("attack", attack), ("others", others), ("rounds", rounds))
    more = [value_word(f"harden.{name}", value) for name, value in given if value]
    of_job, settings = job_words([*(overrides or ()), *more])
    words = CommandLine.of(files, config, of_job, data, model, text, pair, label, file_format)
    job = job_of(words)
    with show_progress(quiet) as progress:
        result = hardening_runs.harden(job, output, overwrite, progress, settings=settings)
    if as_json:
        answer_json(result.to_dict())
        return
    show_page(result.lines())
    for line in result.verdicts():
        log(line)
    answer(str(result.model))


def audit(
    files: Files = None,
    config: Configs = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    pair: PairColumn = None,
    file_format: FileFormat = None,
    model: ModelOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="CSV file for the rows, with the reasons.", show_default=False),
    ] = None,
    near: Annotated[
        float,
        typer.Option("--near", help="Overlap from which two texts count as near.", min=0.5, max=1),
    ] = 0.8,
    overrides: Overrides = None,
    data: Data = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find repeated texts, texts with two labels and doubtful labels."""
    from augment import audit as auditing
    from augment.cli.job_options import CommandLine, job_of

    words = CommandLine.of(files, config, overrides or (), data, model, text, pair, label, file_format)
    job = job_of(words)
    if output is not None:
        auditing.require_free(output)
    with show_progress(quiet) as progress:
        result = auditing.audit(job, near, progress)
    if output is not None:
        auditing.write_findings(output, result.findings)
    if as_json:
        answer_json(result.to_dict())
        return
    answer_table(result.facts())
    log(f"rows and reasons: {output}" if output is not None else "add -o FILE.csv for the rows and reasons")
