"""The state of the attack on one text, and what a search needs to know of the row it is in.

attempt = Attempt(row, own=np.array([0.0, 1.0]))
attempt.put({3: "fine"})                 # the edits so far, by token
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from augment.text.edits import Edit

WordChoice = Mapping[int, str]
# What was expected of edits is off if it misses by more than this part of what they did: 0 to 0.4 on trained nets, 0.5 to 2 on random ones.
_OFF = 0.5
AttackOutcome = Literal["unchanged", "changed", "reduced", "skipped", "exempt"]


class AttackedText(Protocol):
    """A row whose tokens are edited by a choice: token to its replacement, the empty string for a deletion.

    A number beyond the tokens is that of a group of neighbours, which a word replaces together.
    """

    @property
    def id(self) -> str:
        """The id of the row."""
        ...

    @property
    def text(self) -> str:
        """The text."""
        ...

    @property
    def text_pair(self) -> str | None:
        """The second text, None where there is none."""
        ...

    @property
    def side(self) -> tuple[int, ...]:
        """Which text each token is in: 0 or 1."""
        ...

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The code points of each token in its text."""
        ...

    def members(self, token: int) -> tuple[int, ...]:
        """Return the tokens that a number of a choice names: itself, or those of a group."""
        ...

    def spread(self, choice: WordChoice) -> WordChoice:
        """Return a choice of tokens alone: of a group the first gives way to the new words, and the others to nothing."""
        ...

    def edits(self, choice: WordChoice) -> tuple[Edit, ...]:
        """Return the edits that put `choice` in place."""
        ...

    def texts(self, choice: WordChoice) -> tuple[str, str | None]:
        """Return the text and second text with `choice` in place."""
        ...


@dataclass
class Budget:
    """The rows that the model may compute for several attempts together."""

    rows: int
    attempts: list["Attempt"] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many rows the model may still compute."""
        return max(self.rows - sum(attempt.queries for attempt in self.attempts), 0)


@dataclass
class Attempt:
    """The attack on one text. own: the attacked answer (`goals.Goal`), None for whatever the model answers.

    offers: candidates by token; room: most tokens edited; budget: most model rows; margin: how far the text with `choice` is
    from the goal; start: the same of the text as it is; drops: the measured effect of single edits, by token; refused: choices that reach the goal and break a
    constraint; expected: how far a close guide expects sets of edits to be from the goal; effects: what it expects
    of candidates in the text as it is; forward, backward: rows the model computed for it; shared: a budget of several attempts.
    """

    row: AttackedText
    own: np.ndarray | None = None
    offers: dict[int, tuple[str, ...]] = field(default_factory=dict)
    order: tuple[int, ...] = ()
    room: int = 1
    budget: int = 200
    choice: dict[int, str] = field(default_factory=dict)
    margin: float = 0.0
    start: float = 0.0
    drops: dict[int, tuple[float, str]] = field(default_factory=dict)
    flips: dict[frozenset[tuple[int, str]], float] = field(default_factory=dict)
    refused: set[frozenset[tuple[int, str]]] = field(default_factory=set)
    seen: dict[frozenset[tuple[int, str]], float] = field(default_factory=dict)
    expected: dict[frozenset[tuple[int, str]], float] = field(default_factory=dict)
    effects: dict[tuple[int, str], float] = field(default_factory=dict)
    outcome: AttackOutcome = "unchanged"
    forward: int = 0
    backward: int = 0
    shared: Budget | None = None

    @property
    def queries(self) -> int:
        """How many rows the model computed, a backward pass as one more."""
        return self.forward + self.backward

    @property
    def left(self) -> int:
        """How many rows the model may still compute."""
        own = max(self.budget - self.queries, 0)
        return own if self.shared is None else min(own, self.shared.left)

    @property
    def is_misjudged(self) -> bool:
        """Whether what was expected of sets of edits is off by more than half of what they did."""
        both = [(self.expected[name], far) for name, far in self.seen.items() if name in self.expected]
        missed = sum(abs(expected - far) for expected, far in both)
        return missed > _OFF * sum(abs(self.start - far) for _, far in both)

    def put(self, choice: WordChoice, margin: float) -> None:
        """Take a choice as the edits so far."""
        self.choice, self.margin = dict(choice), margin

    def note_drop(self, token: int, word: str, distance: float) -> None:
        """Note what a candidate did by itself, if it is the best of its token; of equally good ones the first by its letters."""
        drop = (distance - self.margin, word)
        if token not in self.drops or drop < self.drops[token]:
            self.drops[token] = drop

    def forget_looks(self) -> None:
        """Forget what was measured of texts that leave a word out only to see what it does: no candidate is to leave it out."""
        for known in (self.flips, self.seen):
            looks = [
                name
                for name in known
                if any(not word and "" not in self.offers.get(at, ()) for at, word in name)
            ]
            for name in looks:
                del known[name]

    def restart(self) -> None:
        """Forget the edits and their effects; what was measured, refused and spent stays."""
        self.choice, self.drops, self.flips = {}, {}, {}


def conflicts(row: AttackedText, choice: WordChoice) -> bool:
    """Return whether a choice edits a token twice, by itself and in a group."""
    size = len(row.spans)
    if all(token < size for token in choice):
        return False
    tokens = [member for token in choice for member in row.members(token)]
    return len(tokens) != len(set(tokens))


def key_of(choice: WordChoice) -> frozenset[tuple[int, str]]:
    """Return a choice as a key."""
    return frozenset(choice.items())
