"""Terminal output: a result on stdout, for people or programs, and everything about it on stderr.

Only typer is imported at the top: the command line needs this module before it knows which command runs. Every line
goes through `answer`, `log` or `plain`: labels, keys, paths and texts are never markup or control characters there.

    with show_progress(quiet=False) as progress:
        summary = run(pipeline, job, output, progress=progress)
    print_summary(summary)
    answer(str(summary.folder))
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from augment.progress import Announcement, silent
from augment.text.visible import escaped, one_line, visible

if TYPE_CHECKING:
    from rich.text import Text

    from augment.api.attribution import Attribution
    from augment.output.manifest import Summary
    from augment.training import Training

# What the calls of a language model came to, all of them that are in its file of answers.
_USAGE = ("calls", "tokens read", "tokens written", "money")
# Edits that the summary names.
_FREQUENT = 5


def answer(line: str) -> None:
    """Write a line of the result."""
    typer.echo(one_line(line))


def answer_json(result: object) -> None:
    """Write a result as JSON, its Chinese readable."""
    typer.echo(escaped(json.dumps(result, ensure_ascii=False, indent=1)))


def answer_json_line(result: object) -> None:
    """Write a result as one line of JSON, its Chinese readable."""
    typer.echo(escaped(json.dumps(result, ensure_ascii=False)))


def answer_table(
    entries: Mapping[str, str], indent: str = "", *, write: Callable[[str], None] = answer
) -> None:
    """Write names and a line about each, one below the other, to stdout or where `write` writes."""
    shown = {one_line(name): about for name, about in entries.items()}
    for name, about in zip(padded(shown), shown.values(), strict=True):
        write(f"{indent}{name}  {about}")


def padded(names: Iterable[str]) -> list[str]:
    """Return names filled up to the width of the widest on a terminal, where a Chinese character takes two columns."""
    from rich.cells import cell_len

    widths = {name: cell_len(name) for name in names}
    widest = max(widths.values(), default=0)
    return [name + " " * (widest - width) for name, width in widths.items()]


def log(line: str) -> None:
    """Write a line to stderr."""
    typer.echo(one_line(line), err=True)


@contextmanager
def show_progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yield what shows progress: a bar on a terminal, a line now and then elsewhere, nothing if quiet."""
    if quiet:
        yield silent
        return
    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from augment.api.progress_bar import bar

    with bar() as show:
        yield show


# Shares that the key-word table shows, and how they are called.
_SHARES = ("share", "top", "purity", "coverage")
_SHARES_MEAN = (
    "share of the attribution of the class; top: of its rows right, where it scores highest; purity: of the rows with it, "
    "in the class; coverage: of the class, with it"
)


def print_summary(summary: "Summary") -> None:
    """Print the summary of a run to stderr."""
    from augment.output.totals import percent

    _print_notices(summary)
    for name, count in summary.counts.items():
        if count:
            log(f"{name:<40} {count:>10,}")
    for title, group in (
        ("verdict", summary.verdicts),
        ("dropped", summary.dropped),
        ("missing", summary.missing),
    ):
        for name, count in group.items():
            log(f"{f'{title}: {name}':<40} {count:>10,}")
    _print_figures(summary)
    for method, counts in summary.attribution.items():
        log(
            f"{f'{method} error of scores':<40} median {percent(float(str(counts['median_error'])))}, worst {percent(float(str(counts['worst_error'])))}"
        )
    log(f"{summary.seconds:.1f} s, at most {summary.peak_mebibytes:,.0f} MiB")
    if (summary.folder / "report.html").exists():
        log(f"report: {summary.folder / 'report.html'}")


def _print_notices(summary: "Summary") -> None:
    """Print what was found, and the notices that are not among it."""
    from augment.output.notices import OWN_ROWS

    for finding in summary.findings or ():
        log(f"found ({finding.severity}): {finding.text}")
    there = {finding.kind for finding in summary.findings or ()}
    for notice in summary.notices:
        # One of the two is enough; the notice is for the card and the report, too.
        if notice != OWN_ROWS or "over_confident" not in there:
            log(f"note: {notice}")


def _print_figures(summary: "Summary") -> None:
    """Print what calls of a language model and an attack came to, and how varied the samples are."""
    from augment.output.diversity import written
    from augment.output.totals import figure

    for method, usage in summary.language_model.items():
        for name in _USAGE:
            if usage.get(name):
                log(f"{f'{method}: {name}':<40} {usage[name]:>10,}")
    for name, value in summary.attack.items():
        log(f"{name:<40} {figure(name, value):>10}")
    for name, value in summary.diversity.items():
        log(f"{name:<40} {written(name, value):>10}")
    if summary.replacements:
        frequent = list(summary.replacements.items())[:_FREQUENT]
        log(f"most frequent edits: {', '.join(f'{edit} ({share:.1%})' for edit, share in frequent)}")


def print_training(result: "Training") -> None:
    """Print to stderr how well a trained model does."""
    from augment.models.labels import listed, listed_notices, misspelt

    log(f"{result.start} on {result.rows:,} rows in {result.seconds:.0f} s")
    if result.labels:
        log(f"labels: {listed([f'{label} ({rows:,})' for label, rows in result.labels.items()])}")
    for notice in [*result.notices, *misspelt(result.labels), *listed_notices(result.labels)]:
        log(f"note: {notice}")
    log(
        f"{result.held_out} ({result.held_out_rows:,} rows): "
        + (
            f"accuracy {result.accuracy:.4f}, macro-F1 {result.macro_f1:.4f}"
            if result.mean_error is None
            else f"within the tolerance {result.accuracy:.4f}, mean error {result.mean_error:.4f}"
        )
    )
    if result.rejected:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in result.rejected.items())
        log(f"note: rows that cannot be used: {reasons}")
    for fold in result.folds:
        result_text = "no rows" if fold.accuracy is None else f"accuracy {fold.accuracy:.4f}"
        log(f"without fold {fold.fold}: {result_text} on the {fold.rows:,} rows in it")
    if result.fold_accuracy is not None:
        log(f"out of fold: mean accuracy {result.fold_accuracy:.4f} of {len(result.folds)} models")
    if (doubt := _learned_little(result)) is not None:
        log(f"note: {doubt}")
    if result.baseline_accuracy is not None:
        log(f"TF-IDF with logistic regression on the same split: accuracy {result.baseline_accuracy:.4f}")


