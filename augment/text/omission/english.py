"""English phrases that may be left out: sentences, joined clauses, free adverbs, attributive adjectives, what is put before or behind.

WordParts of speech are those of the tagger; without one only rules that need none apply.
"""

from collections.abc import Iterator, Sequence

import regex

from augment.text.negation import is_negation
from augment.text.omission.line import HAN, Clause, Found, Line
from augment.text.tagger import WordParts, tagger

_REFERS = frozenset(
    [
        "it",
        "its",
        "it's",
        "this",
        "that",
        "these",
        "those",
        "they",
        "them",
        "their",
        "he",
        "she",
        "him",
        "his",
        "her",
        "such",
        "so",
        "but",
        "and",
        "or",
        "also",
        "because",
        "however",
        "which",
        "who",
        "whom",
        "whose",
        "then",
        "there",
        "therefore",
        "thus",
        "yet",
        "otherwise",
        "instead",
        "still",
        "nor",
        "neither",
        "too",
        "hence",
        "meanwhile",
        "moreover",
        "furthermore",
        "besides",
        "even",
        "especially",
        "although",
        "though",
        "plus",
        "another",
        "others",
        "both",
        "either",
        "one",
        "ones",
        "as",
        "for",
        "same",
        "here",
        "nevertheless",
        "nonetheless",
        "rather",
        "not",
        "no",
        "what",
        "why",
        "how",
        "more",
    ]
)
_TURNS = frozenset(["but", "yet", "so", "nor", "or", "unless", "if", "than"])
_DEGREE = frozenset(
    [
        "very",
        "really",
        "quite",
        "pretty",
        "extremely",
        "incredibly",
        "absolutely",
        "truly",
        "totally",
        "completely",
        "fairly",
        "rather",
        "especially",
        "particularly",
        "remarkably",
        "surprisingly",
        "terribly",
        "awfully",
        "highly",
        "exceptionally",
        "extraordinarily",
        "amazingly",
        "wonderfully",
        "utterly",
        "thoroughly",
        "genuinely",
        "seriously",
        "simply",
        "downright",
        "super",
        "insanely",
        "ridiculously",
        "deeply",
        "immensely",
        "unusually",
        "decidedly",
        "consistently",
    ]
)
_FREE = frozenset(
    [
        "really",
        "actually",
        "definitely",
        "certainly",
        "simply",
        "basically",
        "truly",
        "clearly",
        "obviously",
        "honestly",
        "literally",
        "totally",
        "completely",
        "absolutely",
        "just",
        "personally",
        "generally",
        "frankly",
        "undoubtedly",
        "thoroughly",
        "also",
        "always",
        "easily",
        "quickly",
        "constantly",
        "continually",
        "gradually",
        "slowly",
        "carefully",
        "gently",
        "quietly",
        "finally",
        "eventually",
    ]
)
_MANNER = frozenset(["just", "also", "always", "finally", "eventually"])
_KEEPS = frozenset(
    [
        "nearly",
        "hardly",
        "scarcely",
        "barely",
        "allegedly",
        "reportedly",
        "partially",
        "partly",
        "supposedly",
        "early",
        "only",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "likely",
        "friendly",
        "badly",
        "poorly",
        "mostly",
        "rarely",
        "seldom",
        "almost",
        "possibly",
        "probably",
        "apparently",
        "seemingly",
        "slightly",
        "somewhat",
        "largely",
        "mainly",
        "usually",
        "occasionally",
        "formerly",
        "previously",
        "newly",
        "fully",
        "family",
        "lonely",
        "lovely",
        "ugly",
        "holy",
        "silly",
    ]
)
_BINDS = frozenset(
    [
        "so",
        "too",
        "as",
        "how",
        "more",
        "most",
        "less",
        "least",
        "not",
        "never",
        "than",
        "no",
        "however",
        "that",
        "such",
        "n't",
        "enough",
    ]
)
_DETERMINERS = frozenset(
    ["the", "this", "that", "these", "those", "its", "his", "her", "their", "our", "my", "your", "some"]
)
_LIGHT = frozenset(
    [
        "thing",
        "things",
        "way",
        "ways",
        "one",
        "ones",
        "kind",
        "sort",
        "part",
        "parts",
        "side",
        "point",
        "points",
        "time",
        "times",
        "day",
        "days",
        "people",
        "note",
        "job",
        "idea",
        "ideas",
        "reason",
        "reasons",
        "mood",
        "feeling",
        "look",
        "place",
        "word",
        "words",
        "guy",
        "man",
        "woman",
        "fact",
        "hand",
        "hands",
        "life",
        "world",
        "school",
        "sense",
        "order",
        "case",
        "end",
        "amount",
        "number",
        "level",
        "degree",
        "deal",
        "lot",
        "bit",
        "piece",
        "version",
        "example",
        "few",
        "rest",
        "state",
        "story",
    ]
)
_NO_MODIFIER = frozenset(
    [
        "same",
        "other",
        "only",
        "first",
        "second",
        "third",
        "last",
        "final",
        "next",
        "own",
        "additional",
        "sized",
        "such",
        "whole",
        "entire",
        "right",
        "wrong",
        "few",
        "many",
        "much",
        "more",
        "most",
        "best",
        "worst",
        "least",
        "latest",
        "main",
        "single",
        "real",
        "true",
        "original",
        "previous",
        "former",
        "latter",
        "current",
        "different",
        "various",
        "several",
        "certain",
        "high",
        "low",
        "big",
        "new",
        "old",
        "good",
        "full",
        "common",
        "general",
        "american",
        "french",
        "english",
        "british",
        "german",
        "chinese",
        "japanese",
        "italian",
        "digital",
        "special",
        "live",
        "dead",
        "free",
        "left",
        "major",
        "minor",
        "human",
        "social",
        "public",
        "private",
        "prime",
        "double",
        "black",
        "white",
        "red",
        "blue",
        "green",
    ]
)
_COPULAS = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "'s",
        "'re",
        "am",
        "it's",
        "that's",
        "has",
        "have",
        "had",
        "having",
        "with",
        "gives",
        "offers",
        "makes",
    ]
)
_ASIDES = regex.compile(
    r"(?:in my (?:humble )?opinion|in fact|in short|in general|in the end|in other words|in addition|in all|in conclusion|to be honest|to be fair|to be sure|of course|for example|for instance|"
    r"by the way|at first|at least|at last|after all|all in all|as always|as usual|as expected|as such|on the whole|on the other hand|overall|unfortunately|fortunately|luckily|sadly|happily|honestly|"
    r"actually|basically|personally|frankly|seriously|surprisingly|interestingly|obviously|clearly|certainly|admittedly|apparently|ultimately|indeed|however|moreover|furthermore|additionally|also|"
    r"besides|nevertheless|nonetheless|thankfully|hopefully|generally|first of all|well|yes|ok|okay|oh|i think|i believe|i guess|i suppose|needless to say|believe me|trust me|like i said|again|finally|still|for me)"
)
_PREPOSITIONS = frozenset(
    [
        "in",
        "on",
        "at",
        "after",
        "before",
        "for",
        "with",
        "despite",
        "during",
        "under",
        "over",
        "from",
        "throughout",
        "beyond",
        "among",
        "besides",
        "like",
        "unlike",
        "by",
        "within",
        "since",
        "through",
        "along",
    ]
)
_SUBORDINATES = frozenset(
    ["while", "although", "though", "because", "since", "when", "as", "whereas", "once", "whether"]
)
_TRAILING = frozenset(
    [
        "which",
        "who",
        "whose",
        "although",
        "though",
        "because",
        "thanks",
        "with",
        "without",
        "making",
        "giving",
        "leaving",
        "creating",
        "including",
        "even",
    ]
)
_BECAUSE = frozenset(["because"])
_LIKE_ADJECTIVE = regex.compile(
    r"^(?!.*\d)..+(?:ous|ful|ive|able|ible|al|ic|ish|less|[^aeiou]y|ing|ed|ent|ant|ary|some|like|-.+)$"
)
_QUOTES = frozenset(('"', "''", "``", "“", "”"))


