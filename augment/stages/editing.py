"""A row as a stage edits it: its tokens, which of them may be edited, and the edits that replace them.

A choice maps a token to its replacement, the empty string for a deletion. From it come the edits, from the
edits the text, so that replaying a sample's edits on its source row always gives the sample.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import Field

from augment.candidates.slot import Slot
from augment.config.job import Job
from augment.errors import RequestError
from augment.tables.rows import source_rows
from augment.text.editable import Protection, compiled, editable, locked
from augment.text.edits import Edit, apart, deletions, replay
from augment.text.foreign import is_foreign

On = Literal["key", "other", "any"]
# How much nearer to the token than unrelated words a candidate must be.
Context = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="keep a candidate only if its contextual similarity exceeds this quantile of unrelated words (needs "
        "resources.encoder); 0 disables",
    ),
]


@dataclass(frozen=True)
class Row:
    """A source row to be edited. free: the tokens that may be edited, key tokens in rank order, others in text order.

    words: how many content words the row has, the measure of a share. key: the key tokens, in rank order. locked: the tokens
    that no stage may edit, negations and what is protected. foreign: in a language that no lexicon knows, so nothing is free.
    groups: neighbouring tokens that may be replaced together, each numbered behind the tokens.
    """

    index: int
    id: str
    text: str
    text_pair: str | None
    label: str | None
    tokens: tuple[str, ...]
    side: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    scores: tuple[float, ...]
    free: tuple[int, ...]
    words: int
    key: tuple[int, ...] = ()
    locked: frozenset[int] = frozenset()
    foreign: bool = False
    groups: tuple[tuple[int, ...], ...] = ()

    def members(self, token: int) -> tuple[int, ...]:
        """Return the tokens that a number of a choice names: itself, or those of a group, which are numbered behind the tokens."""
        return self.groups[token - len(self.spans)] if token >= len(self.spans) else (token,)

    def span(self, token: int) -> tuple[int, int]:
        """Return the code points of a token, or of all tokens of a group and what is between them."""
        members = self.members(token)
        return self.spans[members[0]][0], self.spans[members[-1]][1]

    def spread(self, choice: Mapping[int, str]) -> Mapping[int, str]:
        """Return a choice of tokens alone: of a group the first gives way to the new words, and the others to nothing."""
        if not self.groups:
            return choice
        spread: dict[int, str] = {}
        for token, new in choice.items():
            first, *others = self.members(token)
            spread |= {first: new} | dict.fromkeys(others, "")
        return spread

    def edits(self, choice: Mapping[int, str]) -> tuple[Edit, ...]:
        """Return the edits that put `choice` in place, in the order of the text, never overlapping."""
        edits: list[Edit] = []
        for side, whole in ((0, self.text), (1, self.text_pair or "")):
            tokens = [
                token
                for token in sorted(choice, key=self.members)
                if self.side[self.members(token)[0]] == side
            ]
            gone = [token for token in tokens if not choice[token]]
            removed = deletions(whole, [self.span(token) for token in gone]) if gone else []
            spans = dict(zip(gone, removed, strict=True))
            made = []
            for token in tokens:
                (start, end), new = spans.get(token, (self.span(token), choice[token]))
                score = sum(self.scores[member] for member in self.members(token))
                made.append(Edit(side, start, end, whole[start:end], new, score))
            edits += _apart(whole, made)
        return tuple(edits)

    def texts(self, choice: Mapping[int, str]) -> tuple[str, str | None]:
        """Return the text and second text with `choice` in place."""
        return replay(self.text, self.text_pair, self.edits(choice))

    def on_side(self, token: int) -> tuple[list[str], int]:
        """Return the tokens of the text that a token is in, and its index among them."""
        home = [index for index, side in enumerate(self.side) if side == self.side[token]]
        return [self.tokens[index] for index in home], home.index(token)

    def neighbour(self, token: int, step: int) -> str | None:
        """Return the token `step` further on the same side, None beyond its ends."""
        other = token + step
        inside = 0 <= other < len(self.tokens) and self.side[other] == self.side[token]
        return self.tokens[other] if inside else None

    def quota(self, share: float) -> int:
        """Return how many words a share of the row's content words is, at least one."""
        return max(1, round(share * self.words))


