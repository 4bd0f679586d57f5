"""All cells of an experiment and their results: data in evaluation.json, report in evaluation.md and evaluation.svg."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from augment.candidates.lexicon import locate
from augment.candidates.sources import lexicon_hashes
from augment.config.job import Job
from augment.corpus import corpus_hashes, require_unchanged
from augment.engine.fingerprint import ALGORITHM, resource_hashes
from augment.errors import RequestError
from augment.evaluation.cells import Bench, Measured
from augment.evaluation.conditions import CUT, DUPLICATE, Condition
from augment.evaluation.drawing import forest
from augment.evaluation.scoring import LABEL_MEASURES, MEASURES, named, points_of
from augment.evaluation.statistics import Difference, compare, holm
from augment.pipeline.definition import Pipeline, described
from augment.progress import Progress, silent
from augment.tables.files import read_json, shaped, write_json, write_text
from augment.tables.leftovers import require_own_only, sweep_leftovers
from augment.tables.locking import locked, sweep_staged
from augment.tables.run_folder import folder_of, require_same
from augment.training import ALGORITHM as TRAINING
from augment.training.label_columns import kind_of, require_classes
from augment.version import __version__

if TYPE_CHECKING:
    import pandas as pd

# By rows, seed and condition.
Cells = dict[tuple[int, int, str], Measured]
FILES = FILE, PAGE, PICTURE = "evaluation.json", "evaluation.md", "evaluation.svg"
_WORK = "work"
# What is not a test in a cell.
FACTS = ("samples", "edits", "label_kept", "copies")
# A folder that has some of these may get more.
_GROWING = {"arms", "rows", "seeds", "first_seed"}


@dataclass(frozen=True)
class Evaluation:
    """What was measured, by (rows, seed, condition): scores of 0 to 1 by test, and what the samples are like.

    A test has up to three: its accuracy under its own name, at the threshold that fits validation rows under `clean/fitted`, and
    its area under the ROC curve under `clean/auc`. Of rows of several labels accuracy is that of all labels of a row, and there are
    `clean/micro_f1`, `clean/macro_f1`, and `clean/f1 LABEL` and `clean/auc LABEL` for each; of numbers accuracy is that within the
    tolerance, and there are `clean/mean_error` and `clean/spearman`. texts: how many rows each test has.
    """

    folder: Path
    cells: Mapping[tuple[int, int, str], Measured]
    texts: Mapping[str, int] = field(default_factory=dict)

    @property
    def conditions(self) -> list[str]:
        """The conditions, in the order of their first cells; what all are compared with comes first."""
        names = dict.fromkeys(condition for _, _, condition in self.cells)
        return sorted(names, key=lambda condition: condition != DUPLICATE)

    @property
    def tests(self) -> list[str]:
        """The tests."""
        return list(dict.fromkeys(name.partition("/")[0] for name in self.scores))

    def measures(self, test: str) -> dict[str, str]:
        """Return what a test was measured by, by what is added to its name; those of single labels are not there."""
        return {suffix: what for suffix, what in MEASURES.items() if test + suffix in self.scores}

    def label_measures(self, test: str) -> dict[str, dict[str, str]]:
        """Return by measure the labels of a test, each with the name of its score; only of rows of several labels."""
        parts = {what: f"{test}{prefix}" for prefix, what in LABEL_MEASURES.items()}
        scores = {
            what: {name.removeprefix(start): name for name in self.scores if name.startswith(start)}
            for what, start in parts.items()
        }
        return {what: names for what, names in scores.items() if names}

    @property
    def scores(self) -> list[str]:
        """What every test was measured by: `clean`, `clean/fitted`, `clean/auc` and so on."""
        names = dict.fromkeys(name for cell in self.cells.values() for name in cell)
        return [name for name in names if name not in FACTS]

    def by_key(self) -> dict[str, Measured]:
        """Return the cells as the file names them."""
        return {f"{rows} {seed} {condition}": cell for (rows, seed, condition), cell in self.cells.items()}

    def mean(self, condition: str, name: str) -> float:
        """Return the mean of a test or a fact over the cells of a condition; nan where it has none."""
        values = [
            float(value)
            for (_, _, of), cell in self.cells.items()
            if of == condition and (value := cell.get(name)) is not None
        ]
        return sum(values) / len(values) if values else float("nan")

    @property
    def sizes(self) -> list[int]:
        """The sizes of the draws."""
        return sorted({rows for rows, _, _ in self.cells})

    def differences(self, test: str, against: str = DUPLICATE) -> dict[str, Difference]:
        """Return for each condition what it gains over another on a test, in points, p corrected for their number.

        test: of accuracy the name of the test; `clean/fitted` at the fitted threshold, `clean/auc` of the area under the curve. A mean
        error is in the unit of the labels, and less of it is better.
        """
        points = {condition: self._points(test, condition, against) for condition in self.conditions}
        return holm(
            {
                condition: compare({str(rows): of for rows, of in groups.items()})
                for condition, groups in points.items()
                if groups
            }
        )

    def _points(self, test: str, condition: str, against: str) -> dict[int, list[float]]:
        """Return by how many points a condition is above another on each draw that has both, by size."""
        groups: dict[int, list[float]] = defaultdict(list)
        for (rows, seed, of), cell in self.cells.items():
            own, other = cell.get(test), self.cells.get((rows, seed, against), {}).get(test)
            if of == condition != against and own is not None and other is not None:
                groups[rows].append(points_of(test) * (own - other))
        return groups

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values: means and differences of every condition by test."""
        facts = {
            condition: {name: _plain(self.mean(condition, name)) for name in (*self.scores, *FACTS)}
            for condition in self.conditions
        }
        differences = {
            test: {
                condition: {
                    **{key: _plain(value) for key, value in vars(one).items()},
                    "verdict": one.verdict,
                }
                for condition, one in self.differences(test).items()
            }
            for test in self.scores
        }
        return {"folder": str(self.folder), "means": facts, "differences": differences}

    def to_pandas(self) -> "pd.DataFrame":
        """Return a row for each cell: rows, seed, condition (column `arm`), and what was measured."""
        import pandas as pd

        rows = [
            {"rows": rows, "seed": seed, "arm": condition, **cell}
            for (rows, seed, condition), cell in self.cells.items()
        ]
        return pd.DataFrame(rows)

    def lines(self) -> Iterator[str]:
        """Yield the tables in Markdown."""
        cells = sum(condition == DUPLICATE for _, _, condition in self.cells)
        yield f"Points against `{DUPLICATE}`, the same rows repeated for as many steps; {_many(cells, 'draw')}."
        none = [condition for condition in self.conditions if self.mean(condition, "samples") == 0]
        for test in self.tests:
            yield from self._of_test(test, cells, none)
        for condition in none:
            yield from (
                "",
                f"`{condition}` made no sample that joins the data (those of `probe` and `attack` go to probes/): its rows are those of `{DUPLICATE}`.",
            )
        yield from ("", "## Samples", "", "| condition | a row | edits | label kept, by the judge | copies |")
        yield "|---|---|---|---|---|"
        for condition in self.conditions:
            if not isnan(self.mean(condition, "samples")):
                facts = (
                    _number(self._samples_a_row(condition), 2),
                    _number(self.mean(condition, "edits"), 2),
                    _number(100 * self.mean(condition, "label_kept"), 1, " %"),
                    _number(self.mean(condition, "copies"), 1),
                )
                yield f"| {condition} | {' | '.join(facts)} |"

    def _of_test(self, test: str, cells: int, none: Sequence[str]) -> Iterator[str]:
        """Yield the lines of a test: every condition against the same rows repeated, by each measure."""
        texts = f", {self.texts[test]:,} texts" if test in self.texts else ""
        means = [
            named(what, mean, test + suffix)
            for suffix, what in self.measures(test).items()
            if not isnan(mean := self.mean(DUPLICATE, test + suffix))
        ]
        yield from (
            "",
            f"## {test}",
            "",
            f"`{DUPLICATE}`: {'; '.join(means)} over its {_many(cells, 'draw')}{texts}",
        )
        if test == "clean" and "reversed" in self.tests:
            yield from (
                "",
                "These texts have the accepted shortcuts as the corpus has them, and so had those the judge learned from: a repair "
                "loses here. `reversed` shows whether it is one.",
            )
        for suffix, what in self.measures(test).items():
            yield from self._of_score(test + suffix, what, none)
        for what, names in self.label_measures(test).items():
            yield from self._of_labels(what, names)

    def _of_score(self, score: str, what: str, none: Sequence[str]) -> Iterator[str]:
        """Yield the table of a measure of a test, over all sizes and by size."""
        differences = self.differences(score)
        yield from (
            "",
            f"### {what}",
            "",
            "| condition | draws | difference | 95 % interval | p (Holm) | verdict |",
            "|---|---|---|---|---|---|",
        )
        for condition, one in differences.items():
            verdict = "made no sample" if condition in none else one.verdict
            columns = (
                condition,
                str(one.cells),
                f"{one.mean:+.2f}",
                _span(one),
                _number(one.holm, 3),
                verdict,
            )
            yield f"| {' | '.join(columns)} |"
        seen = sorted({f"{one.seen:.1f}" for one in differences.values() if not isnan(one.seen)}, key=float)
        if seen:
            yield from (
                "",
                f"This design can see differences of {' to '.join(dict.fromkeys((seen[0], seen[-1])))} points.",
            )
        if len(self.sizes) > 1:
            heads = [f"{rows:,} rows" for rows in self.sizes]
            yield from ("", f"| condition | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|")
            for condition in differences:
                groups = self._points(score, condition, DUPLICATE)
                points = [
                    f"{sum(of) / len(of):+.2f} ({len(of)})" if (of := groups.get(rows)) else ""
                    for rows in self.sizes
                ]
                yield f"| {condition} | {' | '.join(points)} |"

    def _of_labels(self, what: str, names: Mapping[str, str]) -> Iterator[str]:
        """Yield the table of a measure that each label has: a line a label, a column a condition, with intervals."""
        conditions = [condition for condition in self.conditions if condition != DUPLICATE]
        yield from (
            "",
            f"### {what} of each label",
            "",
            f"| label | {DUPLICATE} | {' | '.join(conditions)} |",
            "|---" * (2 + len(conditions)) + "|",
        )
        for label, name in names.items():
            differences = self.differences(name)
            gains = [
                f"{one.mean:+.2f}{f' ({span})' if (span := _span(one)) else ''}" if one is not None else ""
                for one in map(differences.get, conditions)
            ]
            columns = (label, _number(100 * self.mean(DUPLICATE, name), 1), *gains)
            yield f"| {' | '.join(columns)} |"

    def _samples_a_row(self, condition: str) -> float:
        """Return how many samples a condition makes of a row, in the mean."""
        ratios = [
            float(cell["samples"] or 0) / rows
            for (rows, _, of), cell in self.cells.items()
            if of == condition
        ]
        return sum(ratios) / len(ratios)