def _learned_little(result: "Training") -> str | None:
    """Return that a model is no better than one that always gives the same answer, with what to do; None for one that is."""
    if result.mean_error is not None and result.usual_error is not None:
        gain = 1 - result.mean_error / (result.usual_error or 1.0)
        usual = f"the mean of the labels (mean error {result.usual_error:.4f})"
    else:
        gain = result.accuracy - result.majority
        label = "set of labels" if result.kind == "multi" else "label"
        usual = f"the most frequent {label} ({result.majority:.4f})"
    if gain > 0.01:
        return None
    if gain >= -0.1:
        return f"no better than always giving {usual}; raise train.epochs"
    hint = f"{result.held_out} contradicts the rows trained on: look for swapped labels, or a shortcut (`augment keywords`)"
    return f"worse than always giving {usual}; {hint}"


def show_attribution(attribution: "Attribution", top: int) -> None:
    """Print a text with coloured words, and the words that matter most."""
    from rich.console import Console
    from rich.text import Text

    from augment.report.colour import rich_style

    console = Console(soft_wrap=True, highlight=False)
    line = Text()
    for part, tint in attribution.pieces():
        line.append(visible(part), None if tint is None else rich_style(tint))
    console.print(line)
    console.print(plain(_explained(attribution)))
    words = [(one_line(word), score) for word, score in attribution.top(top)]
    names = dict(
        zip(dict.fromkeys(word for word, _ in words), padded(word for word, _ in words), strict=True)
    )
    for word, score in words:
        console.print(plain(f"  {names[word]}  {score:+.4f}"))
    console.print(
        f"{_error(attribution)}, {attribution.evaluations} evaluation{'s' * (attribution.evaluations > 1)}"
    )


def _explained(attribution: "Attribution") -> str:
    """Return what is explained: the prediction and its probability, or another label than the predicted one."""
    if attribution.kind == "regression":
        return f"{attribution.target} = {attribution.probability:.4g}"
    chance = f"p({attribution.target}) = {attribution.probability:.3f}"
    if attribution.kind == "single" and attribution.target != attribution.prediction:
        return f"{attribution.prediction} is predicted, {attribution.target} explained  {chance}"
    return f"{attribution.prediction}  {chance}"


def show_keywords(words: list[dict[str, object]]) -> None:
    """Print the first units of each class, and what is flagged."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for label in dict.fromkeys(row["label"] for row in words):
        table = Table(box=SIMPLE, title=plain(str(label)), pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("unit", overflow="fold")
        table.add_column("kind")
        for head in (*_SHARES, "rows", "chi²"):
            table.add_column(head, justify="right")
        for row in words:
            if row["label"] == label:
                shares = (f"{float(str(row[name])):.1%}" for name in _SHARES)
                name = plain(str(row["text"]), "bold red" if row["flag"] else "")
                size = f"{float(str(row['chi_square'])):,.0f}"
                table.add_row(name, plain(str(row["kind"])), *shares, f"{row['rows']:,}", size)
        console.print(table)
    if words:
        console.print(Text(_SHARES_MEAN, "dim"))
    flagged = sorted((row for row in words if row["flag"]), key=lambda row: -float(str(row["share"])))
    for row in flagged:
        why = plain(f"{row['text']!r}: {row['flag']}")
        console.print(Text.assemble(("flag ", "red"), why), soft_wrap=True)
    if not flagged:
        nothing = "no table: it takes rows of two labels or more, and a model that is right on some"
        console.print("nothing looks like a shortcut" if words else nothing)


def show_page(lines: Iterable[str]) -> None:
    """Print Markdown, its tables drawn and nothing in it made a link."""
    from rich.console import Console
    from rich.markdown import Markdown

    Console(highlight=False).print(Markdown(visible("\n".join(lines)), hyperlinks=False))


def plain(text: str, style: str = "") -> "Text":
    """Return text for a console that is neither markup nor control characters."""
    from rich.text import Text

    return Text(one_line(text), style)


def _plain_progress() -> Callable[[str, int, int], None]:
    """Return a progress function that writes announcements, and at most one other line in 30 seconds."""
    from time import monotonic

    last = [monotonic()]

    def show(phase: str, done: int, total: int) -> None:
        if isinstance(phase, Announcement):
            log(phase)
        elif monotonic() - last[0] >= 30:
            last[0] = monotonic()
            log(f"{phase}: {done:,} of {total:,}" if total else phase)

    return show


def _error(attribution: "Attribution") -> str:
    """Return how near the scores are to what their method defines, in words."""
    from augment.attribution.methods import METHODS

    if attribution.status == "exact":
        return "exact scores" + " (a closed form)" * (attribution.method == "integrated_gradients")
    if attribution.error is None:
        return "a ranking: these scores do not have to add up"
    words = METHODS[attribution.method].means.format(f"{attribution.error:.2%}")
    return words if attribution.status in ("converged", "fixed") else f"{words} ({attribution.status})"
