"""Make samples that remove accepted shortcuts: each has them as rows of other classes do.

Which accepted n-grams (`resources.flags`) occur in a row, and whether first, last or inside, is its state. The corpus is read for how often
each class has each state. With its samples every class has of each state as much as the class that has most of it, which
is the least that makes all alike, however many shortcuts there are and however they hang together: for two classes the
maximal coupling of their states (Lindvall 1992). Of one shortcut in the share p of a class and q of the others a sample
without it is made of (p-q)/p of the rows that have it, one with it of (p-q)/(1-q) of the others without it. Classes for
which nothing is accepted count as one. Labels are kept: what is removed or inserted was accepted by the user as meaning
nothing.
"""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator

from augment.candidates.plausibility import Plausibility
from augment.config.job import Job
from augment.config.sections import StrictBool
from augment.seeding import Chance, chance, key_of
from augment.stages.accepted import FlaggedNgram, accepted
from augment.stages.editing import Row, editable_rows, protection, whole_rows
from augment.stages.editor import Editor, is_blank
from augment.stages.evidence import open_plausibility
from augment.stages.natural_draws import weighted
from augment.stages.protocol import Lines, Step, TableStage
from augment.tables.files import read_table
from augment.tables.rows import Missing, NewSample, with_samples
from augment.text.editable import Protection, governed, is_content
from augment.text.edits import Edit, insertion, replay
from augment.text.foreign import FOREIGN
from augment.text.negation import is_negation
from augment.text.ngrams import Ngram, folded, ngrams

_LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("group", pa.string()),
        ("state", pa.string()),
        ("rows", pa.int64()),
    ]
)
# The classes for which nothing is accepted.
_REST = ""
# In how many parts a chance is measured; a share so small asks for no sample; how often a row of the states that a class has
# most of is a source row at most, in comparison with what is missing.
_PARTS, _LEAST, _OFTEN = 1 << 20, 1e-9, 4.0


class NgramRun(NamedTuple):
    """Accepted n-grams next to each other in a text: its side, first, last or inside, and the words without regard to case."""

    side: int
    position: Literal["first", "inside", "last"]
    text: str


State = tuple[NgramRun, ...]
_LOCKED = "a negation or a protected word may not come or go"


class _Gap(NamedTuple):
    """A code point where something may be put in, and the two tokens around it; None at an end of a text."""

    offset: int
    tokens: tuple[int, int] | None


@dataclass(frozen=True)
class Change:
    """What a sample loses, by tokens, and what it gains, each run as it is written."""

    gone: frozenset[int]
    new: tuple[tuple[NgramRun, str], ...]

    @property
    def method(self) -> str:
        """The name of the sample."""
        return f"balance_{'swap' if self.gone and self.new else 'remove' if self.gone else 'insert'}"


