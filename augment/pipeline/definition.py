"""A pipeline as it is written: a name and stages, read from YAML and checked before any model is loaded."""

from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from pydantic import BaseModel, Field

from augment.config.shipped import find
from augment.config.yaml_file import Document, checked, load
from augment.errors import RequestError, WrongTypeError, nearest
from augment.stages import PipelineStage
from augment.stages.own import sources_of, stages_of
from augment.stages.protocol import Stage
from augment.tables.columns import CORPUS, FOLD, REJECT, SAMPLE


class Pipeline(BaseModel, frozen=True, extra="forbid"):
    """What is done to the rows of which splits. It names no path, model, device or seed.

    In Python the stages may be given alone: Pipeline([Tokenize(), Attribute(), Rank(k=3), Substitute(samples=2)]).
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    about: str
    splits: tuple[str, ...] = Field(default=("train",), min_length=1)
    stages: tuple[PipelineStage, ...] = Field(min_length=1)

    def __init__(self, stages: Iterable[Stage] | None = None, /, **values: object) -> None:
        """Take the stages alone, or all keys by name; WrongTypeError for what is no stage."""
        if stages is not None:
            values = {
                "name": "own",
                "about": "A pipeline of a program.",
                **values,
                "stages": stages_of(stages),
            }
        super().__init__(**values)


def described(pipeline: Pipeline, exclude: Set[str] = frozenset()) -> dict[str, object]:
    """Return plain JSON values that decide what a pipeline does: its keys, and the source of stages that are not ours."""
    own = sources_of(pipeline.stages)
    return pipeline.model_dump(mode="json", exclude=set(exclude)) | ({"own_stages": own} if own else {})


def read_pipeline(path: Path) -> Pipeline:
    """Return the pipeline of a file; RequestError with file:line for unknown keys, kinds and missing columns."""
    document = load(path)
    if document.values.keys() & {"corpus", "model"} and "stages" not in document.values:
        raise RequestError(
            str(path), "this is a config, not a pipeline", "name a pipeline, and the config with -c"
        )
    pipeline = checked(Pipeline, document, document.values)
    check_plan(pipeline, document)
    return pipeline


def pipeline_of(pipeline: str | Path | Pipeline | Sequence[Stage]) -> Pipeline:
    """Return the pipeline meant: a shipped name, a file, a list of stages or itself.

    RequestError if it is unknown or its plan is off, WrongTypeError for what is no pipeline.
    """
    if isinstance(pipeline, list | tuple):
        pipeline = Pipeline(pipeline)
    if isinstance(pipeline, Pipeline):
        check_plan(pipeline, Document(Path(pipeline.name), {}))
        return pipeline
    if not isinstance(pipeline, str | Path):
        hint = "give a name such as augment, a YAML file, a Pipeline, or a list of stages"
        raise WrongTypeError("pipeline", f"{type(pipeline).__name__} is not taken", hint)
    return read_pipeline(find("pipelines", str(pipeline)))


def check_plan(pipeline: Pipeline, document: Document) -> None:
    """Raise RequestError if a stage needs a column that none before it adds, or adds one that is already there."""
    there = {column.name for column in CORPUS}
    family = {column.name for column in SAMPLE}
    taken = there | family | {REJECT.name, FOLD.name, "source"}
    for index, stage in enumerate(pipeline.stages):
        where = document.where(("stages", index))
        missing = [name for name in stage.needs if name not in there]
        if missing:
            giver = next(
                (s.kind for s in pipeline.stages[index:] if missing[0] in {c.name for c in s.adds}), None
            )
            hint = (
                f"move `{giver}` before it" if giver else f"add the stage that gives `{missing[0]}` before it"
            )
            raise RequestError(
                where,
                f"stage `{stage.kind}` needs the column `{missing[0]}`, which nothing before it adds",
                hint,
            )
        _check_tables(pipeline, index, where)
        names = {column.name for column in stage.adds}
        twice = sorted((names - family if family <= names else names) & taken)
        if twice:
            raise RequestError(
                where,
                f"stage `{stage.kind}` adds the column `{twice[0]}`, which is already there",
                "give it another `name:`; columns of your own stage need its name in theirs"
                if stage.has_name
                else "leave one of them out",
            )
        judging = (later.decides for later in pipeline.stages[index:])
        if stage.moves_labels and not any(judging):
            raise RequestError(
                where,
                f"stage `{stage.kind}` changes labels, and no `keep` after it decides which samples to trust",
                "add `judge` and `keep` after it",
            )
        there |= names
        taken |= names
    _check_methods(pipeline, document)


def _check_tables(pipeline: Pipeline, index: int, where: str) -> None:
    """Raise RequestError if a stage reads a table of the corpus that none before it learns."""
    stage = pipeline.stages[index]
    learned = {earlier.kind for earlier in pipeline.stages[:index] if earlier.learns_table is not None}
    missing = [kind for kind in stage.reads_tables if kind not in learned]
    if missing:
        raise RequestError(
            where,
            f"stage `{stage.kind}` reads what a stage `{missing[0]}` learns of the corpus, and none comes before it",
            f"add `- kind: {missing[0]}` before it, behind `tokenize`",
        )


def _check_methods(pipeline: Pipeline, document: Document) -> None:
    """Raise RequestError if two stages make samples under one name: their ids would be the same; or if a rule names none."""
    givers: dict[str, Stage] = {}
    for index, stage in enumerate(pipeline.stages):
        for method in stage.methods:
            if method in givers:
                raise RequestError(
                    document.where(("stages", index)),
                    f"two stages make samples under the same name, `{method}`",
                    "give one of them a `name:`"
                    if stage.has_name
                    else "leave one of them out: `samples` may be more",
                )
            givers[method] = stage
        unknown = [name for name in stage.methods_named if name not in givers]
        if unknown:
            raise RequestError(
                document.where(("stages", index)),
                f"`methods: {unknown[0]}` of stage `{stage.kind}` does nothing: no stage before it makes samples of that name",
                nearest(unknown[0], list(givers)),
            )
