"""Pieces of a text without tokenizing more of it than a model can see.

A text of 5 MB is 1.2 M pieces and 3 GB on the way to the 512 that are kept. Of a long text only the beginning is
tokenized (the end, where the tokenizer cuts on the left): twice as much each time until the pieces that are kept end
well before the cut, so that they are those of the whole text. A tokenizer that multiplies text is refused.

    rows = encode(tokenizer, texts, None, 512, return_offsets_mapping=True)
"""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

from transformers import BatchEncoding, PreTrainedTokenizerBase

from augment.errors import ModelError

# Code points a piece: six in English, two in Chinese; and how far from the cut the last piece kept must end.
_WIDE, _APART = 16, 1024
# Of a text that gives fewer pieces than the model takes, such as a mebibyte of spaces, the rest is not read.
_LONGEST = 1 << 20
# How many characters a normalizer may put for one: NFKC needs 18.
_GROWTH, _CHARACTERS = 32, 64


def encode(
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    pairs: Sequence[str] | None,
    max_length: int,
    **wanted: bool,
) -> BatchEncoding:
    """Return what the tokenizer gives for each text, or pair of texts, cut to `max_length` pieces.

    Offsets, if wanted, are those in the whole text.
    """
    from_left = tokenizer.truncation_side == "left"
    limit, longest = _WIDE * max_length + 2 * _APART, max(map(len, (*texts, *(pairs or ()))), default=0)
    settings: dict[str, Any] = {"truncation": True, "max_length": max_length, **wanted}
    if longest <= limit:
        return _called(tokenizer, list(texts), None if pairs is None else list(pairs), **settings)
    bounded = [
        _bounded(tokenizer, side, limit, max_length, from_left) for side in (texts, pairs) if side is not None
    ]
    rows = _called(tokenizer, *bounded, **settings)
    if from_left and "offset_mapping" in rows:
        shifts = [
            [len(text) - len(kept) for text, kept in zip(side, cut, strict=True)]
            for side, cut in zip((texts, pairs or ()), bounded, strict=False)
        ]
        rows["offset_mapping"] = [
            list(_moved(offsets, rows.sequence_ids(row), [shift[row] for shift in shifts]))
            for row, offsets in enumerate(rows["offset_mapping"])
        ]
    return rows


def _called(tokenizer: PreTrainedTokenizerBase, *texts: Any, **settings: Any) -> BatchEncoding:  # noqa: ANN401 - as of transformers
    """Return what the tokenizer gives; ModelError where its own code breaks down, which is no Exception of Python."""
    try:
        return tokenizer(*texts, **settings)
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        first = (str(error).splitlines() or ["no reason is given"])[0]
        raise ModelError(
            str(tokenizer.name_or_path),
            f"its tokenizer breaks down: {first}",
            "fetch it again from its source",
        ) from None


def _moved(
    offsets: Sequence[tuple[int, int]], sides: Sequence[int | None], shifts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield offsets in the end of a text as those in the whole text; special pieces have none."""
    for (start, end), side in zip(offsets, sides, strict=True):
        shift = 0 if side is None else shifts[side]
        yield start + shift, end + shift


def _bounded(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], limit: int, max_length: int, from_left: bool
) -> list[str]:
    """Return of each text as much as decides its first `max_length` pieces, or its last."""
    return [
        text if len(text) <= limit else _part(tokenizer, text, limit, max_length, from_left) for text in texts
    ]


def _part(tokenizer: PreTrainedTokenizerBase, text: str, limit: int, max_length: int, from_left: bool) -> str:
    """Return the part of a long text that its first `max_length` pieces are decided by, or its last."""
    size = limit
    while size < min(len(text), _LONGEST):
        part = text[-size:] if from_left else text[:size]
        row = _called(
            tokenizer,
            part,
            truncation=True,
            max_length=max_length,
            return_offsets_mapping=True,
            add_special_tokens=False,
        )
        offsets = row["offset_mapping"]
        if len(offsets) >= max_length:
            rest = offsets[0][0] if from_left else size - offsets[-1][1]
            if rest >= _APART:
                return part
        size *= 2
    return text[-_LONGEST:] if from_left else text[:_LONGEST]


def require_bounded(tokenizer: PreTrainedTokenizerBase, where: str) -> None:
    """Raise ModelError if the tokenizer makes a text many times longer before it is cut."""
    growth = 1
    for step in _steps(_state(tokenizer.backend_tokenizer.normalizer)):
        growth *= _growth(step)
    for step in _steps(_state(tokenizer.backend_tokenizer.pre_tokenizer)):
        growth *= _growth(step)
    if growth > _GROWTH:
        raise ModelError(
            where,
            f"its tokenizer makes a text up to {growth:,} times as long",
            "fetch it again from its source",
        )


def _state(part: Any) -> object:  # noqa: ANN401 - the parts of tokenizers have no common type
    """Return the settings of a part of a tokenizer, None where there is none."""
    return None if part is None else json.loads(part.__getstate__())


def _steps(state: object) -> Iterator[dict[str, object]]:
    """Yield the steps that a part of a tokenizer is made of."""
    if isinstance(state, dict):
        yield state
        for inner in state.values():
            yield from _steps(inner)
    elif isinstance(state, list):
        for inner in state:
            yield from _steps(inner)


def _growth(step: dict[str, object]) -> int:
    """Return by how much a step may lengthen a text: by what it puts for one character, or before the text."""
    if step.get("type") == "Replace":
        return max(len(str(step.get("content", ""))), 1)
    if step.get("type") in {"Prepend", "Metaspace"}:
        written = len(str(step.get("prepend", step.get("replacement", ""))))
        return written if written > _CHARACTERS else 1
    if step.get("type") == "Precompiled":
        return _of_charsmap(str(step.get("precompiled_charsmap", "")))
    return 1


def _of_charsmap(packed: str) -> int:
    """Return how many characters a map of characters puts for one at most, if they are more than any known map puts."""
    raw = base64.b64decode(packed)
    written = raw[4 + int.from_bytes(raw[:4], "little") :].split(b"\0")
    longest = max(map(len, written), default=0)
    return longest if longest > _CHARACTERS else 1