class Balance(Editor, TableStage):
    """Samples that have, of the accepted shortcuts, what rows of other classes have: without one, with one, with another."""

    redraws: ClassVar[bool] = False
    kind: Literal["balance"] = "balance"
    remove: bool = Field(default=True, description="samples that lose a shortcut")
    insert: bool = Field(default=True, description="samples that gain one")
    even: StrictBool = Field(
        default=True,
        description="of as many rows as make every shortcut equally frequent in all classes; false: of every row, without the "
        "shortcuts of its class, or with one of another",
    )
    natural: StrictBool = Field(
        default=False,
        description="put what is inserted inside a text between words that it is written between, as a stage `evidence` before this one learned; "
        "false: anywhere",
    )
    score: str = "ig"

    @field_validator("insert")
    @classmethod
    def _makes_something(cls, value: bool, info: ValidationInfo) -> bool:
        """Refuse neither."""
        if not value and not info.data.get("remove", True):
            raise ValueError(
                "without `remove` and without `insert` no sample is made: leave one of them true"
            )
        return value

    @property
    def reads_tables(self) -> tuple[str, ...]:
        """What was learned of how people write, where that decides what goes where."""
        return ("evidence",) if self.natural else ()

    @property
    def uses(self) -> tuple[str, ...]:
        """What the user has accepted as shortcuts."""
        return ("flags",)

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens and their scores."""
        return ("tokens", "owner", "key", self.score)

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of its samples, by what they lose or gain."""
        return ("balance_remove", "balance_insert", "balance_swap")

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each state of the source rows of a class, with their number."""
        counts: Counter[tuple[str, str]] = Counter()
        if active:
            flags = accepted(job)
            counted = _counted(flags)
            batches = rows.combine_chunks().to_batches()[:1] if rows.num_rows else []
            # Only the tokens count here, so nothing is looked up that may be edited.
            nothing = Protection(language_given=True)
            for row in (row for batch in batches for row in whole_rows(batch, nothing)):
                if row.label is not None:
                    runs = [(*run, _form(row, tokens)) for run, tokens in _runs(row, counted).items()]
                    counts[_group(row.label, flags), json.dumps(runs, ensure_ascii=False)] += 1
        lines = sorted(counts.items())
        columns = {
            "key": [key_of(group, state) for (group, state), _ in lines],
            "row": [0] * len(lines),
            "group": [group for (group, _), _ in lines],
            "state": [state for (_, state), _ in lines],
            "rows": [count for _, count in lines],
        }
        return pa.table(columns, schema=_LINES)

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the rows of every state and class."""
        yield _LINES.empty_table().select(["group", "state", "rows"])
        for table in lines():
            counts = table.group_by(["group", "state"], use_threads=False).aggregate([("rows", "sum")])
            yield counts.rename_columns(["group", "state", "rows"])

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the accepted flags and the states of the corpus; RequestError if nothing is accepted."""
        job.require_accepted()
        flags = accepted(job)
        states = _States(read_table(self.path_in(state)) if state is not None else _LINES.empty_table())
        counted, guard = _counted(flags), protection(job)
        plausibility = open_plausibility(state) if self.natural else None

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Make the samples of every row that a shortcut concerns."""
            samples: list[NewSample] = []
            missing: list[Missing] = []
            for row in editable_rows(batch, "any", guard, self.score):
                if row.label is not None:
                    rng = chance(job.seed, self.kind, row.id, 0)
                    changes = list(self.changes(row, flags, counted, states, rng))
                    kept = [change for change in changes if not _hinders(row, change)]
                    samples += self.made(row, kept, rng, plausibility)
                    reasons = Counter(reason for change in changes if (reason := _hinders(row, change)))
                    missing += [Missing(row.index, self.kind, n, reason) for reason, n in reasons.items()]
            return with_samples(batch, samples, missing)

        return step

    def changes(
        self, row: Row, flags: Sequence[FlaggedNgram], counted: Set[Ngram], states: "_States", rng: Chance
    ) -> Iterator[Change]:
        """Yield what the samples of a row lose and gain: as the classes need, or for every row as each half requires."""
        if self.even:
            there = _runs(row, counted)
            for goal in states.drawn(tuple(there), _group(str(row.label), flags), rng):
                gone = frozenset(token for run in there if run not in goal for token in there[run])
                yield Change(gone, tuple((run, states.forms[run]) for run in goal if run not in there))
            return
        there_ngrams = ngrams(row.tokens, row.side)
        own = [flag.ngram for flag in flags if flag.label == row.label and flag.ngram in there_ngrams]
        others = [flag for flag in flags if flag.label != row.label and flag.ngram not in there_ngrams]
        if own:
            yield Change(frozenset(token for ngram in own for at in there_ngrams[ngram] for token in at), ())
        if others:
            flag = others[rng.below(len(others))]
            yield Change(frozenset(), ((states.placed(flag.ngram, rng), flag.form),))

    def made(
        self, row: Row, changes: Iterable[Change], rng: Chance, plausibility: Plausibility | None
    ) -> list[NewSample]:
        """Return the samples with these changes that can be made; a text that would be empty is none."""
        samples: list[NewSample] = []
        for number, change in enumerate(changes, start=1):
            if (change.gone and not self.remove) or (change.new and not self.insert):
                continue
            edits = _edits(row, change, rng, plausibility)
            texts = replay(row.text, row.text_pair, edits)
            if edits and not is_blank(texts):
                samples.append(NewSample(row.index, change.method, number, *texts, edits))
        return samples