def evaluate(
    job: Job,
    output: Path | str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    pipelines: Sequence[Pipeline] = (),
) -> Evaluation:
    """Measure every cell that is missing in the folder (default runs/<job>-evaluate) and return all of them.

    `pipelines` are no files, such as those with stages of your own; `evaluate.arms` names them by their `name`.
    RequestError or DataError if the job cannot be evaluated; FingerprintError if the folder holds cells of another
    corpus, training or plan; LockedError if one is at work there.
    """
    folder = folder_of(output if output is not None else Path("runs") / f"{job.name}-evaluate")
    named = {plan.name: plan for plan in pipelines}
    conditions = [Condition.of(name, named) for name in dict.fromkeys((DUPLICATE, *job.evaluate.arms))]
    plans: dict[str, object] = {
        condition.name: described(condition.plan(1)) for condition in conditions if not condition.is_copying
    }
    job.needs_model()
    _require_kind(job, conditions)
    if any(condition.pipeline == CUT for condition in conditions):
        job.require_accepted()
    _require_own(folder)
    with locked(folder) as lock, lock.staged():
        sweep_staged(folder)
        sweep_leftovers(folder, FILES)
        fingerprint = _fingerprint(job)
        cells, before = _kept(folder, fingerprint, plans, overwrite)
        planned = [
            (rows, job.evaluate.first_seed + number, condition)
            for number in range(job.evaluate.seeds)
            for rows in job.evaluate.rows
            for condition in conditions
        ]
        _measure(job, folder, planned, cells, {"fingerprint": fingerprint, "plans": before | plans}, progress)
    evaluation = read_evaluation(folder)
    write_text(folder / PAGE, _page(job, evaluation))
    write_text(
        folder / PICTURE,
        forest(
            {
                f"{test}: {what}": evaluation.differences(test + suffix)
                for test in evaluation.tests
                for suffix, what in evaluation.measures(test).items()
                # Errors have another unit, and less of them is better.
                if points_of(suffix) > 1
            }
        ),
    )
    return evaluation


