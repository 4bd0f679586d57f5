"""Other wordings of parts of a text as candidates of an attack: 因为 for 由于, `so` for `therefore`, a word of degree more or less.

The rules of `rephrase` propose them. Each becomes a candidate of the tokens that it touches, together a group.

    rewordings = Rewordings.of(job, wordings=None, least=0.9)
    rewordings.put(rows)        # rows with groups, and what each of them may give way to
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from augment.candidates.appraisals import appraisals
from augment.candidates.sources import word_parts
from augment.candidates.wordings import Wordings, likely
from augment.config.job import Job
from augment.stages.attack_offers import AttackedTokens
from augment.stages.editing import Row
from augment.stages.touching import may_go
from augment.text.rephrasing import Rephrasing, Way, rephrasings
from augment.text.tagger import WordParts

# How plausible a wording is by its rule, where nothing was counted.
USUAL_LEAST = 0.9
# Most tokens of a group: longer ones leave too little of a text for other edits.
_LONGEST = 8


@dataclass(frozen=True)
class Rewordings:
    """What finds other wordings. wordings: whether people write them, by counts of plain text; without counts the rules decide."""

    parts: WordParts
    wordings: Wordings | None
    least: float

    @staticmethod
    def of(job: Job, wordings: Wordings | None, least: float) -> "Rewordings":
        """Return what finds wordings that read well with a chance of `least`, with the dictionaries of a job."""
        return Rewordings(word_parts(job), wordings, least)

    def put(self, rows: Sequence[AttackedTokens]) -> list[AttackedTokens]:
        """Return the rows with a group for the tokens of each wording, and the words that these may give way to."""
        matches = [
            (number, side, one)
            for number, each in enumerate(rows)
            if each.row.free
            for side, text in enumerate((each.row.text, each.row.text_pair))
            if text
            for one in rephrasings(text, self.parts)
        ]
        words: list[dict[tuple[int, ...], dict[str, None]]] = [{} for _ in rows]
        for (number, side, one), chance in zip(
            matches, self._chances([one for *_, one in matches]), strict=True
        ):
            placed = _placed(rows[number].row, side, one) if chance >= self.least else None
            if placed is not None:
                words[number].setdefault(placed[0], {})[placed[1]] = None
        for each, of_row in zip(rows, words, strict=True):
            self._appraise(each.row, of_row)
        return [_with(each, of_row) for each, of_row in zip(rows, words, strict=True)]

    def _appraise(self, row: Row, words: dict[tuple[int, ...], dict[str, None]]) -> None:
        """Add words of degree, praise and blame that mean the same."""
        free = frozenset(row.free)
        for side in (0, 1):
            here = [token for token in range(len(row.spans)) if row.side[token] == side]
            for index, others in appraisals([row.tokens[token] for token in here]):
                if here[index] in free:
                    words.setdefault((here[index],), {}).update(dict.fromkeys(others))

    def _chances(self, matches: Sequence[Rephrasing]) -> Iterator[float]:
        """Yield the chance that each wording reads well."""
        if self.wordings is None:
            yield from (one.plausibility for one in matches)
            return
        tests = iter(self.wordings.offer([words for one in matches for words in one.wordings]))
        for one in matches:
            yield likely(one, [next(tests) for _ in one.wordings])


def _with(each: AttackedTokens, words: dict[tuple[int, ...], dict[str, None]]) -> AttackedTokens:
    """Return a row with groups for what may be worded otherwise; a single token is no group."""
    row, known = each.row, {group: number for number, group in enumerate(each.row.groups)}
    groups, reworded = list(row.groups), {}
    for members, others in words.items():
        if len(members) == 1:
            reworded[members[0]] = tuple(others)
            continue
        if members not in known:
            known[members] = len(groups)
            groups.append(members)
        reworded[len(row.spans) + known[members]] = tuple(others)
    return replace(each, row=replace(row, groups=tuple(groups)), reworded=reworded)


def _placed(row: Row, side: int, one: Rephrasing) -> tuple[tuple[int, ...], str] | None:
    """Return the tokens that a wording touches and what they give way to; None where one has to stay, or there are too many."""
    if one.negates:
        return None
    free = frozenset(row.free)
    way = next((way for way in one.ways if may_go(row, side, way, free)), None)
    here = [token for token in range(len(row.spans)) if row.side[token] == side]
    if way is None or not here:
        return None
    start, end = min(begin for begin, _, _ in way), max(stop for _, stop, _ in way)
    first = max((token for token in here if row.spans[token][0] <= start), default=here[0])
    last = min((token for token in here if row.spans[token][1] >= end), default=here[-1])
    first, last = min(first, last), max(first, last)
    begin, stop = row.spans[first][0], row.spans[last][1]
    if last - first >= _LONGEST or not begin <= start <= end <= stop:
        return None
    new = _changed((row.text, row.text_pair or "")[side], way, begin, stop)
    return (tuple(range(first, last + 1)), new) if new.strip() else None


def _changed(text: str, way: Way, begin: int, stop: int) -> str:
    """Return a part of a text with changes in place."""
    pieces, done = [], begin
    for start, end, new in sorted(way):
        pieces += [text[done:start], new]
        done = end
    return "".join((*pieces, text[done:stop])).strip()
