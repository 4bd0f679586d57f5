"""Check a run before it starts: everything that can be known without loading a model, in under a second.

check_run("augment", job)       # {"pipeline": "augment: tokenize, attribute, ...", "corpus": "...", ...}
findings(plan, job)             # the same one by one, up to what is wrong
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from augment.candidates.lexicon import locate
from augment.candidates.sources import source_notices
from augment.config.job import Job
from augment.corpus import USUAL, inspect, peek, repeats_of_heads, require_splits
from augment.corpus.repeats import repeat_notices
from augment.errors import DataError
from augment.models.folds import fold_models
from augment.models.labels import LabelMap, listed, listed_notices, misspelt
from augment.models.model_folder import model_folder, require_fit, resource_folder
from augment.pipeline.adapting import adapted
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.pipeline.requirements import (
    check_sections,
    package_notices,
    require_heads,
    require_labelled,
    required_by,
    source_names,
)


def check_run(pipeline: str | Path | Pipeline, job: Job) -> dict[str, str]:
    """Return what a run would use, a line each; the error a run would raise if it cannot begin."""
    return dict(findings(pipeline_of(pipeline), job))


def findings(plan: Pipeline, job: Job) -> Iterator[tuple[str, str]]:
    """Yield what a run would use, name and value; then raise the error a run would raise if it cannot begin.

    Labels are those of the first rows of each file: more may come, so a label here that the model does not know is an
    error, and a class of the model that is not here is none.
    """
    plan, changes = adapted(plan, job)
    yield "pipeline", f"{plan.name}: {' > '.join(stage.kind for stage in plan.stages)}"
    check_sections(plan, job)
    job = required_by(plan, job)
    corpus = job.needs_corpus()
    yield "corpus", corpus.hub or ", ".join(str(corpus.root / file.path) for file in corpus.files)
    shape = inspect(corpus, job.run.allow_download)
    yield "columns", ", ".join(f"{role} = {name}" for role in USUAL if (name := getattr(shape, role)))
    require_splits(job, plan.splits)
    splits = job.run.splits or plan.splits
    seen = peek(corpus, job.run.allow_download)
    yield "splits", f"{', '.join(splits)} of {', '.join(sorted({*splits, *seen.labels}))}"
    if not seen.rows:
        raise DataError(corpus.origin, "there are no rows", "check how the files were made")
    labels = sum(map(Counter, seen.labels.values()), Counter[str]())
    yield "labels", f"{listed(sorted(labels)) or 'none'} ({seen.rows:,} rows seen)"
    require_labelled(plan, job, labels)
    calibration = job.calibration_file()
    if calibration is not None:
        yield "calibration", str(calibration)
    names = source_names(plan)
    if "lexicon" in names:
        yield "dictionaries", ", ".join(locate(job.resources.lexicons, job.root)[0]) or "none"
    if job.resources.masked_lm is not None and "masked_lm" in names:
        path = job.resources.masked_lm
        yield "masked model", f"{path}: {resource_folder('masked_lm', path, job.run).kind}"
    if job.resources.encoder is not None and names:
        path = job.resources.encoder
        yield "encoder", f"{path}: {resource_folder('encoder', path, job.run).kind}"
    repeats = repeats_of_heads(corpus, job.run.allow_download)
    notices = [
        *changes,
        *repeat_notices(repeats),
        *misspelt(labels),
        *(listed_notices(labels) if shape.separator is None else ()),
        *source_notices(names, job),
        *package_notices(plan),
    ]
    for number, notice in enumerate(notices, 1):
        yield f"note {number}", notice
    used_labels = frozenset().union(*(seen.labels.get(split, ()) for split in splits))
    for section, config in (("model", job.model), ("judge", job.judge)):
        if config is not None and any(section in stage.uses for stage in plan.stages):
            folder = model_folder(config, job.run)
            require_heads(plan, section, folder)
            paired = shape.text_pair is not None
            require_fit(folder, shape.label_names, used_labels, paired, job.label_separator)
            yield section, f"{config.path}: {folder.kind}, classes {listed(folder.classes)}"
            known = LabelMap(folder.classes, shape.label_names, folder.head, job.label_separator)
            idle = known.idle(labels if corpus.labels is None else ())
            yield from ((f"{section} classes", notice) for notice in idle)
            folds = fold_models(config, job.run)
            if folds:
                yield (
                    f"{section} folds",
                    f"{len(folds)}; a row of train is shown to the one that did not see it",
                )
    yield from language_model_lines(plan, job)


def language_model_lines(plan: Pipeline, job: Job) -> Iterator[tuple[str, str]]:
    """Yield where texts would go and what limits hold, and the variable of the key if the environment lacks it; nothing is called."""
    if not any("llm" in stage.uses for stage in plan.stages):
        return
    config = job.needs_llm()
    money = "" if config.most_money is None else f", {config.most_money:,.10g} of money"
    yield (
        "language model",
        f"{config.destination}; at most {config.most_rows:,} rows, {config.most_tokens:,} tokens{money}",
    )
    if config.key_variable is not None and not os.environ.get(config.key_variable, "").strip():
        yield "its key", f"the environment has no {config.key_variable}: export it before the first call"