def english(line: Line, parts: WordParts) -> Iterator[Found]:
    """Yield the English phrases of a line that may be left out; without a tagger only those that need none."""
    yield from _asides(line)
    known = tagger()
    if known is None:
        return
    tags = known.tags([line.token(place) for place in range(len(line))], parts)
    # An adjective is surely one if the treebank or a dictionary has it as that, or it ends like one.
    tags = [
        tag
        if tag != "ADJ|-" or known.knows(word) or "a" in parts(word) or _LIKE_ADJECTIVE.search(word)
        else "X|-"
        for word, tag in zip(line.words, tags, strict=True)
    ]
    yield from _sentences(line, tags)
    yield from _joined(line, tags)
    yield from _before(line, tags)
    yield from _behind(line, tags)
    yield from _adverbs(line, tags)
    yield from _adjectives(line, tags)
    yield from _pairs(line, tags)


def sentences(line: Line) -> list[tuple[int, int, int]]:
    """Return each sentence as first token, token behind its last word, and token behind its final mark."""
    found: list[tuple[int, int, int]] = []
    first = None
    for clause in line.clauses:
        first = clause.first if first is None else first
        if clause.ends:
            after = clause.after
            while after < len(line) and line.word(after) in ('"', "''", "”", ")") and not line.is_end(after):
                after += 1
            found.append((first, clause.last, after))
            first = None
    return found


