"""The attacks of a hardening: which pipelines they are, and what comes of them on some rows, read from a run.

plans = attack_plans(job.harden, {"attack.similarity": 0.9})
attacked = Attacking(job, Path("runs/mine-harden")).run("attack", plans["attack"], rows, Path("models/mine"), silent)
attacked.outcomes, attacked.samples
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from augment.adversarial.recipes import RECIPE_NAMES
from augment.api.augmenter_settings import plan_with
from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, HardenConfig, OutputConfig
from augment.errors import RequestError
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.pipeline.overrides import with_settings
from augment.progress import Progress
from augment.tables.columns import ATTACK
from augment.tables.files import write_text
from augment.training.examples import Examples

_SHIPPED = "attack"
_SPLIT = "train"


@dataclass(frozen=True)
class AttackedRows:
    """What came of an attack on rows: by row the outcome (None where it was not attacked), rows computed and words edited.

    samples: a row for each sample, with the index of its source row in `sources`.
    """

    outcomes: tuple[str | None, ...]
    queries: tuple[int, ...]
    edits: tuple[int, ...]
    samples: Examples
    sources: tuple[int, ...]


def attack_plans(config: HardenConfig, settings: Mapping[str, object]) -> dict[str, Pipeline]:
    """Return the pipeline of each attack by its name; RequestError for one that does not try to change predictions.

    settings: keys of stages, such as {"attack.similarity": 0.9}, for all of them.
    """
    if any(key.rpartition(".")[2] == "recipe" for key in settings):
        hint = "name recipes in `harden.attack` and `harden.others`"
        raise RequestError("attack.recipe", "it would make all attacks of the hardening the same", hint)
    plans: dict[str, Pipeline] = {}
    for key, name in (("attack", config.attack), *(("others", name) for name in config.others)):
        where, short = f"harden.{key}: {name}", Path(name).stem
        if short in plans:
            raise RequestError(where, f"two attacks are called `{short}`", "give the files different names")
        plans[short] = _plan(where, name, settings)
    return plans


def _plan(where: str, name: str, settings: Mapping[str, object]) -> Pipeline:
    """Return the pipeline of an attack by its name."""
    plan = pipeline_of(_SHIPPED if name in RECIPE_NAMES else name)
    if name in RECIPE_NAMES:
        plan = with_settings(plan, [f"{_SHIPPED}.recipe={name}"])
    plan = plan_with(plan, settings)
    attacking = [stage for stage in plan.stages if set(ATTACK) <= set(stage.adds)]
    if len(attacking) != 1:
        hint = f"name a recipe ({', '.join(RECIPE_NAMES)}), or a pipeline with one stage `attack`"
        raise RequestError(where, f"{len(attacking)} of its stages attack the model", hint)
    if any(stage.keeps_answer for stage in attacking):
        what = "it shortens texts while the answer stays, so there is no accuracy under it"
        raise RequestError(where, what, "name an attack that changes answers, such as `attack` or `pwws`")
    return plan.model_copy(update={"splits": (_SPLIT,)})


class Attacking:
    """Runs attacks on rows in the folder of a hardening. A run that was broken off goes on, a finished one is read."""

    def __init__(self, job: Job, folder: Path, paired: bool) -> None:
        """Keep the job, its resources named by absolute paths, and the folder."""
        self._job, self._folder, self._paired = job, folder, paired

    def run(self, name: str, plan: Pipeline, rows: Examples, model: Path, report: Progress) -> AttackedRows:
        """Return what comes of an attack on rows with the model of a folder; the run is kept under its name."""
        output = self._folder / "attacks" / name
        corpus = self._folder / "rows" / f"{name}.jsonl"
        write_text(corpus, "".join(f"{line}\n" for line in self._lines(rows)))
        # What a user wants of the starting model was checked; a model that training has spoilt is measured as it is.
        plan = with_settings(
            plan, [f"{stage.kind}.any_victim=true" for stage in plan.stages if ATTACK[0] in stage.adds]
        )
        run(plan, self._job_on(corpus, model), output, progress=report)
        return _read(output, rows, self._paired)

    def _lines(self, rows: Examples) -> list[str]:
        """Return rows as JSON lines."""
        columns = zip(rows.ids, rows.texts, rows.pairs, rows.labels, strict=True)
        named = (
            {"id": name, "text": text, **({"text_pair": pair} if self._paired else {}), "label": label}
            for name, text, pair, label in columns
        )
        return [json.dumps(row, ensure_ascii=False) for row in named]

    def _job_on(self, corpus: Path, model: Path) -> Job:
        """Return the job that attacks the model of a folder on the rows of a file."""
        given = self._job.needs_corpus()
        section = {
            "root": str(corpus.parent),
            "encoding": "utf-8",
            "files": {_SPLIT: corpus.name},
            "id": "id",
            "text": "text",
            "text_pair": "text_pair" if self._paired else None,
            "label": "label",
            "label_names": given.label_names,
            "label_separator": given.label_separator,
            "language": given.language,
        }
        return self._job.model_copy(
            update={
                "corpus": CorpusConfig.model_validate(section),
                "model": self._job.needs_model().model_copy(update={"path": str(model)}),
                "output": OutputConfig(report_rows=0),
                "run": self._job.run.model_copy(update={"splits": None, "limit": None}),
            }
        )


def _read(folder: Path, rows: Examples, paired: bool) -> AttackedRows:
    """Return what the run in a folder did to rows."""
    index = {name: number for number, name in enumerate(rows.ids)}
    outcomes: list[str | None] = [None] * len(rows)
    queries, edits = [0] * len(rows), [0] * len(rows)
    made: list[dict[str, Any]] = []
    for part in ("data", "probes"):
        path = folder / part / f"{_SPLIT}.parquet"
        for row in pq.read_table(path).to_pylist() if path.exists() else ():
            if row.get("source_id") is not None:
                made.append(row)
                continue
            number = index[row["id"]]
            outcomes[number] = row["attack"]
            queries[number], edits[number] = row["attack_queries"] or 0, row["attack_edits"] or 0
    sources = [index[row["source_id"]] for row in made]
    order = sorted(range(len(made)), key=lambda number: sources[number])
    samples = Examples(
        [made[number]["text"] for number in order],
        [made[number]["text_pair"] if paired else None for number in order],
        [rows.labels[sources[number]] for number in order],
        [made[number]["id"] for number in order],
    )
    return AttackedRows(
        tuple(outcomes), tuple(queries), tuple(edits), samples, tuple(sources[number] for number in order)
    )