class _States:
    """How often each class has each state, what each run is mostly written like, and what is drawn for a row of a class."""

    def __init__(self, table: pa.Table) -> None:
        """Take the rows of each class and state."""
        counts: dict[str, Counter[State]] = defaultdict(Counter)
        written: dict[NgramRun, Counter[str]] = defaultdict(Counter)
        columns = table.select(["group", "state", "rows"]).to_pydict()
        for group, state, rows in zip(*columns.values(), strict=True):
            runs = [(NgramRun(*run[:3]), run[3]) for run in json.loads(state)]
            counts[group][tuple(run for run, _ in runs)] += rows
            for run, form in runs:
                written[run][form] += rows
        self._often = {run: forms.total() for run, forms in sorted(written.items())}
        self.forms = {
            run: min(forms, key=lambda form: (-forms[form], form)) for run, forms in written.items()
        }
        shares = {
            group: {state: rows / of.total() for state, rows in of.items()} for group, of in counts.items()
        }
        known = sorted({state for of_group in shares.values() for state in of_group})
        self._plans = {group: _ClassNeed.of(group, shares, known) for group in shares}

    def placed(self, ngram: Ngram, rng: Chance) -> NgramRun:
        """Return a run of an n-gram as it occurs in some row that has it, all rows alike; inside where none has it alone."""
        there = {run: often for run, often in self._often.items() if run.text == ngram.text}
        if ngram.kind in ("first", "last"):
            there = {run: often for run, often in there.items() if run.position == ngram.kind}
        if not there:
            return NgramRun(0, _position_of(ngram.kind), ngram.text)
        ends = list(accumulate(there.values()))
        return list(there)[bisect_right(ends, rng.below(ends[-1]))]

    def drawn(self, state: State, group: str, rng: Chance) -> Iterator[State]:
        """Yield the states that samples of a row of this state and class are to have."""
        plan = self._plans.get(group)
        if plan is None or state not in plan.samples:
            return
        goals = [goal for goal in plan.missing if goal != state]
        ends = list(accumulate(plan.missing[goal] for goal in goals))
        for _ in range(int(plan.samples[state] + rng.below(_PARTS) / _PARTS)):
            at = rng.below(_PARTS) / _PARTS * ends[-1]
            yield goals[min(bisect_right(ends, at), len(goals) - 1)]


@dataclass(frozen=True)
class _ClassNeed:
    """What a class needs: how many samples a row of each state gets in the mean, and how often each state is missing."""

    samples: Mapping[State, float]
    missing: Mapping[State, float]

    @classmethod
    def of(
        cls, group: str, shares: Mapping[str, Mapping[State, float]], known: Sequence[State]
    ) -> "_ClassNeed":
        """Return the plan of a class.

        Of each state every class shall have as much as the one with most of it: the same for all, and as little as can be.
        Source rows are those of the states that a class has more of than any other; of all, where these are too few.
        """
        own = shares[group]
        others = [other for name, other in shares.items() if name != group]
        most = {state: max((other.get(state, 0.0) for other in others), default=0.0) for state in known}
        missing = {state: more for state in known if (more := most[state] - own.get(state, 0.0)) > 0}
        beyond = {state: more for state, share in own.items() if (more := share - most[state]) > 0}
        needed, there = sum(missing.values()), sum(beyond.values())
        if needed < _LEAST:
            return cls({}, {})
        if there < needed / _OFTEN:
            able = {state: share for state, share in own.items() if set(missing) - {state}}
            there, beyond = sum(able.values()), able
        if not there:
            return cls({}, {})
        return cls({state: needed * more / (there * own[state]) for state, more in beyond.items()}, missing)


def _hinders(row: Row, change: Change) -> str | None:
    """Return why a change may not be made: it would take or add a negation, or take what is protected, or is of a foreign text."""
    if row.foreign:
        return FOREIGN
    added = (word for run, _ in change.new for word in run.text.split())
    if row.locked & change.gone or any(map(is_negation, added)):
        return _LOCKED
    return None


def _group(label: str, flags: Sequence[FlaggedNgram]) -> str:
    """Return the class of a label: itself, or that of all labels for which nothing is accepted."""
    return label if any(flag.label == label for flag in flags) else _REST


def _counted(flags: Sequence[FlaggedNgram]) -> frozenset[Ngram]:
    """Return the accepted units, whatever their class, and what counts with them.

    A word that is accepted for its place counts in other places too, and so do the content words of an accepted phrase where
    they are alone: what a sample loses here, it may have there.
    """
    return frozenset(ngram for flag in flags for ngram in (flag.ngram, *_parts(flag.ngram)))


