"""Words of a masked language model put next to a token, or in place of two (Garg and Ramakrishnan 2020; Li et al. 2021).

What is put next to a token becomes a candidate of that token: `good` gives way to `really good`. Words pass the tests of words, as
those that replace a token do; a word put next to a token need not be of its part of speech.

    edits = open_masked_edits(job, most=8, filters=Filters())
    edits.inserted([slot])      # [("really good", "good enough")]
    edits.merged([slot])        # a slot of two tokens: [("fine",)]
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from augment.candidates.filters import Filters
from augment.candidates.slot import Slot
from augment.candidates.sources import Sources, open_sources
from augment.config.job import Job
from augment.errors import RequestError
from augment.text.script import language
from augment.text.segment import tokens_of

if TYPE_CHECKING:
    from augment.candidates.masked_lm import MaskedWords


class MaskedEdits:
    """What a masked language model puts in between tokens, and in place of several."""

    def __init__(self, words: "MaskedWords", inserting: Sources, replacing: Sources, most: int) -> None:
        """Keep the model, the tests of either kind of word, and how many are offered for a token."""
        self._words, self._inserting, self._replacing, self._most = words, inserting, replacing, most

    def inserted(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return what each token may give way to: itself with a word before it or behind it, by turns, most probable first.

        A word that begins with a capital has none: what is put before it would have to take that.
        """
        fitting = [slot for slot in slots if not slot.word[:1].isupper()]
        before, behind = (self._words.inserted(fitting, where) for where in (False, True))
        offers: dict[int, tuple[str, ...]] = {}
        for slot, first, last in zip(fitting, before, behind, strict=True):
            gap = "" if language(slot.word) == "zh" else " "
            kept = [
                [f"{word}{gap}{slot.word}" for word in self._inserting.passing(slot, slot.word, first)],
                [
                    f"{slot.word}{gap}{word}"
                    for word in self._inserting.passing(replace(slot, before=None), slot.word, last)
                ],
            ]
            longest = max(map(len, kept))
            turns = [side[number] for number in range(longest) for side in kept if number < len(side)]
            offers[id(slot)] = tuple(turns[: self._most])
        return [offers.get(id(slot), ()) for slot in slots]

    def merged(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return one word for all tokens of each slot, of the part of speech of the last one and none of them, most probable first."""
        offers = []
        for slot, words in zip(slots, self._words.merged(slots), strict=True):
            own = tokens_of(slot.word)
            others = tuple(word for word in words if word.casefold() not in {each.casefold() for each in own})
            offers.append(self._replacing.passing(slot, own[-1], others)[: self._most] if own else ())
        return offers


def open_masked_edits(job: Job, most: int, filters: Filters) -> MaskedEdits:
    """Return what the masked model of a job puts in; RequestError if it names none."""
    if job.resources.masked_lm is None:
        what = "needs a masked language model, and the config names none"
        raise RequestError("stage attack: masked", what, "name one as `resources.masked_lm`")
    from augment.candidates.masked_lm import MaskedWords

    words = MaskedWords(job.resources.masked_lm, job.run, most)
    inserting = open_sources((), job, most, replace(filters, pos=False, context=0.0))
    replacing = open_sources((), job, most, replace(filters, context=0.0))
    return MaskedEdits(words, inserting, replacing, most)
