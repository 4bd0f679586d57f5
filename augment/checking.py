"""Would this run work? Everything that can be known without loading a model, in under a second.

check_run("augment", job)       # {"pipeline": "augment: tokenize, attribute, ...", "corpus": "...", ...}
"""

from augment.candidates.sources import lexicon_notices
from augment.corpus import inspect
from augment.job import Job
from augment.models.folder import model_folder
from augment.pipeline import check_sections, read_pipeline
from augment.shipped import find
from augment.stages.children import protection


def check_run(pipeline: str, job: Job) -> dict[str, str]:
    """Return what a run would use, a line each; the error a run would raise if it cannot begin."""
    plan = read_pipeline(find("pipelines", pipeline))
    check_sections(plan, job)
    corpus = job.needs_corpus()
    shape = inspect(corpus, job.run.allow_download)
    roles = {
        "text": shape.text,
        "text_pair": shape.text_pair,
        "label": shape.label,
        "id": shape.id,
        "split": shape.split,
    }
    found = {
        "pipeline": f"{plan.name}: {' > '.join(stage.kind for stage in plan.stages)}",
        "corpus": corpus.hub or ", ".join(str(corpus.root / file.path) for file in corpus.files),
        "columns": ", ".join(f"{role} = {name}" for role, name in roles.items() if name is not None),
        "splits": ", ".join(job.run.splits or plan.splits),
    }
    protection(job)
    if any("lexicon" in getattr(stage, "sources", ()) for stage in plan.stages):
        found |= {f"note {number}": notice for number, notice in enumerate(lexicon_notices(job), 1)}
    for section, config in (("model", job.model), ("judge", job.judge)):
        if config is not None and any(section in stage.uses for stage in plan.stages):
            folder = model_folder(config, job.run)
            found[section] = f"{config.path}: {folder.kind}, classes {', '.join(folder.classes)}"
    return found
