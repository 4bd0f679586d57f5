"""What decides the rows of a run: the same fingerprint, the same rows. Device, threads and folder are no part of it.

A run folder keeps its fingerprint; a request with another one is refused there, by the field that differs.

    fingerprint_of(read_pipeline(path), job)["models"]            # {"model": "9f86d0..."}
"""

from augment.candidates.fluency import fluency_versions
from augment.candidates.forms import form_versions
from augment.candidates.sources import lexicon_hashes
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.corpus import corpus_hashes
from augment.models.folds import fold_models
from augment.models.model_folder import model_folder, resource_folder
from augment.pipeline.definition import Pipeline, described
from augment.pipeline.requirements import package_versions, source_names
from augment.stages.evidence import text_configs
from augment.tables.files import digest

# Raised when the same request would give other rows than before.
ALGORITHM = 14


def fingerprint_of(plan: Pipeline, job: Job) -> dict[str, object]:
    """Return all that decides the rows of a run: not the device, the threads or the place."""
    gives = job.model_dump(
        mode="json", exclude={"run", "name", "train", "evaluate", "harden", "faithfulness", "llm"}
    )
    gives["run"] = job.run.model_dump(
        mode="json", include={"dtype", "splits", "limit", "token_budget", "shard_rows", "calibrations"}
    )
    gives["run"]["dtype"] = _dtype(job)
    gives["corpus"] = {key: value for key, value in dict(gives["corpus"] or {}).items() if key != "root"}
    models: dict[str, str] = {}
    for section, config in (("model", job.model), ("judge", job.judge)):
        if config is not None and any(section in stage.uses for stage in plan.stages):
            models[section] = model_folder(config, job.run).digest()
            folds = fold_models(config, job.run)
            models |= {f"{section} {name}": folder.digest() for name, folder in folds.items()}
    writers: dict[str, object] = {}
    if job.llm is not None and any("llm" in stage.uses for stage in plan.stages):
        writers["llm"] = language_model_of(job.llm)
    names = source_names(plan)
    return writers | {
        "algorithm": ALGORITHM,
        "pipeline": described(plan, exclude={"about"}),
        "job": gives,
        "corpus": corpus_hashes(job),
        "models": models,
        "lexicons": lexicon_hashes(job) if names else {},
        "forms": form_versions(names) | fluency_versions(job) | package_versions(plan),
        "resources": resource_hashes(job),
    }


def language_model_of(config: LlmConfig) -> dict[str, object]:
    """Return what decides the answers of a language model: its name or the content of its folder, and its parameters."""
    if config.path is None:
        return config.deciding()
    from augment.rewriting.local import language_model

    return {**config.deciding(), "digest": language_model(config).digest()}


def _dtype(job: Job) -> str:
    """Return the arithmetic of the model; only a device can answer `auto`."""
    if job.run.dtype != "auto":
        return job.run.dtype
    from augment.models.device import dtype_of

    return dtype_of(job.run)


def resource_hashes(job: Job) -> dict[str, str]:
    """Return the digests of the models and files that `resources` names, by name, and of the calibration."""
    given = job.resources
    single = [name for name in (given.flags, given.ngrams) if name is not None]
    names = (*given.protect, *given.guard, *given.antonyms, *single)
    hashes = {name: digest(job.root / name) for name in names if (job.root / name).is_file()}
    for config in text_configs(job):
        hashes |= corpus_hashes(job.model_copy(update={"corpus": config}))
    if given.masked_lm is not None:
        hashes[given.masked_lm] = resource_folder("masked_lm", given.masked_lm, job.run).digest()
    if given.causal_lm is not None:
        hashes[given.causal_lm] = resource_folder("causal_lm", given.causal_lm, job.run).digest()
    if given.encoder is not None:
        hashes[given.encoder] = resource_folder("encoder", given.encoder, job.run).digest()
    calibration = job.calibration_file()
    if calibration is not None:
        hashes[str(job.needs_model().calibration)] = digest(calibration)
    return hashes