def read_evaluation(folder: Path) -> Evaluation:
    """Return what a folder holds; RequestError if it holds no evaluation."""
    held = read_json(folder / FILE)
    cells = held.get("cells")
    if not isinstance(cells, dict):
        raise RequestError(str(folder / FILE), "holds no evaluation", "name the folder of `augment evaluate`")
    texts = _mapping(held.get("texts"))
    with shaped(folder / FILE):
        return Evaluation(folder, _keyed(cells), {name: int(str(count)) for name, count in texts.items()})


def _measure(
    job: Job,
    folder: Path,
    planned: list[tuple[int, int, Condition]],
    cells: Cells,
    facts: dict[str, object],
    progress: Progress | None,
) -> None:
    """Measure the places that have no cell, and keep each at once."""
    left = [
        (rows, seed, condition)
        for rows, seed, condition in planned
        if (rows, seed, condition.name) not in cells
    ]
    report = progress or silent
    work, done = folder / _WORK, len(planned) - len(left)
    if left:
        report("read the corpus", 0, 0)
        bench = Bench.of(job, work, lambda what, *_: report(what, 0, 0))
        require_unchanged(job, _mapping(facts["fingerprint"]).get("corpus"))
        # More rows than there are: reported before anything is written.
        for rows in (min(rows for rows, _, _ in left), max(rows for rows, _, _ in left)):
            bench.draw(rows, job.evaluate.first_seed)
        if not (folder / FILE).exists():
            # By this file the folder is known to be ours, so it comes first.
            write_json(folder / FILE, {**facts, "version": __version__, "texts": {}, "cells": {}})
        work.mkdir(parents=True, exist_ok=True)
        for number, (rows, seed, condition) in enumerate(left):
            report(f"{condition.name}, {rows} rows, seed {seed}", done + number, len(planned))
            cells[rows, seed, condition.name] = bench.measured(condition, rows, seed)
            results = {"texts": bench.texts, "cells": Evaluation(folder, cells).by_key()}
            write_json(folder / FILE, {**facts, "version": __version__, **results})
            if all((rows, seed) != cell[:2] for cell in left[number + 1 :]):
                shutil.rmtree(work / f"{rows}-{seed}", ignore_errors=True)
    report("evaluate", len(planned), len(planned))


