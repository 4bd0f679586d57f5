"""Every column of a run, declared once: name, Arrow type, meaning, which rows have it and which files it goes to.

Stages, the written files, their checks and the documentation read these declarations; there is no other list. A stage of
your own declares its columns in the same way, in `adds`:

    Column("words", pa.int32(), "words of the text", on="sample", public=True)

Spans are code-point offsets into one side of a row; side 0 is `text`, side 1 is `text_pair`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

SPAN = pa.struct([("start", pa.int32()), ("end", pa.int32())])
EDIT = pa.struct(
    [
        ("side", pa.int8()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("old", pa.string()),
        ("new", pa.string()),
        ("score", pa.float32()),
    ]
)
SHORTFALL = pa.struct([("method", pa.string()), ("missing", pa.int32()), ("reason", pa.string())])


@dataclass(frozen=True)
class Column:
    """One column: its name, Arrow type and meaning, and where it goes.

    on: which rows have it: source rows, samples, or both, as far as the rows are there when its stage runs. In explain/ it
    is in the file of those rows alone.
    public: whether it is in data/, probes/ and dropped.parquet too; a trainer loads it then.
    dropped: whether it is in dropped.parquet even if it is not public.
    """

    name: str
    type: pa.DataType
    about: str
    on: Literal["row", "sample", "both"] = "both"
    public: bool = False
    dropped: bool = False


# What the corpus reader gives. `source` holds every column of the source under its own name and type; text, label and
# split are written to data/ as those, so the columns of these names are in explain/ alone.
CORPUS = (
    Column("id", pa.string(), "unique name of the row: given, or <file>:<row>", public=True),
    Column("text", pa.string(), "the text, code point for code point as in the source"),
    Column("text_pair", pa.string(), "the second text of a pair, or null"),
    Column("label", pa.string(), "the given label as a string, or null"),
    Column("split", pa.string(), "train, validation, test, or the source's own name", dropped=True),
)

# With `model.folds` only.
FOLD = Column("fold", pa.int16(), "the part of train that the row is in; null in other splits", on="row")

TOKENIZE = (
    Column("tokens", pa.list_(pa.string()), "what people see: jieba words or English words"),
    Column("side", pa.list_(pa.int8()), "the side each token is on"),
    Column("spans", pa.list_(SPAN), "code-point offsets of each token in its side"),
    Column(
        "pieces",
        pa.list_(pa.int32()),
        "what the model is fed: its input ids, specials included; null where no stage uses a model",
    ),
    Column("segments", pa.list_(pa.int8()), "the token type id of each piece"),
    Column("owner", pa.list_(pa.int32()), "the token each piece belongs to, -1 for none"),
    Column("unseen", pa.int32(), "tokens the model is not fed, wholly or in part, as the text is too long"),
)

RANK = (
    Column("key", pa.list_(pa.int32()), "token indices, most important first"),
    Column("key_tied", pa.list_(pa.bool_()), "whether each key token shares its rounded score with another"),
)

FLAGGED = (
    Column("flagged", pa.list_(pa.int32()), "tokens that belong to a unit that looks like a shortcut"),
)

SAMPLE = (
    Column(
        "source_id",
        pa.string(),
        "id of the row a sample was made from, null for a source row",
        on="sample",
        public=True,
    ),
    Column("method", pa.string(), "the stage that made the sample", on="sample", public=True),
    Column(
        "edits",
        pa.list_(EDIT),
        "replacements which, made on the source row, give the sample",
        on="sample",
        public=True,
    ),
    Column(
        "shortfall",
        pa.list_(SHORTFALL),
        "missing samples (requested and not made), with the reason, on the source row",
        on="row",
    ),
)

MOVED = (
    Column(
        "label_from",
        pa.string(),
        "label of the source row, on a sample that was given another one; else null",
        on="sample",
        public=True,
    ),
)

ATTACK = (
    Column(
        "attack",
        pa.string(),
        "changed, unchanged, or skipped (already predicted wrong); reduced where the answer was to stay; null if not attacked",
        on="row",
        public=True,
    ),
    Column(
        "attack_queries",
        pa.int32(),
        "rows the model computed for the attack on the row, forward and backward",
        on="row",
        public=True,
    ),
    Column("attack_backward", pa.int32(), "how many of them were backward", on="row", public=True),
    Column(
        "attack_edits",
        pa.int32(),
        "words edited where the attack succeeded, else null",
        on="row",
        public=True,
    ),
)

# Of rows whose attack succeeded, where the config names an encoder, or a causal language model.
ATTACK_READING = (
    Column(
        "attack_similarity",
        pa.float32(),
        "cosine of the vectors that resources.encoder gives the text before and after the attack",
        on="row",
        public=True,
    ),
    Column(
        "attack_perplexity_before",
        pa.float32(),
        "perplexity of the text by resources.causal_lm",
        on="row",
        public=True,
    ),
    Column(
        "attack_perplexity",
        pa.float32(),
        "perplexity of the text after the attack by resources.causal_lm",
        on="row",
        public=True,
    ),
)

KEEP = (
    Column(
        "verdict",
        pa.string(),
        "keep, soft, adversarial, contrast or drop; null on source rows",
        on="sample",
        public=True,
    ),
    Column("reason", pa.string(), "the rule that gave the verdict", on="sample", public=True),
)

# With `output.labels: soft` only.
PROBABILITIES = Column(
    "label_probabilities",
    pa.list_(pa.float32()),
    "probability of each label to train on, in the model's order",
    public=True,
)

# After `augment apply` only.
REVIEWED = Column(
    "reviewed_by",
    pa.string(),
    "who decided on the row in a review, null if nobody did",
    public=True,
)

DISTINCT = (
    Column(
        "same_as", pa.string(), "the row that has the same text, on a sample dropped for it", dropped=True
    ),
)

GUARD = (
    Column(
        "near_guard",
        pa.string(),
        "the row of the guard file that the text equals or nearly equals",
        public=True,
    ),
    Column(
        "near_share",
        pa.float32(),
        "share of character or word sequences they have in common, 1 if equal",
        public=True,
    ),
)

# What a stage that sees all rows decided on each: a struct, null where it decided nothing. Never written.
DECISION = "decision"

# A row with it leaves the table at once, for rejects.parquet.
REJECT = Column("reject", pa.string(), "why a stage could not process the row, else null", on="row")


def attributions_in(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the attributions that have columns among these, in their order."""
    return tuple(name.removesuffix("_status") for name in columns if name.endswith("_status"))


