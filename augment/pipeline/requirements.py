"""What a pipeline requires of a job: sections, flags, word sources and files. Checked before anything runs."""

from collections.abc import Collection

from augment.candidates.common_pairs import pair_versions
from augment.candidates.fluency import require_ngrams
from augment.config.job import Job
from augment.corpus import inspect
from augment.errors import DataError, RequestError
from augment.models.heads import require_single
from augment.models.labels import listed
from augment.models.model_folder import ModelFolder
from augment.pipeline.definition import Pipeline
from augment.stages.accepted import accepted
from augment.stages.editing import protection
from augment.text.tagger import MISSING, PACKAGE, tagger_version


def source_names(pipeline: Pipeline) -> frozenset[str]:
    """Return the sources that any stage takes words from; lexicons are needed to check the words of all of them."""
    return frozenset(name for stage in pipeline.stages for name in stage.word_sources)


def package_notices(pipeline: Pipeline) -> tuple[str, ...]:
    """Return what the stages of a pipeline would use and this machine lacks, with how to install it."""
    wanted = any(PACKAGE in stage.packages for stage in pipeline.stages)
    return (MISSING,) if wanted and not tagger_version() else ()


def package_versions(pipeline: Pipeline) -> dict[str, str]:
    """Return the versions of the packages that decide samples of a pipeline, by name; only of those that are installed."""
    wanted = {name for stage in pipeline.stages for name in stage.packages}
    return {name: number for name, number in (tagger_version() | pair_versions()).items() if name in wanted}


def required_by(pipeline: Pipeline, job: Job) -> Job:
    """Return the job as a pipeline needs it: without the model where no stage asks it, so that none is looked for or loaded."""
    return job if any("model" in stage.uses for stage in pipeline.stages) else job.without_model()


def require_heads(pipeline: Pipeline, section: str, folder: ModelFolder) -> None:
    """Raise ModelError if a stage cannot use the model of a section, whose answers mean something else, RequestError if a setting cannot."""
    for stage in pipeline.stages:
        # What explains nothing itself may count what another stage explained.
        reads = section in stage.uses or (section == "model" and stage.of_attribution)
        if reads and folder.head not in stage.model_kinds:
            require_single(folder.head, str(folder.path), f"stage `{stage.kind}`")
        if reads:
            stage.require_kind(folder.head)


def require_labelled(pipeline: Pipeline, job: Job, labels: Collection[str]) -> None:
    """Raise DataError if no row has a label and a stage drops every sample without one; labels: those that were met."""
    if labels or not any(stage.goes_by_labels for stage in pipeline.stages):
        return
    corpus = job.needs_corpus()
    there = inspect(corpus, job.run.allow_download).schema.names
    raise DataError(
        corpus.origin,
        f"the rows have no labels, and {pipeline.name} keeps samples by them; its columns: {listed(there)}",
        "name the column of the labels: --label COLUMN, or corpus.label in the config",
    )


def check_sections(pipeline: Pipeline, job: Job) -> None:
    """Raise RequestError if the job lacks a section that a stage uses, asks for what no stage gives, or names what is not there.

    All of it is known before anything is run: flags, n-gram model, protected words and patterns.
    """
    for stage in pipeline.stages:
        if "model" in stage.uses:
            job.needs_model()
        if "judge" in stage.uses:
            job.needs_judge()
        if "llm" in stage.uses:
            job.needs_llm()
        if "flags" in stage.uses:
            job.require_accepted()
        stage.require(job)
    accepted(job)
    require_ngrams(job)
    protection(job)
    given = {column.name for stage in pipeline.stages for column in stage.adds}
    if (
        job.output.labels == "soft"
        and "source_id" in given
        and not any("soft_label" in name for name in given)
    ):
        raise RequestError(
            "output.labels: soft",
            f"the pipeline `{pipeline.name}` makes samples, and none of its stages predicts their labels",
            "add the stage `judge`, or leave labels hard",
        )
