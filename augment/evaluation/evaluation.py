"""All cells of an experiment and their results: data in evaluation.json, report in evaluation.md and evaluation.svg."""

import os
import re
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
from augment.corpus import corpus_hashes
from augment.engine.fingerprint import ALGORITHM, resource_hashes
from augment.errors import FingerprintError, RequestError
from augment.evaluation.arms import DUPLICATE, Arm
from augment.evaluation.cells import Bench, Measured
from augment.evaluation.drawing import forest
from augment.evaluation.material import drawn
from augment.evaluation.statistics import Difference, compare, holm
from augment.pipeline.definition import Pipeline, described
from augment.progress import Progress, silent
from augment.tables.files import LEFTOVER, read_json, shaped, write_json, write_text
from augment.tables.locking import locked, sweep_beside
from augment.tables.run_folder import change, folder_of
from augment.training import ALGORITHM as TRAINING
from augment.version import __version__

if TYPE_CHECKING:
    import pandas as pd

# By rows, seed and arm.
Cells = dict[tuple[int, int, str], Measured]
FILE = "evaluation.json"
_WORK = "work"
# Files of ours that were being written when their writer died.
_HALF_WRITTEN = re.compile(rf"evaluation\.(json|md|svg){re.escape(LEFTOVER)}[0-9a-f]{{12}}")
# What is not a test in a cell.
FACTS = ("samples", "edits", "label_kept", "copies")
# More of these may be asked of a folder that has some already.
_GROWING = {"arms", "rows", "seeds", "first_seed"}