def _finite(tags: Sequence[str], first: int, last: int) -> bool:
    """Return whether there is a finite verb among tokens."""
    return any("Fin" in tag for tag in tags[first:last])


def _subject(tags: Sequence[str], line: Line, place: int) -> bool:
    """Return whether a subject may begin at a place."""
    return (
        place < len(line)
        and tags[place].split("|")[0].split("+")[0] in ("DET", "PRON", "NOUN", "PROPN", "NUM", "ADJ")
        and "VERB" not in tags[place]
    )


def _sentences(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield whole sentences that nothing behind refers to."""
    whole = sentences(line)
    if len(whole) < 2:
        return
    for number, (first, last, after) in enumerate(whole):
        if line.has_han(first, last) or last - first < 3 or line.word(first) in _REFERS:
            continue
        asks = "?" in "".join(line.words[last:after])
        behind = whole[number + 1] if number + 1 < len(whole) else None
        if behind is not None and (
            asks
            or line.word(behind[0]) in _REFERS
            or {"it", "this", "that", "they", "he", "she"} & set(line.words[behind[0] : behind[0] + 3])
        ):
            continue
        before = whole[number - 1] if number else None
        if before is not None and (
            "?" in "".join(line.words[before[1] : before[2]]) or line.word(before[1]) == ":"
        ):
            continue
        if _finite(tags, first, last):
            yield Found("sentence", first, after)


def _joined(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield one of two clauses that a comma and `and` join, each with a subject and a finite verb."""
    for first, last, _ in sentences(line):
        for place in range(first + 3, last - 3):
            if line.word(place) != "," or line.word(place + 1) != "and" or line.has_han(first, last):
                continue
            if (
                not _subject(tags, line, place + 2)
                or not _finite(tags, place + 3, last)
                or not _finite(tags, first, place)
            ):
                continue
            rest = line.words[place + 2 : last]
            if "," in rest or _TURNS & set(rest) or not _early_verb(tags, place + 2, last):
                continue
            if not (_SUBORDINATES | {"if", "either", "both", "not"}) & set(line.words[first:place]):
                yield Found("clause", place, last)
                if line.word(place + 2) not in _REFERS and line.word(first) not in _REFERS:
                    yield Found("clause", first, place + 2)


def _early_verb(tags: Sequence[str], first: int, last: int) -> bool:
    """Return whether a subject and its finite verb begin a clause: no relative or other clause before that verb."""
    for place in range(first, min(first + 6, last)):
        if "Fin" in tags[place]:
            return place > first or "+" in tags[place]
        if tags[place].startswith(("SCONJ", "CCONJ", "VERB")):
            return False
    return False


def _asides(line: Line) -> Iterator[Found]:
    """Yield what a sentence is introduced or broken by, with its commas: In my opinion, … ; …, of course, …."""
    for clause in line.clauses:
        text = " ".join(line.words[clause.first : clause.last])
        if not _ASIDES.fullmatch(text):
            continue
        if clause.begins and not clause.ends and line.word(clause.last) == ",":
            yield Found("fronted", clause.first, clause.after)
        elif not clause.begins and line.word(clause.last) == "," == line.word(clause.first - 1):
            yield Found("parenthesis", clause.first - 1, clause.after)
        elif clause.ends and not clause.begins and line.word(clause.first - 1) == ",":
            yield Found("trailing", clause.first - 1, clause.last)


def _before(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield a prepositional phrase or subordinate clause before the subject, up to its comma."""
    for first, last, _ in sentences(line):
        comma = next((place for place in range(first, last) if line.word(place) == ","), None)
        if (
            comma is None
            or comma - first < 2
            or line.has_han(first, last)
            or not _subject(tags, line, comma + 1)
        ):
            continue
        head, subject = line.word(first), line.word(comma + 1)
        if subject in (
            "it",
            "he",
            "she",
            "they",
            "its",
            "his",
            "her",
            "their",
            "this",
            "that",
            "it's",
            "him",
            "them",
            "which",
            "who",
            "one",
        ) or not _early_verb(tags, comma + 1, last):
            continue
        within = line.words[first:comma]
        if (
            (
                (head in _SUBORDINATES and _finite(tags, first, comma))
                or (head in _PREPOSITIONS and not _finite(tags, first, comma))
            )
            and "so" not in within
            and "that" not in within[:2]
        ):
            yield Found("fronted", first, comma + 1)


def _behind(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield what follows a whole clause: `, which …`, `, making …`, `because …`, up to the end of the sentence."""
    for first, last, after in sentences(line):
        if line.has_han(first, last) or "?" in "".join(line.words[last:after]):
            continue
        for place in range(first + 3, last - 2):
            word, rest = line.word(place + 1), line.words[place + 1 : last]
            comma = line.word(place) == ","
            if {"but", "yet"} & set(rest) or not _finite(tags, first, place):
                continue
            if tags[place - 1].startswith(("ADJ", "ADV", "DET")):
                continue
            if comma and (
                word in _TRAILING
                or tags[place + 1] == "VERB|Ger"
                or (tags[place + 1] == "VERB|Part" and word.endswith("ing"))
            ):
                if not _coordinated(line, tags, place + 1, last):
                    yield Found("trailing", place, last)
            elif (
                line.word(place) in _BECAUSE
                and line.word(place - 1) not in ("not", "just", "only", "is", "was", "simply", "mainly", ",")
                and "," not in rest
            ):
                yield Found("trailing", place, last)


def _coordinated(line: Line, tags: Sequence[str], first: int, last: int) -> bool:
    """Return whether a phrase goes on into another clause of the sentence: a comma, and a subject with its verb."""
    return any(line.word(place) == "," and _finite(tags, place, last) for place in range(first, last))


def _adverbs(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield adverbs before what needs none."""
    for place, word in enumerate(line.words[:-1]):
        if not tags[place].startswith("ADV") or word in _KEEPS or _bound(line, place):
            continue
        behind, before = tags[place + 1], line.word(place - 1)
        if word not in _DEGREE and line.word(place + 1).endswith("ed"):
            continue
        if (
            behind.startswith(("ADJ", "ADV"))
            and not is_negation(line.word(place + 1))
            and (word in _DEGREE or word.endswith("ly"))
        ):
            if before not in ("the", "this", "that") or word.endswith("ly") or word in ("very", "really"):
                yield Found("adverb", place, place + 1)
        elif (
            behind.startswith(("VERB|Fin", "VERB|Inf"))
            and (word in _FREE or word.endswith("ly"))
            and before != "to"
        ) or (behind.startswith("VERB|Part") and word in _DEGREE | _FREE):
            yield Found("adverb", place, place + 1)


def _bound(line: Line, place: int) -> bool:
    """Return whether an adverb is one of a comparison or negated, so that another word needs it."""
    around = {line.word(place - 1), line.word(place - 2)}
    behind = line.word(place + 1)
    return (
        bool(around & _BINDS)
        or is_negation(line.word(place - 1))
        or is_negation(line.word(place - 2))
        or behind
        in (
            "as",
            "so",
            "enough",
            "to",
            "of",
            "like",
            "best",
            "worst",
            "much",
            "many",
            "few",
            "little",
            "more",
            "less",
            "well",
            "often",
            "far",
            "long",
        )
    )


def _adjectives(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield an adjective between a determiner and a noun, and one of several before a noun."""
    asks = any("?" in word for word in line.words)
    for place in range(len(line) - 1):
        word = line.word(place)
        if not tags[place].startswith("ADJ") or word in _NO_MODIFIER or _superlative(word):
            continue
        if any(is_negation(before) for before in line.words[max(place - 4, 0) : place]):
            continue
        if (
            line.word(place + 1) == ","
            and place + 2 < len(line)
            and tags[place + 2].startswith("ADJ")
            and _chain(line, tags, place)
            and not _bound(line, place)
        ):
            yield Found("modifier", place, place + 2)
        elif not asks and _attributive(line, tags, place):
            yield Found("modifier", place, place + 1)


def _superlative(word: str) -> bool:
    """Return whether an adjective compares: best, funniest, better."""
    return (len(word) > 4 and word.endswith(("est", "er", "ier"))) or word in (
        "better",
        "worse",
        "less",
        "more",
    )


def _chain(line: Line, tags: Sequence[str], place: int) -> bool:
    """Return whether adjectives with commas between them, of which one may go, lead up to a noun or the end of their clause."""
    at = place + 2
    while at + 1 < len(line) and (tags[at].startswith(("ADJ", "ADV")) or line.word(at) in (",", "and")):
        if line.word(at) == "," and line.word(at + 1) == "and":
            return at > place + 4 and tags[at + 2 if at + 2 < len(line) else at].startswith(("ADJ", "ADV"))
        at += 1
    return tags[at].startswith("NOUN") and line.word(at - 1) != ","


def _attributive(line: Line, tags: Sequence[str], place: int) -> bool:
    """Return whether an adjective alone is between a determiner and a noun that is not empty without it."""
    determiner, head = line.word(place - 1), place + 1
    left = tags[place - 1].startswith("ADJ") if place else False
    more = left
    while head < len(line) and tags[head].startswith("ADJ"):
        head, more = head + 1, True
    if head >= len(line) or not tags[head].startswith("NOUN") or line.word(head) in _LIGHT:
        return False
    if determiner in _DETERMINERS:
        return True
    return more and (determiner in ("a", "an") or left)


def _pairs(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield one of two adjectives or adverbs that `and` joins."""
    for place in range(1, len(line) - 1):
        if line.word(place) != "and" or line.word(place - 2) in ("both", "between", ","):
            continue
        left, right = tags[place - 1], tags[place + 1]
        same = (left.startswith("ADJ") and right.startswith("ADJ")) or (
            left.startswith("ADV")
            and right.startswith("ADV")
            and line.word(place - 1).endswith("ly")
            and line.word(place + 1).endswith("ly")
        )
        behind = tags[place + 2] if place + 2 < len(line) else ""
        if not same or behind.startswith(("ADJ", "ADV", "CCONJ")):
            continue
        if {"both", "between"} & set(line.words[max(place - 4, 0) : place]) or (
            line.word(place - 3) == "," and line.word(place - 2) == ","
        ):
            continue
        if not behind.startswith(("ADP", "SCONJ", "PART", "ADJ")):
            yield Found("coordination", place, place + 2)
        if line.word(place - 2) not in _BINDS:
            yield Found("coordination", place - 1, place + 1)


__all__ = ["HAN", "Clause", "english", "sentences"]