def attribution(name: str) -> tuple[Column, ...]:
    """Return the columns that an attribute stage called `name` adds."""
    return (
        Column(name, pa.list_(pa.float32()), "score per token, in the unit of the quantity"),
        Column(f"{name}_target", pa.string(), "the label explained"),
        Column(f"{name}_pred", pa.string(), "the label predicted"),
        Column(f"{name}_prob", pa.float32(), "probability of the target"),
        Column(f"{name}_rest", pa.float32(), "score of the pieces that belong to no token"),
        Column(f"{name}_gap", pa.float32(), "sum of all scores - (F(x) - F(baseline)), in the unit of F"),
        Column(
            f"{name}_error",
            pa.float32(),
            "estimate of sum |score - exact score| / sum |exact score|, which is compared with the tolerance; of gradients times "
            "input |gap| over the change of F",
        ),
        Column(f"{name}_evals", pa.int16(), "gradient evaluations spent on the row"),
        Column(
            f"{name}_status",
            pa.string(),
            "exact: a closed form; converged, not_converged: error, and gap over F(x) - F(baseline), within the tolerance or not; p95: by an estimate that holds for "
            "95 rows in 100; ranking: the highest tokens are settled; precision_floor: as near as the dtype allows; fixed: the "
            "requested number of nodes",
        ),
        Column(f"{name}_baseline", pa.string(), "what the path starts from"),
        Column(
            f"{name}_path",
            pa.string(),
            "smooth, rough or jump, found on the calibration texts; null without them",
        ),
    )


def judgement(prefix: str = "") -> tuple[Column, ...]:
    """Return the columns a judge stage adds; `prefix` is empty for the model, `judge_` for the independent judge."""
    return tuple(
        Column(f"{prefix}{name}", kind, about, public=True)
        for name, kind, about in (
            ("p_gold_before", pa.float32(), "probability of the given label on the source row"),
            ("p_gold_after", pa.float32(), "probability of the given label on the sample"),
            ("pred_before", pa.string(), "label predicted on the source row"),
            ("pred_after", pa.string(), "label predicted on the sample"),
            ("soft_label", pa.list_(pa.float32()), "probability of each label, in the model's order"),
        )
    )


NATURALNESS = (
    Column(
        "naturalness",
        pa.float32(),
        "how natural the edits are next to what they replaced, by counts of plain text, from 0 to 1",
        on="sample",
        public=True,
    ),
)


# All of the above, by the heading under which the documentation lists them.
GROUPS: Mapping[str, tuple[Column, ...]] = {
    "corpus": CORPUS,
    "tokenize": TOKENIZE,
    "attribute": attribution("ig"),
    "rank": RANK,
    "samples": SAMPLE,
    "attack": (*ATTACK, *ATTACK_READING),
    "counterfactual": MOVED,
    "judge": judgement(),
    "naturalness": NATURALNESS,
    "keep": KEEP,
    "keywords": FLAGGED,
    "fold": (FOLD,),
    "soft": (PROBABILITIES,),
    "guard": GUARD,
    "review": (REVIEWED,),
    "distinct": DISTINCT,
}
DECLARED = (*(column for group in GROUPS.values() for column in group), *judgement("judge_"))