def _fingerprint(job: Job) -> dict[str, object]:
    """Return what decides a cell: not the conditions, sizes and seeds, which may be extended, nor the device."""
    settings = job.evaluate.model_dump(mode="json", exclude=_GROWING)
    parts = job.model_dump(mode="json", include={"judge", "resources", "train", "seed"})
    locate(job.evaluate.synonyms, job.root, "evaluate.synonyms")
    lexicons = (*job.resources.lexicons, *job.evaluate.synonyms)
    read = job.model_copy(update={"resources": job.resources.model_copy(update={"lexicons": lexicons})})
    return {
        **parts,
        "algorithm": ALGORITHM,
        "training": TRAINING,
        "lexicons": lexicon_hashes(read),
        "files": resource_hashes(job),
        "evaluate": settings,
        "corpus": corpus_hashes(job),
        **({"kind": _kind_facts(job)} if kind_of(job) != "single" else {}),
        "max_length": job.needs_model().max_length,
        "windows": [job.needs_model().windows, job.needs_model().overlap, job.needs_model().most_windows],
    }


def _kind_facts(job: Job) -> list[object]:
    """Return what decides whether an answer is right, where rows do not have one label."""
    return [kind_of(job), job.label_separator, job.needs_model().tolerance]


def _require_kind(job: Job, conditions: Sequence[Condition]) -> None:
    """Raise RequestError for what only rows of one label have, where these have several, or numbers."""
    if job.evaluate.equal_classes:
        require_classes(job, "evaluate.equal_classes", "it is for rows of one label")
    for condition in conditions:
        for unfit in {"r_drop"} & condition.ways | {CUT} & {condition.pipeline}:
            where = f"evaluate.arms: {condition.name}"
            require_classes(job, where, f"`{unfit}` is for rows of one label")
    if job.accepts:
        require_classes(job, "resources.flags", "accepted shortcuts are those of one class")


