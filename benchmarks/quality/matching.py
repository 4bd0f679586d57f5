"""What studies of augmentation share: EDA with as many edits as another recipe, and two halves of Cilin."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from augment.api.run import run
from augment.candidates.lexicon import locate
from augment.config.job import Job
from augment.config.sections import OutputConfig
from augment.evaluation.conditions import Condition
from augment.output.export import SAMPLES
from augment.pipeline.definition import Pipeline

MATCHED = "eda:matched"
COUNTED, ALPHAS = 300, tuple(round(0.01 * step, 2) for step in range(2, 51))
# Stages that ask no model of what they make.
UNJUDGED = ("tokenize", "weigh", "rank", "substitute", "delete")


def matched_eda(job: Job, file: Path, recipe: str = "augment-wide") -> Path:
    """Return a pipeline of EDA with the alpha that makes about as many edits a sample as a recipe does on random words.

    The job needs a model, which no stage asks. Written once, beside which its trials are made.
    """
    if not file.exists():
        stages = [
            stage for stage in Condition.of(f"{recipe}:random").plan(1).stages if stage.kind in UNJUDGED
        ]
        goal = edits(job, file, _described("count", [stage.model_dump(mode="json") for stage in stages]))
        low, high = 0, len(ALPHAS) - 1
        # More alpha, more edits: the last that makes fewer, and the first that makes more.
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if edits(job, file, _eda(ALPHAS[middle])) < goal else (low, middle)
        made = {index: edits(job, file, _eda(ALPHAS[index])) for index in (low, high)}
        nearest = min(made, key=lambda index: abs(made[index] - goal))
        alpha = ALPHAS[nearest]
        print(
            f"{file.stem}: alpha {alpha}, {made[nearest]:.2f} edits a sample, {recipe} {goal:.2f}", flush=True
        )
        # JSON is YAML.
        file.write_text(json.dumps(_eda(alpha), indent=1), encoding="utf-8")
    return file


def edits(job: Job, others: Path, described: Mapping[str, object]) -> float:
    """Return the edits a sample of some training rows of a job, by a pipeline whose stages need no model."""
    plan = Pipeline.model_validate(described)
    settings = {
        "run": job.run.model_copy(update={"limit": COUNTED}),
        "output": OutputConfig(report_rows=0),
    }
    folder = run(plan, job.model_copy(update=settings), others.with_name("count"), overwrite=True).folder
    counts = [len(edits) for edits in pq.read_table(folder / SAMPLES).column("edits").to_pylist()]
    shutil.rmtree(folder)
    return sum(counts) / len(counts)


def _eda(alpha: float) -> dict[str, object]:
    """Return the pipeline of EDA."""
    return _described("eda-matched", [{"kind": "tokenize"}, {"kind": "eda", "alpha": alpha}])


def _described(name: str, stages: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return a pipeline on training rows as a YAML file has it."""
    return {
        "name": name,
        "about": "As many edits as another recipe.",
        "splits": ["train"],
        "stages": list(stages),
    }


def halves(work: Path) -> tuple[str, str]:
    """Return two files with the rows of Cilin in turn: for recipes, and for what tests are reworded from."""
    source = locate(["cilin"], work)[0]["cilin"]
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    files = [work / f"cilin-{half}.txt" for half in ("arms", "test")]
    work.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(files):
        file.write_text("".join(lines[number::2]), encoding="utf-8")
    return str(files[0]), str(files[1])
