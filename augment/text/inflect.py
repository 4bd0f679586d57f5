"""Take English words to their lemmas and back, so that a substitute has the form of the word it replaces.

Rules of spelling only, after WordNet's morphology (morphy(7WN)): they propose, and a dictionary decides what exists.
Irregular words come from WordNet's *.exc lists where these are at hand.

    >>> ("movie", "n", "plural") in lemmas("movies", {}), inflect("film", "n", "plural")
    (True, 'films')
"""

from collections.abc import Iterator, Mapping

import regex

Reading = tuple[str, str, str]
# part of speech (n, v, a, r) -> inflected word -> its lemmas
Exceptions = Mapping[str, Mapping[str, tuple[str, ...]]]

# (ending, what takes its place, part of speech, form); a `+` ending is one after a doubled consonant
_DETACHMENTS = (
    ("men", "man", "n", "plural"),
    ("ies", "y", "n", "plural"),
    ("ves", "f", "n", "plural"),
    ("ves", "fe", "n", "plural"),
    ("es", "", "n", "plural"),
    ("s", "", "n", "plural"),
    ("ies", "y", "v", "third"),
    ("es", "", "v", "third"),
    ("s", "", "v", "third"),
    ("ied", "y", "v", "past"),
    ("ed", "e", "v", "past"),
    ("ed", "", "v", "past"),
    ("+ed", "", "v", "past"),
    ("ying", "ie", "v", "ing"),
    ("ing", "e", "v", "ing"),
    ("ing", "", "v", "ing"),
    ("+ing", "", "v", "ing"),
    ("ier", "y", "a", "comparative"),
    ("er", "e", "a", "comparative"),
    ("er", "", "a", "comparative"),
    ("+er", "", "a", "comparative"),
    ("iest", "y", "a", "superlative"),
    ("est", "e", "a", "superlative"),
    ("est", "", "a", "superlative"),
    ("+est", "", "a", "superlative"),
)
# By the last letter: most words end in none of these.
_BY_LETTER = {
    letter: tuple(rule for rule in _DETACHMENTS if rule[0].endswith(letter))
    for letter in {rule[0][-1] for rule in _DETACHMENTS}
}
_DOUBLED = regex.compile(r"([bcdfgklmnprstvz])\1$")
_ONE_SYLLABLE_TO_DOUBLE = regex.compile(r"[^aeiou]*(?:qu)?[aeiou][bdfgklmnprstvz]")
_CONSONANT_Y = regex.compile(r"[^aeiou]y$")
_HISSING = regex.compile(r"(?:s|x|z|ch|sh)$")
_VOWELS = regex.compile(r"[aeiouy]+")
_NO_MEN = ("human", "german", "roman", "shaman", "talisman", "ottoman", "caiman")
# A letter is not a sound: a university, a one-off; an hour, an heir.
_CONSONANT_SOUND = regex.compile(
    r"(?i)(?:eu|ewe|one(?![a-z])|once|ubi|uni(?:[cfqstv]|on)|ur[ao]|us[aeu]|ut[aeio])"
)
_SILENT_H = regex.compile(r"(?i)(?:hour|honest|hono|heir)")


def lemmas(word: str, exceptions: Exceptions) -> tuple[Reading, ...]:
    """Return what a word may be a form of, as (lemma, part of speech, form): exceptions first, base, then rules.

    Part of speech is n, v, a or r; form is plural, third, past, ing, comparative, superlative or base.
    """
    lower = word.lower()
    readings = [
        (lemma, pos, _form(lower, lemma, pos))
        for pos in "nvar"
        for lemma in exceptions.get(pos, {}).get(lower, ())
    ]
    readings += [(lower, pos, "base") for pos in "nvar"]
    readings += _detached(lower)
    return tuple(dict.fromkeys(readings))


def inflect(lemma: str, pos: str, form: str) -> str:
    """Return a form of a lemma by the regular rules of spelling; long adjectives are compared by more and most."""
    if form == "plural" and pos == "n":
        return _plural(lemma)
    if form == "third":
        return lemma + "es" if regex.search(r"[^aeiou]o$", lemma) else _with_s(lemma)
    if form == "past":
        return _with_ending(lemma, "ed")
    if form == "ing":
        return _with_ing(lemma)
    if form in ("comparative", "superlative"):
        return _compared(lemma, pos, form)
    return lemma


