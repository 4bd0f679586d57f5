"""What rules propose in the tokens of a line: parts that change places, and words in place of others."""

from typing import Literal, NamedTuple, get_args

RephrasingKind = Literal["order", "form", "added", "dropped"]
KINDS: tuple[RephrasingKind, ...] = get_args(RephrasingKind)


class Exchange(NamedTuple):
    """The tokens `first` to before `last` of a line change places with `other_first` to before `other_last` behind them.

    tested: whether the words at the borders have to be seen next to each other; plausibility: by reading, 0 to 1.
    """

    first: int
    last: int
    other_first: int
    other_last: int
    plausibility: float
    tested: bool = True


class Wording(NamedTuple):
    """The tokens `first` to before `last` of a line give way to new words; none, or no tokens, where words are dropped or added.

    tested: whether the new words have to be seen next to each other; negates: a negation gives way to another form of it.
    """

    kind: RephrasingKind
    first: int
    last: int
    new: tuple[str, ...]
    plausibility: float
    tested: bool = True
    negates: bool = False


Proposal = Exchange | Wording
