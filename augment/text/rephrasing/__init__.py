"""Other wordings of the same meaning: parts in another order, another form of the same words, small words that may be there or not."""

from augment.text.rephrasing.find import Rephrasing, Way, rephrasings
from augment.text.rephrasing.proposal import KINDS, RephrasingKind

__all__ = ["KINDS", "Rephrasing", "RephrasingKind", "Way", "rephrasings"]
