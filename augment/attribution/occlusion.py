"""Occlusion: the score of a token is what the answer loses without it, F(x) - F(x without the token).

Zeiler and Fergus 2014; for words Li, Monroe and Jurafsky 2016, equation 1. It needs answers only, so a Python function can
be explained too. The scores of a row do not have to add up to F(x): words of the same meaning cover for each other.

    Occlusion(replace_by="mask").attribute(predictor, rows)
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from augment.attribution.method import (
    MOST_EVALUATIONS,
    AttributionMethod,
    Explained,
    Explainer,
    Setting,
    TokenScores,
)
from augment.errors import RequestError

if TYPE_CHECKING:
    from torch import Tensor

    from augment.models.classifier import Classifier
    from augment.models.predictor import Predictor

ReplaceBy = Literal["nothing", "mask", "unk"]
# Variants that are answered at once, which bounds the memory for their texts.
_WINDOW = 4096


class OcclusionSettings(BaseModel, frozen=True, extra="forbid"):
    """The keys of occlusion."""

    replace_by: ReplaceBy = Field(
        default="nothing",
        description="of `occlusion`, `shapley` and `lime`: what takes the place of each token: nothing, or the mask or unk piece of the model",
    )


class AblationMethod(OcclusionSettings, AttributionMethod):
    """A method that compares the answers to a text with and without some of its tokens."""

    def open(self, setting: Setting) -> Explainer:
        """Return the function that explains rows; RequestError if the model does not have the piece."""
        from augment.models.predictor import open_predictor

        replacement(open_predictor(setting.job.needs_model(), setting.job.run), self.replace_by)
        return super().open(setting)


class Occlusion(AblationMethod):
    """Leave each token out, or put a piece in its place, and take the change of the answer."""

    costs: ClassVar[str] = "which is one evaluation for each token"
    method: Literal["occlusion"] = "occlusion"

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return F(x) - F(x without the token) for each token that the model sees; 0 for the others."""
        from augment.ig.target import quantity, runner_up

        against = runner_up(rows.logits, rows.target)
        value = quantity(rows.quantity, rows.logits, rows.target, against).double()
        scores = [np.zeros(len(spans)) for spans in rows.spans]
        known = replacement(predictor, self.replace_by)
        seen = [(row, token) for row in range(len(rows.ids)) for token in seen_tokens(rows, row)]
        for begin in range(0, len(seen), _WINDOW):
            some = seen[begin : begin + _WINDOW]
            row_numbers = [row for row, _ in some]
            logits = answers_without(predictor, rows, [(row, {token}) for row, token in some], known)
            left = quantity(rows.quantity, logits, rows.target[row_numbers], against[row_numbers]).double()
            for (row, token), change in zip(some, (value[row_numbers] - left).tolist(), strict=True):
                scores[row][token] = change
        cost = np.bincount([row for row, _ in seen], minlength=len(rows.ids)).clip(max=MOST_EVALUATIONS)
        broken = frozenset(row for row, row_scores in enumerate(scores) if not np.isfinite(row_scores).all())
        facts: dict[str, list[object]] = {"status": ["fixed"] * len(scores), "rest": [0.0] * len(scores)}
        return TokenScores([row.tolist() for row in scores], value.numpy(), cost.tolist(), facts, broken)


def replacement(predictor: "Predictor", replace_by: ReplaceBy) -> "tuple[Classifier, int] | None":
    """Return the model and the piece that replaces others, None where tokens are left out; RequestError if it has none."""
    from augment.models.classifier import Classifier

    if replace_by == "nothing":
        return None
    if not isinstance(predictor, Classifier):
        what = "the model is a Python function, which has no pieces"
        raise RequestError(f"replace_by: {replace_by}", what, "use `replace_by: nothing`")
    return predictor, predictor.filler(replace_by, f"replace_by: {replace_by}", "use `nothing`")


def answers_without(
    predictor: "Predictor",
    rows: Explained,
    variants: Sequence[tuple[int, Collection[int]]],
    known: "tuple[Classifier, int] | None",
) -> "Tensor":
    """Return the logits [V, C] of V rows, each without some of its tokens; known: what `replacement` gave."""
    if known is None:
        return answers_of(predictor, [remaining(rows, row, absent) for row, absent in variants])
    classifier, filler = known
    pieces, segments, owner = rows.pieces or (), rows.segments or (), rows.owner or ()
    changed = [
        [filler if of in absent else piece for piece, of in zip(pieces[row], owner[row], strict=True)]
        for row, absent in variants
    ]
    return classifier.answer(changed, [segments[row] for row, _ in variants])


def answers_of(predictor: "Predictor", variants: Sequence[tuple[str, str | None]]) -> "Tensor":
    """Return the logits [V, C] of texts and their pairs; equal ones are answered once."""
    from augment.models.predictor import logits_of_texts

    # The second `very` of `very very` leaves the same as the first.
    index_of: dict[tuple[str, str | None], int] = {}
    indices = [index_of.setdefault(variant, len(index_of)) for variant in variants]
    answers = logits_of_texts(predictor, [text for text, _ in index_of], [pair for _, pair in index_of])
    return answers[indices]


def seen_tokens(rows: Explained, row: int) -> list[int]:
    """Return the tokens of a row that the model is fed a piece of; all for a model without pieces."""
    if rows.owner is None:
        return list(range(len(rows.spans[row])))
    return sorted(set(rows.owner[row]) - {-1})


def remaining(rows: Explained, row: int, absent: Collection[int]) -> tuple[str, str | None]:
    """Return both texts of a row without some of its tokens."""
    text, pair = rows.texts[row], rows.pairs[row]
    # From the end, so that the spans of tokens in front stay where they are.
    for token in sorted(absent, key=lambda token: rows.spans[row][token], reverse=True):
        start, end = rows.spans[row][token]
        if rows.sides[row][token] and pair is not None:
            pair = without(pair, start, end)
        else:
            text = without(text, start, end)
    return text, pair


def without(text: str, start: int, end: int) -> str:
    """Return a text without a part, and without the space that would then be doubled or be at an end."""
    before, after = text[:start], text[end:]
    if after[:1].isspace() and (not before or before[-1].isspace()):
        after = after[1:]
    elif not after and before[-1:].isspace():
        before = before[:-1]
    return before + after
