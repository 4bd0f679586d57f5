"""The base of every stage that makes samples, and the drawing that most share: samples that are new texts, each by chance.

A stage declares which tokens of a row it may edit (`rows`) and what one draw does to them (`draw`); protection, languages that
no lexicon knows, repeats, ids and shortfalls are handled here.

    class Shout(Editor):
        kind: Literal["shout"] = "shout"
        samples: int = 1

        def draw(self, row, rng, number):
            return Draw(row.edits({token: row.tokens[token].upper() for token in row.free}))
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import pyarrow as pa

from augment.config.job import Job
from augment.errors import RequestError
from augment.seeding import Chance, chance
from augment.stages.editing import Row, protection, whole_rows
from augment.stages.protocol import Stage, Step
from augment.tables.columns import MOVED, SAMPLE, Column
from augment.tables.rows import Missing, NewSample, with_columns, with_samples
from augment.text.editable import Protection
from augment.text.edits import Edit, replay
from augment.text.foreign import FOREIGN

# Draws for each sample that is requested, and, after the last new text, for each that there is and one more: of texts that are
# as likely as each other the last is missed that long once in 3,000 times.
TRIES = 8
USED_UP = "its candidates allow no more different texts"
NOTHING = "no token may be edited"


@dataclass(frozen=True)
class Draw:
    """What one sample is to be. Without edits it is the source text, which is no sample: the next is drawn.

    label: the one it has in place of its source row's; values: of the stage's own columns, by name. reason: why a draw without
    edits is one, where the stage knows.
    """

    edits: tuple[Edit, ...]
    label: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None


# Draws the sample of a row that has a number, with the generator of that number; None if the row offers nothing (more).
Drawer = Callable[[Row, Chance, int], Draw | None]
# Looks up once, for some rows, what may be put in place, and returns what draws their samples at any time.
Lookup = Callable[[list[Row]], Drawer]


class Editor(Stage):
    """A stage that makes samples. One that draws them one by one defines `draw` or `lookup`, any other one `open`."""

    # Whether a sample of any number can be drawn on its own, as `online` does in each epoch.
    redraws: ClassVar[bool] = True
    # How many draws are made at most for each sample that is requested; None: as long as they give new texts.
    draws: ClassVar[int | None] = None

    @property
    def shortfall_reason(self) -> str:
        """Why a row has no samples where every draw is empty."""
        return NOTHING

    @property
    def needs(self) -> tuple[str, ...]:
        """The tokens."""
        return ("tokens", "side", "spans")

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample."""
        return SAMPLE

    @property
    def method(self) -> str:
        """The name of its samples: its `name`, if it has one, else its kind."""
        return str(getattr(self, "name", None) or self.kind)

    @property
    def methods(self) -> tuple[str, ...]:
        """The name of its samples, the only one."""
        return (self.method,)

    @property
    def count(self) -> int:
        """How many samples a row is to have: its `samples`, if it has that key, else one."""
        return int(getattr(self, "samples", 1))

    def times(self, count: int) -> Self:
        """Return a stage that makes `count` times its samples, if it has a key for them."""
        if "samples" not in type(self).model_fields:
            return self
        return self.model_copy(update={"samples": self.count * count})

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with the tokens that may be edited; usually all that are not protected."""
        return whole_rows(batch, guard)

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Load what offers candidates, and return the function that looks them up for some rows; usually there is nothing to look up."""
        return lambda rows: self.draw

    def draw(self, row: Row, rng: Chance, number: int) -> Draw | None:
        """Return the sample of a row that has a number; None if the row offers nothing (more)."""
        raise NotImplementedError(f"stage {self.kind!r} draws no samples")

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the protected words, and load what offers candidates."""
        guard, lookup = protection(job), self.lookup(job, state)
        own = [column for column in self.adds if column not in SAMPLE]

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Put the samples of every row behind it."""
            rows = self.rows(batch, guard)
            marked = with_columns(batch, own, [pa.nulls(batch.num_rows, column.type) for column in own])
            return make_samples(
                marked,
                rows,
                self.method,
                self.count,
                job.seed,
                lookup(rows),
                self.shortfall_reason,
                self.draws,
            )

        return step


