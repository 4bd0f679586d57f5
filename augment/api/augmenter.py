"""Make samples of texts in memory: a list, a DataFrame or a dataset in, the same with samples out, and no folder.

augmenter = Augmenter(classifier, seed=0)
augmenter(["The room was clean."], ["good"])               # list of Sample
augmenter.transform(df, text="review", label="stars")      # DataFrame: source rows and samples
dataset.map(augmenter.batch, batched=True)
"""

import logging
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.api.augmenter_settings import job_with, plan_with, require_labels, require_model
from augment.api.given_texts import GivenTexts, given_labels, given_texts, is_missing
from augment.api.progress_bar import Shown, shown
from augment.api.rows_in_memory import ids_of, rows_of
from augment.api.sample import Sample
from augment.api.user_tables import (
    TableColumns,
    batch_with_samples,
    columns_of,
    require_batch,
    require_frame,
    with_samples,
)
from augment.candidates.sources import source_notices
from augment.config.given_model import given_model, label_name
from augment.config.in_memory import FunctionModel
from augment.config.sections import ModelConfig
from augment.errors import DataError, RequestError, WrongTypeError
from augment.models.labels import LabelMap, listed
from augment.models.model_folder import model_folder, require_pairs
from augment.pipeline.adapting import adapted
from augment.pipeline.apply import Treat, open_pipeline
from augment.pipeline.definition import Pipeline
from augment.pipeline.requirements import package_notices, source_names
from augment.stages.protocol import Stage
from augment.text.edits import Edit

if TYPE_CHECKING:
    import pandas as pd

_LOG = logging.getLogger("augment")
# Verdicts of samples that are given: not those in doubt (soft) and those that were dropped.
_GIVEN = frozenset({None, "keep", "adversarial", "contrast"})