def _kept(
    folder: Path, fingerprint: dict[str, object], plans: dict[str, object], overwrite: bool
) -> tuple[Cells, dict[str, object]]:
    """Return the cells and plans that a folder holds already; FingerprintError naming what differs."""
    if overwrite and (folder / FILE).exists():
        shutil.rmtree(folder / _WORK, ignore_errors=True)
        # By the last the folder is known to be ours.
        for name in (PAGE, PICTURE, FILE):
            (folder / name).unlink(missing_ok=True)
    if not (folder / FILE).exists():
        return {}, {}
    held = read_json(folder / FILE)
    before, earlier = _mapping(held.get("fingerprint")), _mapping(held.get("plans"))
    # A plan that is not there yet is a new condition; of a fingerprint nothing may be missing.
    requested = fingerprint | {name: plan for name, plan in plans.items() if name in earlier}
    for name, value in requested.items():
        known = (before if name in fingerprint else earlier).get(name)
        require_same(folder, {name: known}, {name: value}, "an evaluation")
    return dict(read_evaluation(folder).cells), earlier


def _require_own(folder: Path) -> None:
    """Raise RequestError unless a folder is new or empty or holds an evaluation; nothing is touched."""
    if (folder / FILE).exists():
        read_evaluation(folder)
    else:
        require_own_only(folder, FILES, "evaluation")


def _mapping(value: object) -> dict[str, object]:
    """Return a JSON object, empty where there is none."""
    return dict(value) if isinstance(value, dict) else {}


def _keyed(cells: Mapping[str, Measured]) -> Cells:
    """Return cells by rows, seed and condition."""
    parts = {key: key.split(" ", 2) for key in cells}
    return {(int(part[0]), int(part[1]), part[2]): cells[key] for key, part in parts.items()}


def _page(job: Job, evaluation: Evaluation) -> str:
    """Return the page: what was compared, and the tables."""
    config = job.evaluate
    listed = {"other domains": config.others, "words from": config.synonyms}
    settings = [
        f"a model from {job.train.start}",
        f"{config.variants} variants a row",
        *(["draws with equally many rows of every class"] if config.equal_classes else []),
        *([f"{config.epochs:g} passes over the enlarged data"] if config.epochs else []),
        *(f"{name} {', '.join(names)}" for name, names in listed.items() if names),
        *([f"letters changed in the noisy test: {config.noise:.0%}"] if config.noise else []),
        f"weight of R-Drop {config.r_drop:g}",
    ]
    head = [f"# {job.name}: does augmentation help?", "", f"![differences]({PICTURE})", ""]
    return "\n".join([*head, f"Settings: {'; '.join(settings)}.", "", *evaluation.lines()]) + "\n"


def _many(count: int, what: str) -> str:
    """Return a number of things, one or several."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _span(one: Difference) -> str:
    """Return an interval as text."""
    return "" if isnan(one.low) else f"{one.low:+.2f} to {one.high:+.2f}"


def _number(value: float, digits: int, unit: str = "") -> str:
    """Return a number as text with its unit, nothing for nan."""
    return "" if isnan(value) else f"{value:.{digits}f}{unit}"


def _plain(value: float) -> float | None:
    """Return a number as JSON can hold it."""
    return None if isnan(value) else round(value, 6)