def irregular(exceptions: Exceptions) -> dict[Reading, tuple[str, ...]]:
    """Return exceptions the other way round: (lemma, part of speech, form) -> its inflected words."""
    forms: dict[Reading, tuple[str, ...]] = {}
    for pos, words in exceptions.items():
        for word, bases in words.items():
            for lemma in bases:
                key = (lemma, pos, _form(word, lemma, pos))
                forms[key] = (*forms.get(key, ()), word)
    return forms


def match_case(model: str, word: str) -> str:
    """Return a word cased like a model: lower, Title or UPPER; as it is where the model's case is none of these."""
    if model.islower():
        return word.lower()
    if model.isupper() and len(model) > 1:
        return word.upper()
    if model[:1].isupper() and not any(letter.isupper() for letter in model[1:]):
        return word[:1].upper() + word[1:].lower()
    return word


def fits_article(previous: str | None, word: str) -> bool:
    """Return whether a word may follow `previous`: after "a" it starts with a consonant sound, after "an" a vowel."""
    article = (previous or "").lower()
    if article not in ("a", "an"):
        return True
    return _starts_with_vowel(word) == (article == "an")


def _starts_with_vowel(word: str) -> bool:
    """Return whether a word starts with a vowel sound, judged by its letters."""
    if _SILENT_H.match(word):
        return True
    return word[:1].lower() in tuple("aeiou") and not _CONSONANT_SOUND.match(word)


def _form(word: str, lemma: str, pos: str) -> str:
    """Return which form of a lemma an irregular word is, by its ending; past includes participles."""
    if word == lemma or pos == "r":
        return "base" if word == lemma else _degree(word)
    if pos == "n":
        return "plural"
    if pos == "a":
        return _degree(word)
    if word.endswith("ing"):
        return "ing"
    return "third" if word.endswith("s") else "past"


def _degree(word: str) -> str:
    """Return whether an irregular adjective or adverb is superlative or comparative."""
    return "superlative" if word.endswith("st") else "comparative"


def _detached(word: str) -> Iterator[Reading]:
    """Yield the readings that taking an ending off allows."""
    for ending, replacement, pos, form in _BY_LETTER.get(word[-1:], ()):
        doubled = ending.startswith("+")
        stem = word.removesuffix(ending.removeprefix("+"))
        if stem == word or len(stem + replacement) < 2 or (ending == "s" and stem.endswith("s")):
            continue
        if doubled and not _DOUBLED.search(stem):
            continue
        yield (stem[:-1] if doubled else stem) + replacement, pos, form


def _plural(lemma: str) -> str:
    """Return the regular plural of a noun; compounds of man follow it."""
    if lemma.endswith("man") and not lemma.endswith(_NO_MEN):
        return lemma[:-2] + "en"
    return _with_s(lemma)


def _with_s(lemma: str) -> str:
    """Return a word with -s, -es or -ies."""
    if _CONSONANT_Y.search(lemma):
        return lemma[:-1] + "ies"
    return lemma + ("es" if _HISSING.search(lemma) else "s")


def _with_ending(lemma: str, ending: str) -> str:
    """Return a word with -ed, -er or -est."""
    if lemma.endswith("e"):
        return lemma + ending[1:]
    if _CONSONANT_Y.search(lemma):
        return lemma[:-1] + "i" + ending
    return _doubled(lemma) + ending


def _with_ing(lemma: str) -> str:
    """Return a verb with -ing."""
    if lemma.endswith("ie"):
        return lemma[:-2] + "ying"
    if lemma.endswith("e") and not lemma.endswith(("ee", "oe", "ye")) and len(lemma) > 2:
        return lemma[:-1] + "ing"
    return _doubled(lemma) + "ing"


def _doubled(lemma: str) -> str:
    """Return a word with its last consonant doubled if it is one short syllable: stop, not visit."""
    return lemma + lemma[-1] if _ONE_SYLLABLE_TO_DOUBLE.fullmatch(lemma) else lemma


def _compared(lemma: str, pos: str, form: str) -> str:
    """Return a comparative or superlative: an ending on one syllable and on -y, -le, -ow; else more or most."""
    if pos == "r" and lemma.endswith("ly"):
        return f"{'more' if form == 'comparative' else 'most'} {lemma}"
    syllables = len(_VOWELS.findall(regex.sub(r"(?<![l])e$", "", lemma)))
    if syllables <= 1 or (syllables == 2 and lemma.endswith(("y", "le", "ow"))):
        return _with_ending(lemma, "er" if form == "comparative" else "est")
    return f"{'more' if form == 'comparative' else 'most'} {lemma}"