def _apart(whole: str, edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the edits of a text, with a space where what is put next to a Latin word would glue to it."""
    done, left = 0, ""
    for number, edit in enumerate(edits):
        left = whole[done : edit.start][-1:] or left
        # What follows an edit at once sees to it itself.
        followed = number + 1 < len(edits) and edits[number + 1].start == edit.end
        new = apart(left, edit.new, "" if followed else whole[edit.end : edit.end + 1])
        yield edit._replace(new=new)
        done, left = edit.end, new[-1:] or left


def protection(job: Job) -> Protection:
    """Return what `resources` protects: words, of which a name ending in .txt is a file of with one a line, and patterns.

    RequestError if a file cannot be read or a pattern is not a regular expression.
    """
    words: set[str] = set()
    for name in job.resources.protect:
        if not name.endswith(".txt"):
            words.add(name)
            continue
        path = job.root / name
        try:
            lines = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RequestError(
                f"resources.protect: {path}", f"cannot be read: {reason}", "give UTF-8, a word a line"
            ) from None
        words.update(line.strip() for line in lines if line.strip())
    compiled(job.resources.protect_patterns)
    named_language = job.corpus is not None and job.corpus.language != "auto"
    return Protection(frozenset(words), job.resources.protect_patterns, named_language)


def editable_rows(batch: pa.RecordBatch, on: On, guard: Protection, score: str) -> list[Row]:
    """Return the source rows of a batch that have scores, with the tokens that an edit `on` key or other may touch."""
    names = ("id", "text", "text_pair", "label", "tokens", "side", "spans", "owner", "key", score)
    picked = source_rows(batch)
    columns = batch.take(pa.array(picked, pa.int64())).select(list(dict.fromkeys(names)))
    rows: list[Row] = []
    for index, values in zip(picked, columns.to_pylist(), strict=True):
        if values[score] is None:
            continue
        tokens = values["tokens"]
        seen = reached(values["owner"], len(tokens))
        content = [token for token, free in enumerate(editable(tokens, guard)) if free and token in seen]
        key, kept = values["key"] or [], locked(tokens, guard)
        free = _free(on, [token for token in key if token not in kept], content)
        row = _row(index, values, values[score], free, len(content), tuple(key))
        rows.append(_guarded(row, kept, guard))
    return rows


def reached_rows(batch: pa.RecordBatch, guard: Protection, score: str) -> list[Row]:
    """Return the source rows of a batch that have scores, with all tokens free that the model is fed and none locks."""
    rows: list[Row] = []
    owners = batch.column("owner").to_pylist()
    for row in editable_rows(batch, "any", guard, score):
        seen = reached(owners[row.index], len(row.tokens))
        free = () if row.foreign else tuple(sorted(seen - row.locked))
        rows.append(replace(row, free=free))
    return rows


def reached(owner: Collection[int] | None, tokens: int) -> set[int]:
    """Return the tokens that the model is fed a piece of; all where no model is used."""
    return set(range(tokens)) if owner is None else set(owner)


def _row(
    index: int,
    values: Mapping[str, Any],
    scores: Iterable[float],
    free: tuple[int, ...],
    words: int,
    key: tuple[int, ...] = (),
) -> Row:
    """Return a row of a batch, its columns given by name."""
    texts = (values["id"], values["text"], values["text_pair"], values["label"])
    tokens, side = tuple(values["tokens"]), tuple(values["side"])
    spans = tuple((span["start"], span["end"]) for span in values["spans"])
    return Row(index, *texts, tokens, side, spans, tuple(scores), free, words, key)


def _guarded(row: Row, kept: frozenset[int], guard: Protection) -> Row:
    """Return a row with the tokens that must stay, and nothing free where its language is not known."""
    foreign = not guard.language_given and any(map(is_foreign, (row.text, row.text_pair or "")))
    return replace(row, locked=kept, foreign=foreign, free=() if foreign else row.free)


def _free(on: On, key: list[int], content: list[int]) -> tuple[int, ...]:
    """Return the tokens an edit may touch."""
    if on == "key":
        return tuple(key)
    return tuple(content) if on == "any" else tuple(index for index in content if index not in set(key))


def whole_rows(batch: pa.RecordBatch, guard: Protection) -> list[Row]:
    """Return the source rows of a batch with no scores and all tokens free that may be edited, for edits that look at none."""
    picked = source_rows(batch)
    names = ["id", "text", "text_pair", "label", "tokens", "side", "spans"]
    columns = batch.take(pa.array(picked, pa.int64())).select(names).to_pylist()
    rows: list[Row] = []
    for index, values in zip(picked, columns, strict=True):
        if values["tokens"] is None:
            continue
        count, kept = len(values["tokens"]), locked(values["tokens"], guard)
        free = tuple(token for token in range(count) if token not in kept)
        rows.append(_guarded(_row(index, values, (0.0,) * count, free, count), kept, guard))
    return rows


def slots_of(row: Row) -> list[Slot]:
    """Return the slots of a row that may be edited, as candidate sources want them."""
    whole = (row.text, row.text_pair)
    return [
        Slot(row.id, token, *whole, row.side[token], *row.spans[token], row.neighbour(token, -1))
        for token in row.free
    ]