class Augmenter:
    """Makes samples by a pipeline. `notices`: what is done otherwise than the pipeline's defaults, and what is not installed."""

    def __init__(
        self,
        model: object = None,
        pipeline: str | Path | Pipeline | Sequence[Stage] = "augment",
        seed: int = 0,
        *,
        text: str | None = None,
        label: str | None = None,
        text_pair: str | None = None,
        only: Iterable[Hashable] | None = None,
        classes: Iterable[Hashable] | None = None,
        label_names: Mapping[Hashable, Hashable] | None = None,
        judge: object = None,
        language: str = "auto",
        settings: Mapping[str, object] | None = None,
        resources: Mapping[str, object] | None = None,
        run: Mapping[str, object] | None = None,
        allow_download: bool = False,
        progress: Shown = None,
    ) -> None:
        """Check everything that can be checked without loading a model.

        model, judge, classes: as `explain` takes them. pipeline: a shipped name, a file, a Pipeline, or a list of stages.
        text, label, text_pair: the columns of tables, by default those with a usual name. only: labels; only rows with one
        of them get samples. label_names: what a label in the data is called by the model, such as {0: "negative"}.
        settings: keys of stages, such as {"substitute.samples": 2}. language, resources, run: as in a config; file names are relative to the working directory.
        """
        if only is not None and (isinstance(only, str) or not isinstance(only, Iterable)):
            what = f"{type(only).__name__} is no list of labels"
            raise WrongTypeError("only", what, f"give a list: only=[{only!r}]")
        self._model = None if model is None else given_model(model, classes)
        job = job_with(seed, language, resources, run, allow_download)
        if self._model is not None:
            job = job.model_copy(update={"model": self._model.config})
        if judge is not None:
            job = job.model_copy(update={"judge": given_model(judge, classes).config})
        self._plan, changes = adapted(plan_with(pipeline, settings or {}), job)
        require_model(self._plan, job)
        self._job, self._columns = job, (text, label, text_pair)
        self._only = None if only is None else tuple(only)
        self._names, self._progress = dict(label_names or {}), progress
        self._treat: Treat | None = None
        # A section of a job has a key for it.
        self._takes_pairs = not isinstance(model, ModelConfig)
        missing = source_notices(source_names(self._plan), job)
        self.notices = (*changes, *missing, *package_notices(self._plan))
        for notice in changes:
            _LOG.warning(notice)

    def __call__(
        self,
        texts: str | Iterable[str] | Iterable[tuple[str, str]],
        labels: object = None,
        text_pair: str | Iterable[str] | None = None,
        *,
        ids: Iterable[Hashable] | None = None,
    ) -> list[Sample]:
        """Return the samples of texts with these labels, one a text (or the one of a single text).

        ids: names of the texts, by which chance is drawn, as a run does by the ids of its rows; by default the texts
        themselves. WrongTypeError, RequestError or DataError for texts and labels that cannot be used.
        """
        given = given_texts(texts, text_pair)
        if isinstance(texts, str) and labels is not None:
            labels = [labels]
        known = None if labels is None else given_labels(labels, len(given.texts))
        if known is not None:
            require_labels(self._only or (), known)
        return self._made(given, known, ids_of(given, ids))

    def transform(
        self,
        table: "pd.DataFrame",
        text: str | None = None,
        label: str | None = None,
        text_pair: str | None = None,
    ) -> "pd.DataFrame":
        """Return the rows of a DataFrame, each followed by its samples.

        Columns and their types stay; a sample has the values of its source row but for the text, and the index of its source
        row. A column `method` names how a sample was made, and is missing on source rows.
        """
        require_frame(table)
        columns = self._named(table.columns, text, label, text_pair)
        if columns.label is not None:
            require_labels(self._only or (), table[columns.label].dropna().unique().tolist())
        return with_samples(table, self._of_columns(columns, table), columns)

    def batch(self, batch: Mapping[str, Sequence[object]]) -> dict[str, list[object]]:
        """Return a batch of a dataset with its samples, for `dataset.map(augmenter.batch, batched=True)`."""
        names = require_batch(batch)
        columns = self._named(names, None, None, None)
        return batch_with_samples(dict(batch), self._of_columns(columns, batch), columns)

    def __getstate__(self) -> dict[str, object]:
        """Return what is sent to other processes: not the models, which each loads."""
        return {**self.__dict__, "_treat": None}

    def _named(
        self, names: Iterable[object], text: str | None, label: str | None, text_pair: str | None
    ) -> TableColumns:
        """Return the columns of a table, by what is named here or was named at the start."""
        given = [one or other for one, other in zip((text, label, text_pair), self._columns, strict=True)]
        return columns_of(names, *given)

    def _of_columns(
        self, columns: TableColumns, table: "pd.DataFrame | Mapping[str, Sequence[object]]"
    ) -> list[Sample]:
        """Return the samples of a table's rows."""
        given = given_texts(
            list(table[columns.text]), None if columns.text_pair is None else list(table[columns.text_pair])
        )
        labels = None
        if columns.label is not None:
            labels = given_labels(list(table[columns.label]), len(given.texts), f"column {columns.label}")
        ids = list(table["id"]) if "id" in list(table) else None
        unique = (
            ids is not None and len({str(name) for name in ids}) == len(ids) and not any(map(is_missing, ids))
        )
        return self._made(given, labels, ids_of(given, ids if unique else None))

    def _made(
        self, given: GivenTexts, labels: tuple[Hashable, ...] | None, ids: Sequence[str]
    ) -> list[Sample]:
        """Return the samples of texts whose labels are chosen."""
        names = self._label_names(labels, len(given.texts))
        self._require_pairs(given)
        chosen = self._chosen(labels, len(given.texts))
        if self._treat is None:
            self._treat = open_pipeline(self._plan, self._job, shard_rows=self._job.run.shard_rows)
        with shown(self._progress) as report:
            # All rows are treated, also where only some get samples: what is learned of the corpus is learned from all.
            rows = rows_of(ids, given.texts, given.pairs, names, self._plan.splits[0])
            applied = self._treat(rows, report)
        for reason, count in Counter(reject.reason for reject in applied.rejects).items():
            _LOG.warning("no samples of %d rows: %s", count, reason)
        source_of = {name: row for row, name in enumerate(ids) if row in chosen}
        return [
            self._sample(row, source_of[row["source_id"]], labels)
            for row in applied.table.to_pylist()
            if row.get("source_id") in source_of and row.get("verdict") in _GIVEN
        ]

    def _require_pairs(self, given: GivenTexts) -> None:
        """Let a function be given both texts of pairs; ModelError for a model that reads one text."""
        model = self._job.model
        if not given.paired or model is None:
            return
        if isinstance(model, FunctionModel) and not model.pairs and self._takes_pairs:
            paired = model.model_copy(update={"pairs": True})
            self._job, self._treat = self._job.model_copy(update={"model": paired}), None
        require_pairs(model_folder(self._job.needs_model(), self._job.run))

    def _sample(self, row: Mapping[str, Any], source: int, labels: tuple[Hashable, ...] | None) -> Sample:
        """Return the sample in a row."""
        moved = row.get("label_from") is not None
        label = None if labels is None else labels[source]
        edits = tuple(Edit(**edit) for edit in row["edits"])
        return Sample(
            row["id"],
            row["text"],
            row["text_pair"],
            self._written(row["label"], labels or ()) if moved else label,
            source,
            row["method"],
            edits,
            row.get("verdict"),
            row.get("p_gold_after"),
            moved,
        )

    def _written(self, name: str, labels: Sequence[Hashable]) -> Hashable:
        """Return a label as the data have it, by its name inside."""
        known = {self._inside(label): label for label in (*self._names, *labels)}
        return known.get(name, name if self._model is None else self._model.label(name))

    def _inside(self, label: Hashable) -> str:
        """Return the name that a label of the data has inside."""
        return label_name(self._names.get(label, label))

    def _label_names(self, labels: Sequence[Hashable] | None, count: int) -> list[str | None]:
        """Return the names of labels; RequestError if there are none and the pipeline needs them, DataError for unknown ones."""
        if labels is None:
            if any(stage.decides for stage in self._plan.stages):
                what = f"the pipeline `{self._plan.name}` checks that labels hold, and there are none"
                raise RequestError("labels", what, "give one label a text (tables: label=COLUMN)")
            return [None] * count
        names = {label: self._inside(label) for label in labels}
        if self._job.model is not None and any("model" in stage.uses for stage in self._plan.stages):
            classes = LabelMap(model_folder(self._job.model, self._job.run).classes)
            unknown = [label for label, name in names.items() if classes.index(name) is None]
            if unknown:
                what = f"the model does not know it; its classes are {listed(classes.ordered)}"
                mapping = {unknown[0]: classes.ordered[0]}
                hint = f"name the class of each label, for example label_names={mapping!r}"
                raise DataError(f"label {unknown[0]!r}", what, hint)
        return [names[label] for label in labels]

    def _chosen(self, labels: Sequence[Hashable] | None, count: int) -> set[int]:
        """Return the numbers of the texts that get samples; RequestError for `only` where there are no labels."""
        if self._only is None:
            return set(range(count))
        if labels is None:
            raise RequestError(
                "only", "the texts have no labels", "give one label a text, or leave `only` out"
            )
        wanted = {self._inside(label) for label in self._only}
        return {number for number, label in enumerate(labels) if self._inside(label) in wanted}