def redrawing(stages: Iterable[Stage]) -> list[Editor]:
    """Return the stages whose samples can be drawn anew at any time."""
    return [stage for stage in stages if isinstance(stage, Editor) and stage.redraws]


def make_samples(
    batch: pa.RecordBatch,
    rows: Sequence[Row],
    method: str,
    count: int,
    seed: int,
    draw: Drawer,
    shortfall_reason: str = NOTHING,
    draws: int | None = None,
) -> pa.RecordBatch:
    """Return the batch with up to `count` samples a row, none equal to its source row, a sibling or an earlier sample.

    An empty draw changes nothing, and the next is drawn. Where all are, the row offers nothing, for the reason `lack`.
    Draws go on while they give new texts, or until there were `draws` for each sample that is requested.
    """
    family = _families(batch)
    samples: list[NewSample] = []
    missing: list[Missing] = []
    for row in rows:
        made, reason = _of_row(row, method, count, seed, draw, family[row.id], draws)
        samples += [_checked(sample, batch) for sample in made]
        if len(made) < count:
            why = shortfall_reason if reason is None else reason
            missing.append(Missing(row.index, method, count - len(made), why))
    return with_samples(batch, samples, missing)


def _of_row(
    row: Row,
    method: str,
    count: int,
    seed: int,
    draw: Drawer,
    taken: set[tuple[str, str | None]],
    draws: int | None,
) -> tuple[list[NewSample], str | None]:
    """Return the first `count` samples drawn for a row that are new texts in its family, and why there are no more.

    None for a row that offers nothing. No more is drawn of a row that has long given nothing new, or whose draws are at an end.
    """
    if row.foreign or not row.free:
        return [], FOREIGN if row.foreign else NOTHING
    made: list[NewSample] = []
    reason, most = None, count * (draws or TRIES)
    for number, drawn in enumerate(_draws(row, method, seed, draw)):
        if number == most:
            break
        reason = USED_UP if drawn.edits else drawn.reason or reason
        texts = replay(row.text, row.text_pair, drawn.edits)
        if texts in taken or is_blank(texts):
            continue
        taken.add(texts)
        k = len(made) + 1
        most = most if draws else max(most, number + 1 + TRIES * (k + 1))
        made.append(NewSample(row.index, method, k, *texts, drawn.edits, drawn.label, drawn.values))
        if k == count:
            break
    return made, reason


def _draws(row: Row, method: str, seed: int, draw: Drawer) -> Iterator[Draw]:
    """Yield one draw of a row after the other, until it offers nothing more."""
    for number in itertools.count():
        drawn = draw(row, chance(seed, method, row.id, number), number)
        if drawn is None:
            return
        yield drawn


def is_blank(texts: tuple[str, str | None]) -> bool:
    """Return whether a text, or a second one that is there, has no letters left."""
    return not texts[0].strip() or (texts[1] is not None and not texts[1].strip())


def _checked(sample: NewSample, batch: pa.RecordBatch) -> NewSample:
    """Return a sample; RequestError if it has values for columns that are not there, or another label that nobody would know of."""
    if sample.label is not None and MOVED[0].name not in batch.schema.names:
        raise RequestError(
            f"stage `{sample.method}`",
            f"a draw has a label of its own, and the stage does not declare `{MOVED[0].name}`",
            "add the columns MOVED of augment.tables.columns to `adds`, so that `keep` judges what was moved",
        )
    for name in sample.values.keys() - set(batch.schema.names):
        raise RequestError(
            f"stage `{sample.method}`",
            f"a draw has a value for the column `{name}`, which is not among what the stage adds",
            "name the column in `adds`",
        )
    return sample


def _families(batch: pa.RecordBatch) -> dict[str, set[tuple[str, str | None]]]:
    """Return for each source row the texts that already exist in its family."""
    families: dict[str, set[tuple[str, str | None]]] = {}
    ids = batch.column("id").to_pylist()
    origins = (
        batch.column("source_id").to_pylist() if "source_id" in batch.schema.names else [None] * len(ids)
    )
    texts = zip(batch.column("text").to_pylist(), batch.column("text_pair").to_pylist(), strict=True)
    for name, source_id, text in zip(ids, origins, texts, strict=True):
        families.setdefault(source_id or name, set()).add(text)
    return families
