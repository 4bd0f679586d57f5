"""What is needed of a finished run to change its rows: its plan, its settings, its pipeline, and how its files name columns."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from augment.config.job import Job
from augment.engine.staging import Staged
from augment.errors import DataError, RequestError
from augment.output.soft_labels import Softener, softener
from augment.pipeline.definition import Pipeline
from augment.tables.files import read_json, shaped
from augment.tables.run_folder import MANIFEST, PLAN, require_finished
from augment.tables.split_files import file_stems
from augment.verification.checks import Findings
from augment.verification.files import NOT_OURS, Manifest, check_files, read_facts, unsealed
from augment.verification.records import Labels, records
from augment.verification.rows import DROPPED


@dataclass(frozen=True)
class ReviewedRun:
    """A finished run whose files are as they were written."""

    folder: Path
    manifest: dict[str, object]
    parsed: Manifest
    staged: Staged
    job: Job
    described: dict[str, object]

    @classmethod
    def of(cls, folder: Path) -> "ReviewedRun":
        """Return the facts of a run; RequestError if there is none, DataError if a file of it was changed since."""
        require_finished(folder)
        findings = Findings()
        findings.note("files", unsealed(folder / MANIFEST))
        parsed = read_facts(folder / MANIFEST, Manifest, findings)
        if parsed is not None:
            check_files(folder, parsed, findings, lambda phase, done, total: None)
        problems = [problem for check in findings.checks() for problem in check.problems]
        foreign = [each.removesuffix(f": {NOT_OURS}") for each in problems if each.endswith(NOT_OURS)]
        if parsed is not None and problems and len(foreign) == len(problems):
            raise DataError(
                str(folder),
                f"there is a file that the run did not write: {foreign[0]}",
                "move it out of the folder and apply again",
            )
        if parsed is None or problems:
            raise DataError(
                str(folder),
                f"the folder is not as the run wrote it: {problems[0] if problems else 'no manifest'}",
                "`augment verify` lists what is wrong; copy the folder again, or run again with --overwrite",
            )
        plan = read_json(folder / PLAN)
        with shaped(folder / PLAN):
            staged = Staged.from_dict(plan["staged"])
            fingerprint = plan["fingerprint"]
            described = dict(fingerprint["pipeline"]) if isinstance(fingerprint, dict) else {}
        try:
            job = Job.model_validate(plan["job"])
        except ValidationError:
            raise RequestError(
                str(folder / PLAN),
                "its settings cannot be used: the run had a corpus or a model in memory, or another version made it",
                "run the pipeline with this version, on files and a model folder",
            ) from None
        return cls(folder, read_json(folder / MANIFEST), parsed, staged, job, described)

    @cached_property
    def labels(self) -> Labels:
        """How labels are written in the data files."""
        return Labels(self.parsed.job, self.staged.columns, self.staged.source, self.parsed.columns)

    @cached_property
    def renaming(self) -> dict[str, str]:
        """The name in dropped.parquet of every source column, by its name in the data files."""
        data, dropped = self.labels.written(dropped=False), self.labels.written(dropped=True)
        return {data[column]: dropped[column] for column in data}

    @cached_property
    def soften(self) -> Softener | None:
        """What gives rows of the data their class probabilities, None where they have none."""
        if self.job.output.labels == "hard":
            return None
        try:
            plan = Pipeline.model_validate({"about": "as it was run", **self.described})
        except ValidationError:
            raise RequestError(
                str(self.folder / PLAN),
                "the run has a stage of your own, and its class probabilities cannot be made again without it",
                "run it with output.labels: hard",
            ) from None
        return softener(plan, self.job)

    @cached_property
    def _cells(self) -> dict[str, object]:
        """How each label is written in a data file: the first cell that holds it."""
        column = self.labels.columns(dropped=False)["label"]
        cells: dict[str, object] = {}
        for name in (each for each in sorted(self.parsed.files) if each.startswith("data/") and column):
            for row in records(self.folder / name, (str(column),)):
                cell = row.get(str(column))
                if cell is None or any(
                    cell == known and type(cell) is type(known) for known in cells.values()
                ):
                    continue
                cells |= {label: cell for label in self.staged.labels if self.labels.same(cell, label)}
        return cells

    def cell_of(self, label: str) -> object:
        """Return how a label is written in the data files; RequestError for one that no row has."""
        if label not in self._cells:
            raise RequestError(
                f"label `{label}`",
                "no row of the run has it, so it is not known how it is written",
                f"its labels are {', '.join(self.staged.labels)}",
            )
        return self._cells[label]

    @cached_property
    def rejected_sources(self) -> dict[str, str]:
        """The source rows that an earlier review rejected, each with the reason."""
        if DROPPED not in self.parsed.files:
            return {}
        rows = records(self.folder / DROPPED, ("id", "source_id", "reason"))
        return {str(row["id"]): str(row["reason"]) for row in rows if row["source_id"] is None}

    def data_file(self, position: str, split: str) -> str:
        """Return the name of the file of a split in data/ or probes/."""
        return f"{position}/{file_stems(self.staged.splits)[split]}.{self.job.output.format}"
