"""Every column of a table, with its Arrow type, its unit and the stage that adds it.

One place, so that stages, the written files, the report and the documentation use the same names.
Spans are code-point offsets into one side of a row; side 0 is `text`, side 1 is `text_pair`.
"""

from dataclasses import dataclass

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
    """One column: its name, Arrow type and meaning."""

    name: str
    type: pa.DataType
    about: str


# What the corpus reader gives. `source` holds every column of the source under its own name and type.
CORPUS = (
    Column("id", pa.string(), "unique name of the row: given, or <file>:<row>"),
    Column("text", pa.string(), "the text, code point for code point as in the source"),
    Column("text_pair", pa.string(), "the second text of a pair, or null"),
    Column("label", pa.string(), "the given label as a string, or null"),
    Column("split", pa.string(), "train, validation, test, or the source's own name"),
)

# With `model.folds` only.
FOLD = Column("fold", pa.int16(), "the part of train that the row is in; null in other splits")

TOKENIZE = (
    Column("tokens", pa.list_(pa.string()), "what people see: jieba words or English words"),
    Column("side", pa.list_(pa.int8()), "the side each token stands on"),
    Column("spans", pa.list_(SPAN), "code-point offsets of each token in its side"),
    Column(
        "pieces",
        pa.list_(pa.int32()),
        "what the model is fed: its input ids, specials included; null where no stage asks a model",
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
    Column("source_id", pa.string(), "id of the row a sample was made from, null for a source row"),
    Column("method", pa.string(), "the stage that made the sample"),
    Column("edits", pa.list_(EDIT), "replacements which, made on the source row, give the sample"),
    Column(
        "shortfall", pa.list_(SHORTFALL), "samples asked for and not made, with the reason, on the source row"
    ),
)

MOVED = (
    Column(
        "label_from",
        pa.string(),
        "label of the source row, on a sample that was given another one; else null",
    ),
)

ATTACK = (
    Column(
        "attack", pa.string(), "changed, unchanged, or skipped (already predicted wrong), on the source row"
    ),
    Column("attack_queries", pa.int32(), "model evaluations the attack spent on the row"),
)

KEEP = (
    Column("verdict", pa.string(), "keep, soft, adversarial, contrast or drop; null on source rows"),
    Column("reason", pa.string(), "the rule that gave the verdict"),
)

# With `output.labels: soft` only.
PROBABILITIES = Column(
    "label_probabilities",
    pa.list_(pa.float32()),
    "probability of each label to train on, in the model's order",
)

DISTINCT = (Column("same_as", pa.string(), "the row that has the same text, on a sample dropped for it"),)

GUARD = (
    Column("near_guard", pa.string(), "the row of the guard file that the text equals or nearly equals"),
    Column(
        "near_share", pa.float32(), "share of character or word sequences they have in common, 1 if equal"
    ),
)

# In which a stage that sees all rows finds what was decided on each: a struct, null where nothing was. Never written.
DECISION = "decision"

REJECT = Column("reject", pa.string(), "why a stage could not treat the row, else null")


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
            "estimate of sum |score - exact score| / sum |exact score|, which the tolerance is held against; of gradients times "
            "input |gap| over the change of F",
        ),
        Column(f"{name}_evals", pa.int16(), "gradient evaluations spent on the row"),
        Column(
            f"{name}_status",
            pa.string(),
            "exact: a closed form; converged, not_converged: error, and gap over F(x) - F(baseline), within the tolerance or not; p95: by an estimate that holds for "
            "95 rows in 100; ranking: the highest tokens are settled; precision_floor: as near as the dtype allows; fixed: so "
            "many nodes were asked for",
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
    return (
        Column(f"{prefix}p_gold_before", pa.float32(), "probability of the given label on the source row"),
        Column(f"{prefix}p_gold_after", pa.float32(), "probability of the given label on the sample"),
        Column(f"{prefix}pred_before", pa.string(), "label predicted on the source row"),
        Column(f"{prefix}pred_after", pa.string(), "label predicted on the sample"),
        Column(
            f"{prefix}soft_label", pa.list_(pa.float32()), "probability of each label, in the model's order"
        ),
    )