@dataclass(frozen=True)
class Evaluation:
    """What was measured, by (rows, seed, arm): accuracies of 0 to 1 by test, and what the samples are like.

    texts: how many rows each test has.
    """

    folder: Path
    cells: Mapping[tuple[int, int, str], Measured]
    texts: Mapping[str, int] = field(default_factory=dict)

    @property
    def arms(self) -> list[str]:
        """The arms, in the order of their first cells; what all are compared with comes first."""
        names = dict.fromkeys(arm for _, _, arm in self.cells)
        return sorted(names, key=lambda arm: arm != DUPLICATE)

    @property
    def tests(self) -> list[str]:
        """The tests."""
        names = dict.fromkeys(name for cell in self.cells.values() for name in cell)
        return [name for name in names if name not in FACTS]

    def by_key(self) -> dict[str, Measured]:
        """Return the cells as the file names them."""
        return {f"{rows} {seed} {arm}": cell for (rows, seed, arm), cell in self.cells.items()}

    def mean(self, arm: str, name: str) -> float:
        """Return the mean of a test or a fact over the cells of an arm; nan where it has none."""
        values = [
            float(value)
            for (_, _, of), cell in self.cells.items()
            if of == arm and (value := cell.get(name)) is not None
        ]
        return sum(values) / len(values) if values else float("nan")

    @property
    def sizes(self) -> list[int]:
        """The sizes of the draws."""
        return sorted({rows for rows, _, _ in self.cells})

    def differences(self, test: str, against: str = DUPLICATE) -> dict[str, Difference]:
        """Return for each arm what it gains over another on a test, in points, p corrected for their number."""
        points = {arm: self._points(test, arm, against) for arm in self.arms}
        return holm(
            {
                arm: compare({str(rows): of for rows, of in groups.items()})
                for arm, groups in points.items()
                if groups
            }
        )

    def _points(self, test: str, arm: str, against: str) -> dict[int, list[float]]:
        """Return by how many points an arm is above another on each draw that has both, by size."""
        groups: dict[int, list[float]] = defaultdict(list)
        for (rows, seed, of), cell in self.cells.items():
            own, other = cell.get(test), self.cells.get((rows, seed, against), {}).get(test)
            if of == arm != against and own is not None and other is not None:
                groups[rows].append(100 * (own - other))
        return groups

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values: means and differences of every arm by test."""
        facts = {
            arm: {name: _plain(self.mean(arm, name)) for name in (*self.tests, *FACTS)} for arm in self.arms
        }
        differences = {
            test: {
                arm: {**{key: _plain(value) for key, value in vars(one).items()}, "verdict": one.verdict}
                for arm, one in self.differences(test).items()
            }
            for test in self.tests
        }
        return {"folder": str(self.folder), "means": facts, "differences": differences}

    def to_pandas(self) -> "pd.DataFrame":
        """Return a row for each cell: rows, seed, arm, and what was measured."""
        import pandas as pd

        rows = [
            {"rows": rows, "seed": seed, "arm": arm, **cell} for (rows, seed, arm), cell in self.cells.items()
        ]
        return pd.DataFrame(rows)

    def lines(self) -> Iterator[str]:
        """Yield the tables in Markdown."""
        cells = sum(arm == DUPLICATE for _, _, arm in self.cells)
        yield f"Points against `{DUPLICATE}`, the same rows repeated for as many steps; {_many(cells, 'draw')}."
        none = [arm for arm in self.arms if self.mean(arm, "samples") == 0]
        for test in self.tests:
            yield from self._of_test(test, cells, none)
        for arm in none:
            yield from (
                "",
                f"`{arm}` made no sample that joins the data (those of `probe` and `attack` stand apart): its rows are those of `{DUPLICATE}`.",
            )
        yield from ("", "## Samples", "", "| arm | a row | edits | label kept, by the judge | copies |")
        yield "|---|---|---|---|---|"
        for arm in self.arms:
            if not isnan(self.mean(arm, "samples")):
                facts = (
                    _number(self._samples_a_row(arm), 2),
                    _number(self.mean(arm, "edits"), 2),
                    _number(100 * self.mean(arm, "label_kept"), 1, " %"),
                    _number(self.mean(arm, "copies"), 1),
                )
                yield f"| {arm} | {' | '.join(facts)} |"

    def _of_test(self, test: str, cells: int, none: Sequence[str]) -> Iterator[str]:
        """Yield what is said of a test: every arm against the same rows repeated, over all sizes and by size."""
        texts = f", {self.texts[test]:,} texts" if test in self.texts else ""
        mean = 100 * self.mean(DUPLICATE, test)
        yield from (
            "",
            f"## {test}",
            "",
            f"`{DUPLICATE}`: {mean:.1f} % over its {_many(cells, 'draw')}{texts}",
        )
        if test == "clean" and "reversed" in self.tests:
            yield from (
                "",
                "These texts have the accepted shortcuts as the corpus has them, and so had those the judge learned from: a repair "
                "loses here. Whether it is one, `reversed` tells.",
            )
        yield from (
            "",
            "| arm | draws | difference | 95 % interval | p (Holm) | verdict |",
            "|---|---|---|---|---|---|",
        )
        found = self.differences(test)
        for arm, one in found.items():
            verdict = "made no sample" if arm in none else one.verdict
            columns = (arm, str(one.cells), f"{one.mean:+.2f}", _span(one), _number(one.holm, 3), verdict)
            yield f"| {' | '.join(columns)} |"
        seen = sorted({f"{one.seen:.1f}" for one in found.values() if not isnan(one.seen)}, key=float)
        if seen:
            yield from (
                "",
                f"This design can see differences of {' to '.join(dict.fromkeys((seen[0], seen[-1])))} points.",
            )
        if len(self.sizes) > 1:
            heads = [f"{rows:,} rows" for rows in self.sizes]
            yield from ("", f"| arm | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|")
            for arm in found:
                groups = self._points(test, arm, DUPLICATE)
                points = [
                    f"{sum(of) / len(of):+.2f} ({len(of)})" if (of := groups.get(rows)) else ""
                    for rows in self.sizes
                ]
                yield f"| {arm} | {' | '.join(points)} |"

    def _samples_a_row(self, arm: str) -> float:
        """Return how many samples an arm makes of a row, in the mean."""
        found = [
            float(cell["samples"] or 0) / rows for (rows, _, of), cell in self.cells.items() if of == arm
        ]
        return sum(found) / len(found)


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
    arms = [Arm.of(name, named) for name in dict.fromkeys((DUPLICATE, *job.evaluate.arms))]
    plans: dict[str, object] = {arm.name: described(arm.plan(1)) for arm in arms if not arm.is_copying}
    job.needs_model()
    _require_own(folder)
    with locked(folder) as lock, lock.staged():
        sweep_beside(folder)
        for name in os.listdir(folder) if folder.is_dir() else ():
            if _HALF_WRITTEN.fullmatch(name):
                (folder / name).unlink()
        fingerprint = _fingerprint(job)
        cells, before = _kept(folder, fingerprint, plans, overwrite)
        places = [
            (rows, job.evaluate.first_seed + number, arm)
            for number in range(job.evaluate.seeds)
            for rows in job.evaluate.rows
            for arm in arms
        ]
        _measure(job, folder, places, cells, {"fingerprint": fingerprint, "plans": before | plans}, progress)
    found = read_evaluation(folder)
    write_text(folder / "evaluation.md", _page(job, found))
    write_text(folder / "evaluation.svg", forest({test: found.differences(test) for test in found.tests}))
    return found


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
    places: list[tuple[int, int, Arm]],
    cells: Cells,
    facts: dict[str, object],
    progress: Progress | None,
) -> None:
    """Measure the places that have no cell, and keep each at once."""
    left = [(rows, seed, arm) for rows, seed, arm in places if (rows, seed, arm.name) not in cells]
    say = progress or silent
    work, done = folder / _WORK, len(places) - len(left)
    if left:
        bench = Bench.of(job, work, lambda what, *_: say(what, 0, 0))
        # More rows than there are: said before anything is written.
        drawn(bench.pool, max(rows for rows, _, _ in left), job.evaluate.first_seed)
        if not (folder / FILE).exists():
            # By this file the folder is known to be ours, so it comes first.
            write_json(folder / FILE, {**facts, "version": __version__, "texts": {}, "cells": {}})
        work.mkdir(parents=True, exist_ok=True)
        for number, (rows, seed, arm) in enumerate(left):
            say(f"{arm.name}, {rows} rows, seed {seed}", done + number, len(places))
            cells[rows, seed, arm.name] = bench.measured(arm, rows, seed)
            results = {"texts": bench.texts, "cells": Evaluation(folder, cells).by_key()}
            write_json(folder / FILE, {**facts, "version": __version__, **results})
            if all((rows, seed) != place[:2] for place in left[number + 1 :]):
                shutil.rmtree(work / f"{rows}-{seed}", ignore_errors=True)
    say("evaluate", len(places), len(places))


def _fingerprint(job: Job) -> dict[str, object]:
    """Return what decides a cell: not the arms, sizes and seeds, of which more may be asked, nor the device."""
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
        "max_length": job.needs_model().max_length,
    }


def _kept(
    folder: Path, fingerprint: dict[str, object], plans: dict[str, object], overwrite: bool
) -> tuple[Cells, dict[str, object]]:
    """Return the cells and plans that a folder holds already; FingerprintError naming what differs."""
    if overwrite and (folder / FILE).exists():
        shutil.rmtree(folder / _WORK, ignore_errors=True)
        # By the last the folder is known to be ours.
        for name in ("evaluation.md", "evaluation.svg", FILE):
            (folder / name).unlink(missing_ok=True)
    if not (folder / FILE).exists():
        return {}, {}
    held = read_json(folder / FILE)
    before, earlier = _mapping(held.get("fingerprint")), _mapping(held.get("plans"))
    # A plan that is not there yet is an arm that joins; of a fingerprint nothing may be missing.
    requested = fingerprint | {name: plan for name, plan in plans.items() if name in earlier}
    for name, value in requested.items():
        known = (before if name in fingerprint else earlier).get(name)
        changed = change({name: known}, {name: value})
        if changed is not None:
            raise FingerprintError(
                str(folder),
                f"it holds an evaluation of another request: {changed}",
                "name another folder with --output, or replace it with --overwrite",
            )
    return dict(read_evaluation(folder).cells), earlier


def _require_own(folder: Path) -> None:
    """Raise RequestError unless a folder is new or empty or holds an evaluation; nothing is touched."""
    if (folder / FILE).exists():
        read_evaluation(folder)
    elif folder.exists() and (
        not folder.is_dir() or not all(map(_HALF_WRITTEN.fullmatch, os.listdir(folder)))
    ):
        raise RequestError(
            str(folder), "the folder is not empty and holds no evaluation", "name another with --output"
        )


def _mapping(value: object) -> dict[str, object]:
    """Return a JSON object, empty where there is none."""
    return dict(value) if isinstance(value, dict) else {}


def _keyed(cells: Mapping[str, Measured]) -> Cells:
    """Return cells by rows, seed and arm."""
    parts = {key: key.split(" ", 2) for key in cells}
    return {(int(part[0]), int(part[1]), part[2]): cells[key] for key, part in parts.items()}


def _page(job: Job, found: Evaluation) -> str:
    """Return the page: what was compared, and the tables."""
    config = job.evaluate
    listed = {"other domains": config.others, "words from": config.synonyms}
    settings = [
        f"a model from {job.train.start}",
        f"{config.variants} variants a row",
        *([f"{config.epochs:g} passes over the enlarged data"] if config.epochs else []),
        *(f"{name} {', '.join(names)}" for name, names in listed.items() if names),
        *([f"letters changed in the noisy test: {config.noise:.0%}"] if config.noise else []),
        f"weight of R-Drop {config.r_drop:g}",
    ]
    head = [f"# {job.name}: does augmentation help?", "", "![differences](evaluation.svg)", ""]
    return "\n".join([*head, f"Settings: {'; '.join(settings)}.", "", *found.lines()]) + "\n"


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
