"""The samples of a pipeline as a torch dataset that draws new ones in each epoch; attribution is computed once.

The stages before the first editing stage run once, as a run of their own that is reused, or come from the
`explain/` folder of a finished one. A sample is drawn when it is requested, by a generator that depends on the seed, the
stage, the row and the epoch alone: the same in any worker, any order and any process. No model is called, so no sample is
judged.

    rows = online("augment", read_job([Path("mine.yaml")]))
    rows.set_epoch(1)
    rows[0].text, rows[0].label, rows[0].edits
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch.utils.data import Dataset

from augment.api.progress_bar import Shown
from augment.api.run import run
from augment.config.job import Config, Job, job_of
from augment.corpus import with_label_names
from augment.engine.fingerprint import fingerprint_of
from augment.errors import FingerprintError, RequestError
from augment.models.labels import LabelMap
from augment.models.model_folder import model_folder
from augment.output.export import SOURCE_ROWS
from augment.pipeline.adapting import adapted
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.seeding import chance
from augment.stages.editing import Row, protection
from augment.stages.editor import TRIES, Draw, Drawer, Editor, is_blank, redrawing
from augment.stages.own import sources_of
from augment.stages.protocol import Stage, TableStage
from augment.tables.columns import CORPUS
from augment.tables.files import in_parts, read_json
from augment.tables.run_folder import ANSWERS, MANIFEST, PLAN
from augment.text.editable import Protection
from augment.text.edits import Edit, replay

# Rows whose candidates are looked up together.
_TOGETHER = 1024


@dataclass(frozen=True)
class Variant:
    """A row to train on.

    label_id: the class of the label in the model's order, -1 for none; method: the stage that made it, None for the source
    text; edits: replacements which, made on the source text, give it.
    """

    id: str
    text: str
    text_pair: str | None
    label: str | None
    label_id: int
    method: str | None = None
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Maker:
    """An editing stage with the candidates for each word of each row."""

    stage: Editor
    drawers: Mapping[int, Drawer]
    guard: Protection
    seed: int

    def variant(self, batch: pa.RecordBatch, block: int, visit: int) -> tuple[Row, Draw] | None:
        """Return a row, alone in its batch, with the draw of a visit; None if nothing new can be made of it.

        It is the first of the numbers from `visit` on that gives a new text: at visit 0, what a run calls sample 1.
        """
        there = set(self.stage.needs) <= set(batch.schema.names)
        for row in self.stage.rows(batch, self.guard) if there else ():
            for number in range(visit, visit + TRIES * self.stage.count) if row.free else ():
                rng = chance(self.seed, self.stage.method, row.id, number)
                draw = self.drawers[block](row, rng, number)
                if draw is None:
                    break
                texts = replay(row.text, row.text_pair, draw.edits)
                if texts != (row.text, row.text_pair) and not is_blank(texts):
                    return row, draw
        return None


class OnlineDataset(Dataset[object]):
    """The processed rows of a pipeline, each in the variant of the epoch; `len` is their number.

    Over as many epochs as the pipeline asks for samples, a row passes through all its stages, each as often as it has
    samples; rows begin at different stages, so that every epoch has some of each. A row of which nothing new can be made
    is given as it is.
    """

    def __init__(
        self,
        rows: pa.RecordBatch,
        makers: tuple[Maker, ...],
        labels: tuple[str, ...],
        transform: Callable[[Variant], object] | None = None,
    ) -> None:
        """Keep the rows with their scores and ranks, the stages, the labels in the model's order, and the `transform` of items."""
        self.labels, self.transform = labels, transform
        self._rows, self._makers = rows, makers
        self._class = {label: number for number, label in enumerate(labels)}
        # Shared, so that workers that live from epoch to epoch see which one it is.
        self._epoch = torch.zeros((), dtype=torch.int64)
        self._epoch.untyped_storage().share_memory_()

    @property
    def epoch(self) -> int:
        """The epoch whose variants are returned."""
        return int(self._epoch.item())

    def set_epoch(self, epoch: int) -> None:
        """Return the variants of this epoch, counted from 0, from now on, in all workers; ValueError if it is negative."""
        if epoch < 0:
            raise ValueError(f"epochs are counted from 0, not {epoch}")
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._rows.num_rows)

    def __getitem__(self, index: int) -> object:
        """Return the variant of a row, or the result of `transform` on it; IndexError if there is no such row."""
        variant = self.variant(index, self.epoch)
        return variant if self.transform is None else self.transform(variant)

    def variant(self, index: int, epoch: int) -> Variant:
        """Return the variant that a row has in an epoch; IndexError if there is no such row."""
        row_index = index + len(self) if index < 0 else index
        if not 0 <= row_index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        batch = self._rows.slice(row_index, 1)
        maker, visit = self._turn(batch.column("id")[0].as_py(), epoch)
        drawn = maker.variant(batch, row_index // _TOGETHER, visit)
        if drawn is None:
            return self._source(batch)
        row, draw = drawn
        text, pair = replay(row.text, row.text_pair, draw.edits)
        label = row.label if draw.label is None else draw.label
        number = self._class.get(str(label), -1)
        return Variant(row.id, text, pair, label, number, maker.stage.method, draw.edits)

    def source(self, index: int) -> Variant:
        """Return a row as it is in the corpus."""
        return self._source(self._rows.slice(range(len(self))[index], 1))

    def _source(self, batch: pa.RecordBatch) -> Variant:
        """Return the only row of a batch as it is in the corpus."""
        names = ("id", "text", "text_pair", "label")
        name, text, pair, label = (batch.column(column)[0].as_py() for column in names)
        return Variant(name, text, pair, label, self._class.get(str(label), -1))

    def _turn(self, name: str, epoch: int) -> tuple[Maker, int]:
        """Return the stage that makes the variant of a row in an epoch, and how often it did before."""
        cycle = sum(maker.stage.count for maker in self._makers)
        begin = chance(self._makers[0].seed, "online", name, 0).below(cycle)
        first = 0
        for maker in self._makers:
            many = maker.stage.count
            if first <= (begin + epoch) % cycle < first + many:
                break
            first += many
        return maker, _turns(begin + epoch, cycle, first, many) - _turns(begin, cycle, first, many)


def online(
    pipeline: str | Path | Pipeline | Sequence[Stage],
    job: Job | Config | Sequence[Config],
    folder: Path | str | None = None,
    transform: Callable[[Variant], object] | None = None,
    progress: Shown = None,
) -> OnlineDataset:
    """Return the dataset of a pipeline (a shipped name, a file, or a `Pipeline`) on a job.

    `folder` is that of a finished run of the pipeline, or where the attribution is put and found again; by default
    runs/<job>-<pipeline>-online. RequestError if a stage asks the model for its samples or none makes any;
    FingerprintError if the folder holds the scores of another corpus, model or pipeline; what `run` raises.
    """
    job = job_of(job)
    plan, _ = adapted(pipeline_of(pipeline), job)
    before, editing = _split(plan)
    job = with_label_names(job)
    home = Path(folder) if folder is not None else Path("runs") / f"{job.name}-{plan.name}-online"
    job = job.keeping_answers(home / ANSWERS)
    if (home / MANIFEST).exists():
        _check(home, before, job)
    else:
        settings = {"output": job.output.model_copy(update={"report_rows": 0})}
        run(before, job.model_copy(update=settings), home, progress=progress)
    rows = _rows(home, editing)
    guard = protection(job)
    makers = []
    for stage in editing:
        lookup = stage.lookup(job, home / "run" if stage.reads_tables else None)
        parts = [rows.slice(begin, _TOGETHER) for begin in range(0, rows.num_rows, _TOGETHER)]
        drawers = {block: lookup(stage.rows(part, guard)) for block, part in enumerate(parts)}
        makers.append(Maker(stage, drawers, guard, job.seed))
    return OnlineDataset(rows, tuple(makers), _labels(job, rows), transform)


def _split(plan: Pipeline) -> tuple[Pipeline, list[Editor]]:
    """Return the pipeline up to its first editing stage, and the editing stages; RequestError for one that asks the model."""
    making = [index for index, stage in enumerate(plan.stages) if stage.makes_samples]
    editing = redrawing(plan.stages)
    wrong = next((plan.stages[index] for index in making if plan.stages[index] not in editing), None)
    if not making or not making[0] or wrong is not None:
        what = (
            "no stage of it makes samples"
            if wrong is None
            else f"the samples of `{wrong.kind}` cannot be drawn anew"
        )
        hint = (
            "give a pipeline whose samples come from `substitute`, `delete`, or your own stages that redraw"
        )
        if wrong is not None and wrong.gpu:
            what = f"{what}: they depend on the model's answers, and online calls no model"
            hint = "use `augment harden`, or attack the model in each epoch with an Augmenter, as docs/online.md shows"
        raise RequestError(f"pipeline {plan.name}", what, hint)
    stages: tuple[Stage, ...] = plan.stages[: making[0]]
    kept = {table.kind for table in _kept_tables(stages)}
    for reading in editing:
        for name in reading.reads_tables:
            if name not in kept:
                raise RequestError(
                    f"pipeline {plan.name}",
                    f"stage `{reading.kind}` reads what `{name}` learned of the corpus, and a finished run does not keep it",
                    "leave that key of the stage out, or train on the samples of a run",
                )
    return plan.model_copy(update={"stages": stages}), editing


def _kept_tables(stages: Iterable[Stage]) -> list[TableStage]:
    """Return the stages whose table of the corpus a finished run keeps."""
    learning = (stage.learns_table for stage in stages)
    return [table for table in learning if table is not None and table.keeps_table]


def _check(folder: Path, before: Pipeline, job: Job) -> None:
    """Raise FingerprintError, naming the field, if the scores in the folder of a finished run are not those of a job."""
    stored, wanted = read_json(folder / PLAN)["fingerprint"], fingerprint_of(before, job)
    differs = [
        name for name, value in _deciding(wanted, before).items() if _deciding(stored, before)[name] != value
    ]
    if differs:
        raise FingerprintError(
            str(folder),
            f"holds scores of a run with another {', '.join(differs)}",
            "give another folder, or delete this one",
        )
    for table in _kept_tables(before.stages):
        if not table.path_in(folder / "run").exists():
            raise RequestError(
                str(table.path_in(folder / "run")),
                "is not there: the run is of a version that did not keep it",
                "run the pipeline again with --overwrite, or give another folder",
            )


def _deciding(fingerprint: object, before: Pipeline) -> dict[str, object]:
    """Return the part of a fingerprint that decides rows, scores and ranks."""
    given = fingerprint if isinstance(fingerprint, dict) else {}
    recorded, plan = given.get("job", {}), given.get("pipeline", {})
    own = sources_of(before.stages)
    # What is counted of plain text decides the samples, and is not looked at before them.
    learned = ("resources", "lexicons") if _kept_tables(before.stages) else ()
    return {
        "pipeline": [plan.get("splits"), plan.get("stages", [])[: len(before.stages)]],
        "source of stages": [plan.get("own_stages", {}).get(name) for name in own],
        "algorithm": given.get("algorithm"),
        "corpus": [given.get("corpus"), recorded.get("corpus")],
        "model": [given.get("models", {}).get("model"), recorded.get("model")],
        "seed": recorded.get("seed"),
        "run": recorded.get("run"),
        **{name: given.get(name) for name in learned},
    }


def _rows(folder: Path, editing: list[Editor]) -> pa.RecordBatch:
    """Return the processed rows with the columns that the stages need."""
    with in_parts(folder / SOURCE_ROWS) as file:
        there = file.schema_arrow.names
    wanted = [column.name for column in CORPUS]
    wanted += [
        "tokens",
        "side",
        "spans",
        "owner",
        "key",
        *(name for stage in editing for name in stage.needs),
    ]
    table = pq.read_table(
        folder / SOURCE_ROWS, columns=[name for name in dict.fromkeys(wanted) if name in there]
    )
    batches = table.combine_chunks().to_batches()
    if not batches:
        raise RequestError(
            str(folder), "holds no row that was processed", "choose other splits, or more rows"
        )
    return batches[0]


def _labels(job: Job, rows: pa.RecordBatch) -> tuple[str, ...]:
    """Return the labels in the model's order, or sorted where the job has no model."""
    if job.model is None:
        return tuple(sorted(str(label) for label in rows.column("label").drop_null().unique().to_pylist()))
    return LabelMap(model_folder(job.model, job.run).classes, job.label_names).ordered


def _turns(end: int, cycle: int, first: int, many: int) -> int:
    """Return how many numbers below `end` are, counted round a cycle, among the `many` from `first` on."""
    return end // cycle * many + min(max(end % cycle - first, 0), many)
