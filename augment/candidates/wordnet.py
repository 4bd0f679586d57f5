"""WordNet's database files, read as they are installed: the words of a token's main senses, in the token's form.

wordnet = WordNet(Path("/usr/share/wordnet"))
list(wordnet.find("Movies"))    # ['films', 'pictures', 'flicks']
wordnet.parts("movies")         # frozenset({'n'})
wordnet.opposes("good", "worst")  # True
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import regex

from augment.errors import DataError, RequestError
from augment.text.inflect import Reading, inflect, irregular, lemmas

_PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_SENSE_TYPES = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
_LOWER_WORD = regex.compile(r"[a-z]{2,}(?:-[a-z]+)*")


class WordNet:
    """WordNet's database files, held as bytes; a line is parsed when a token asks for it."""

    def __init__(self, folder: Path) -> None:
        """Read the files of a folder; RequestError if it is not a WordNet folder."""
        self.folder = folder
        digest = blake2b(digest_size=16)
        self.index = {pos: _index(self._read(f"index.{part}", digest.update)) for pos, part in _PARTS.items()}
        self.data = {pos: self._read(f"data.{part}", digest.update) for pos, part in _PARTS.items()}
        self.exceptions = {
            pos: _exceptions(self._extra(f"{part}.exc", digest.update)) for pos, part in _PARTS.items()
        }
        self.sense_uses = _uses(self._extra("cntlist.rev", digest.update))
        self.uses: dict[tuple[str, str], int] = {}
        for (lemma, part, _), count in self.sense_uses.items():
            self.uses[lemma, part] = self.uses.get((lemma, part), 0) + count
        self._counted = sum(self.uses.values())
        self.irregular = irregular(self.exceptions)
        self.content_hash = digest.hexdigest()
        # The same words are looked up as tokens, as what is offered, and as antonyms.
        self._forms = lru_cache(maxsize=1 << 16)(self._lemmas)
        self._readings = lru_cache(maxsize=1 << 16)(self._likely_readings)
        self._opposite = lru_cache(maxsize=1 << 14)(self._opposites)

    def find(self, token: str) -> Iterator[str]:
        """Yield the words of the main senses of each likely reading of a token, in the token's form.

        Words that never stood in the texts WordNet was counted on are left out: hebdomad for week.
        """
        for lemma, pos, form in self._readings(token):
            for word in self._synset_words(lemma, pos):
                common = not self.uses or (word.lower(), pos) in self.uses
                inflected = self._inflected(word, pos, form) if common and word != lemma else None
                if inflected and _LOWER_WORD.fullmatch(inflected):
                    yield inflected

    def of_any_sense(self, token: str) -> Iterator[str]:
        """Yield the words of all senses of every reading of a token, in its form, rare words too."""
        for lemma, pos, form in self._forms(token.lower()):
            fields = self.index[pos].get(lemma, "").split()
            for offset in fields[-int(fields[1]) :] if fields else ():
                for word in _words(self._synset(offset, pos)):
                    inflected = self._inflected(word, pos, form) if word != lemma else None
                    if inflected and _LOWER_WORD.fullmatch(inflected):
                        yield inflected

    def meanings(self, token: str) -> int:
        """Return how many senses a token has in all its readings."""
        lines = {
            (lemma, pos): self.index[pos].get(lemma, "").split()
            for lemma, pos, _ in self._forms(token.lower())
        }
        return sum(int(fields[1]) for fields in lines.values() if fields)

    def knows(self, token: str) -> bool:
        """Return whether a token is a form of a word in WordNet."""
        return bool(self._readings(token))

    def parts(self, token: str) -> frozenset[str]:
        """Return the parts of speech a token was seen as in the texts WordNet was counted on."""
        return frozenset(pos for lemma, pos, _ in self._readings(token) if (lemma, pos) in self.uses)

    def opposes(self, token: str, word: str) -> bool:
        """Return whether a word is a form of an antonym of a token, or of what means the same as that antonym."""
        opposite = self._opposite(token.lower())
        return bool(opposite) and any(lemma in opposite for lemma, _, _ in self._forms(word.lower()))

    def per_million(self, token: str) -> float | None:
        """Return how often a word, in all its forms, stood in a million of the words WordNet was counted on.

        None where that is not known: an edition without counts, or a word it does not have.
        """
        readings = self._readings(token) if self._counted else ()
        if not readings:
            return None
        return (
            1e6
            * sum({reading[:2]: self.uses.get(reading[:2], 0) for reading in readings}.values())
            / self._counted
        )

    def _opposites(self, token: str) -> frozenset[str]:
        """Return the words of all antonyms of a token in any of its senses, and those of like meaning.

        An adjective without an antonym has that of the one it is like: `awful` is like bad, whose antonym is good.
        """
        opposites: set[str] = set()
        for lemma, pos, _ in self._forms(token):
            fields = self.index[pos].get(lemma, "").split()
            for offset in fields[-int(fields[1]) :] if fields else ():
                own = self._synset(offset, pos)
                heads = [self._synset(*like) for like in _pointers(own, "&")]
                for synset in (own, *([] if _pointers(own, "!") else heads)):
                    for antonym in (self._synset(*pointer) for pointer in _pointers(synset, "!")):
                        alike = (self._synset(*like) for like in _pointers(antonym, "&"))
                        opposites.update(word.lower() for one in (antonym, *alike) for word in _words(one))
        return frozenset(opposites)

    def _lemmas(self, word: str) -> tuple[Reading, ...]:
        """Return what a word in lower case may be a form of."""
        return lemmas(word, self.exceptions)

    def _likely_readings(self, token: str) -> tuple[Reading, ...]:
        """Return the readings WordNet knows, most used first.

        A participle with an entry as adjective is that adjective (touching, tired). A reading used less than half as
        often as the first is dropped: `saw` is see, not a proverb.
        """
        known = [reading for reading in self._forms(token.lower()) if reading[0] in self.index[reading[1]]]
        adjective = (token.lower(), "a", "base")
        if adjective in known and token.lower().endswith(("ing", "ed")):
            known = [adjective]
        uses = {reading: self.uses.get(reading[:2], 0) for reading in known}
        most = max(uses.values(), default=0)
        likely = (reading for reading in known if 2 * uses[reading] >= most)
        return tuple(sorted(likely, key=lambda reading: -uses[reading]))

    def _synset_words(self, lemma: str, pos: str) -> Iterator[str]:
        """Yield the words of the main senses of a lemma (layout of the files: wndb(5WN))."""
        fields = self.index[pos][lemma].split()
        offsets = fields[-int(fields[1]) :]
        for offset in offsets[: self._main_senses(lemma, pos)]:
            yield from _words(self._synset(offset, pos))

    def _synset(self, offset: str, pos: str) -> list[str]:
        """Return the fields of the synset at a byte of a data file; DataError if none is there."""
        start = int(offset)
        line = self.data[pos][start : self.data[pos].find(b"\n", start)].decode("latin-1").split(" ")
        if line[0] != offset:
            raise DataError(
                str(self.folder), f"no synset at byte {offset} of data.{_PARTS[pos]}", "reinstall WordNet"
            )
        return line

    def _main_senses(self, lemma: str, pos: str) -> int:
        """Return how many senses of a lemma are its main ones: the first, and the second if used as often by half."""
        first, second = (self.sense_uses.get((lemma, pos, sense), 0) for sense in (1, 2))
        return 2 if 0 < first <= 2 * second else 1

    def _inflected(self, word: str, pos: str, form: str) -> str | None:
        """Return a word's form, None where its irregular forms leave a doubt (went or gone)."""
        forms = self.irregular.get((word, "a" if pos == "r" else pos, form), ())
        if len(forms) > 1:
            return None
        return forms[0] if forms else inflect(word, pos, form)

    def _read(self, name: str, note: Callable[[bytes], object]) -> bytes:
        """Return the content of a file and note it for the hash; RequestError if it is missing."""
        path = self.folder / name
        if not path.is_file():
            hint = "name the folder that holds WordNet's index.* and data.* files"
            raise RequestError("resources.lexicons", f"{self.folder} is a folder without {name}", hint)
        content = path.read_bytes()
        note(content)
        return content

    def _extra(self, name: str, note: Callable[[bytes], object]) -> list[str]:
        """Return the lines of a file that some editions lack."""
        return self._read(name, note).decode("latin-1").splitlines() if (self.folder / name).is_file() else []