def _runs(row: Row, counted: Set[Ngram]) -> dict[NgramRun, list[int]]:
    """Return the units of a row that count: neighbours as one run, each with its tokens, in order."""
    there = (token_runs for ngram, token_runs in ngrams(row.tokens, row.side).items() if ngram in counted)
    tokens = sorted({token for token_runs in there for token in chain.from_iterable(token_runs)})
    runs: dict[NgramRun, list[int]] = defaultdict(list)
    stretch: list[int] = []
    for token in tokens:
        if stretch and (token != stretch[-1] + 1 or row.side[token] != row.side[stretch[-1]]):
            runs[_run(row, stretch)] += stretch
            stretch = []
        stretch.append(token)
    if stretch:
        runs[_run(row, stretch)] += stretch
    return dict(sorted(runs.items()))


def _parts(ngram: Ngram) -> list[Ngram]:
    """Return the words of a phrase or place that count alone."""
    if ngram.kind == "phrase":
        return [Ngram("word", word) for word in ngram.words if is_content(word)]
    return [Ngram("word", ngram.text)] if ngram.kind != "word" else []


def _run(row: Row, tokens: Sequence[int]) -> NgramRun:
    """Return neighbouring tokens as a run in its place."""
    side, behind = row.side[tokens[0]], tokens[-1] + 1
    begins = not tokens[0] or row.side[tokens[0] - 1] != side
    ends = behind == len(row.side) or row.side[behind] != side
    words = " ".join(folded(row.tokens[token]) for token in tokens)
    return NgramRun(side, "first" if begins else "last" if ends else "inside", words)


def _position_of(kind: str) -> Literal["first", "inside", "last"]:
    """Return the position of an n-gram of a kind."""
    return "first" if kind == "first" else "last" if kind == "last" else "inside"


def _form(row: Row, tokens: Sequence[int]) -> str:
    """Return how a run is written where it occurs first: from its first token to the end of its neighbours, with spaces around it."""
    last = tokens[0]
    while last + 1 in tokens:
        last += 1
    text = (row.text, row.text_pair or "")[row.side[tokens[0]]]
    start, end = row.spans[tokens[0]][0], row.spans[last][1]
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    space = " " if any(map(str.isspace, around)) else ""
    return f"{space}{text[start:end]}{space}"


def _edits(
    row: Row, change: Change, rng: Chance, plausibility: Plausibility | None = None
) -> tuple[Edit, ...]:
    """Return the edits of a change; what is put inside goes between two tokens that stay, where there are two.

    plausibility: what decides between which; by chance without it.
    """
    edits = list(row.edits(dict.fromkeys(change.gone, "")))
    # Nothing is put into what is protected, or between a negation and what it speaks of.
    whole = governed(row.tokens, row.side) | {token for token in row.locked if token - 1 in row.locked}
    used: set[tuple[int, int]] = set()
    for run, form in change.new:
        side = run.side if row.text_pair is not None else 0
        text = (row.text, row.text_pair or "")[side]
        stay = [
            token for token in range(len(row.tokens)) if row.side[token] == side and token not in change.gone
        ]
        gaps = [gap for gap in _gaps(row, run, stay, whole, len(text)) if (side, gap.offset) not in used]
        if gaps:
            at = gaps[_drawn(row, run, gaps, rng, plausibility)].offset
            used.add((side, at))
            edits.append(Edit(side, at, at, "", insertion(text, at, form), 0.0))
    return tuple(sorted(edits, key=lambda edit: (edit.side, edit.start, edit.end)))


def _gaps(row: Row, run: NgramRun, stay: Sequence[int], whole: Set[int], length: int) -> list[_Gap]:
    """Return where a run may be put in a text: at an end, or before a token that stays and is not held to the one before it.

    stay: the tokens of the text that stay, whole: those held; a run inside goes to either end where there is no other gap.
    """
    first, last = (row.spans[stay[0]][0], row.spans[stay[-1]][1]) if stay else (length, length)
    if run.position != "inside":
        return [_Gap(first if run.position == "first" else last, None)]
    inside = [_Gap(row.spans[pair[1]][0], pair) for pair in pairwise(stay) if pair[1] not in whole]
    return inside or [_Gap(first, None), _Gap(last, None)]


def _drawn(
    row: Row, run: NgramRun, gaps: Sequence[_Gap], rng: Chance, plausibility: Plausibility | None
) -> int:
    """Return the index of one of some gaps: drawn by how often people write a run there, where that is learned, else all alike."""
    between = [gap.tokens for gap in gaps if gap.tokens is not None]
    if plausibility is None or not between:
        return rng.below(len(gaps))
    left, right = (plausibility.evidence.ids(row.tokens[pair[end]] for pair in between) for end in (0, 1))
    return weighted(plausibility.between(left, run.text.split(), right).tolist(), rng)