def _words(synset: list[str]) -> list[str]:
    """Return the words of a synset."""
    return synset[4 : 4 + 2 * int(synset[3], 16) : 2]


def _pointers(synset: list[str], symbol: str) -> list[tuple[str, str]]:
    """Return offset and part of speech of the synsets that pointers of a kind lead to: `!` antonyms, `&` the like."""
    first = 5 + 2 * int(synset[3], 16)
    offsets = range(first, first + 4 * int(synset[first - 1]), 4)
    return [(synset[at + 1], synset[at + 2]) for at in offsets if synset[at] == symbol]


def _index(content: bytes) -> dict[str, str]:
    """Return the rest of an index line by its lemma, for lemmas of one word; the licence lines start with a space."""
    lines = (line.partition(" ") for line in content.decode("latin-1").splitlines())
    return {lemma: rest for lemma, _, rest in lines if lemma and "_" not in lemma}


def _exceptions(lines: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return irregular words with their lemmas from the lines of a *.exc file."""
    return {word: tuple(bases) for word, *bases in (line.split() for line in lines if line.strip())}


def _uses(lines: Iterable[str]) -> dict[tuple[str, str, int], int]:
    """Return how often each (lemma, part of speech, sense) stood in the texts WordNet was counted on (cntlist(5WN))."""
    uses: dict[tuple[str, str, int], int] = {}
    for line in lines:
        key, number, count = line.split(" ")
        lemma, _, sense = key.partition("%")
        uses[lemma, _SENSE_TYPES[sense[0]], int(number)] = int(count)
    return uses
