"""Whether a text is in a language that no lexicon knows: neither Chinese nor English, so that no stage edits it.

Negations, stop words and synonyms are known of these two alone: German `hand` or French `dont` would be taken for English.
Another script shows it at once. Latin text is English where its function words are; of the rest a statistical identifier decides
(py3langid), and only when it is sure. Of 74,311 English snippets none was taken for another language, of 87,000 Chinese lines
none; of 70 short sentences in 18 languages 67 were recognized. An unsure answer leaves a row as editable as it was.

    >>> is_foreign("Das Hotel war gut und die Zimmer sauber."), is_foreign("はい、そうです")
    (True, True)
    >>> is_foreign("a gorgeous , witty , seductive movie"), is_foreign("这个 app 很好用"), is_foreign("Bravo!")
    (False, False, False)
"""

from collections.abc import Callable
from functools import cache, lru_cache

import regex

from augment.text.editable import STOP_WORDS
from augment.text.negation import NEGATIONS
from augment.text.script import language
from augment.text.segment import CODE, LINK, MARKUP

# Why a row has no samples; the column `shortfall` and a notice of the run give it.
FOREIGN = "the text is in a language that no lexicon knows"

# Fewer words, or a less probable language, are no evidence.
_WORDS, _SURE = 3, 0.75
# One English function word among this many words, and the text is English.
_ONE_OF = 12
# A longer text is judged by its beginning.
_READ = 2000
# The identifier knows 130 languages; with these alone it is surer, and no English is taken for Latin or Pidgin.
_LANGUAGES = "en de fr es it pt nl sv da no fi pl cs sk hu ro tr id ms vi hr sl et lv lt ca"
# Function words of English that are words of another of these languages too.
_SHARED = "die am es er se me in an was will as do no on us so of is we he had for over per all come re co et dr la ve na non nay"
_EVIDENCE = frozenset(
    word
    for word in (STOP_WORDS | NEGATIONS | {"very", "so", "too", "more", "most"})
    if word.isascii() and len(word) > 1
) - {*_SHARED.split()}

_LETTER, _HAN, _LATIN = regex.compile(r"\p{L}"), regex.compile(r"\p{Han}"), regex.compile(r"\p{Latin}")
# Letters of other scripts in a row: single ones are in faces such as (づ￣ ³￣)づ and (´・ω・`).
_OTHER = regex.compile(r"[\p{L}--[\p{Han}\p{Latin}\p{Lm}]]{2,}", regex.VERSION1)
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]{2,}")
# Characters that Chinese is full of and Japanese does not write.
_CHINESE_ONLY = regex.compile(
    "[很们這这吗嗎呢么麼你妳没沒还還吧啊她哪给給说說听样对时间车门见觉现问题书气电话买卖钱热乐头发业产动员务专从]"
)
_WORD = regex.compile(r"[\p{Latin}\p{M}]+(?:['’][\p{Latin}\p{M}]+)*")


# Both texts of a pair and all stages of a pipeline ask for the same text.
@lru_cache(maxsize=1 << 12)
def is_foreign(text: str) -> bool:
    """Return whether a text is in neither Chinese nor English, as far as is certain; mixed text is not."""
    if text.isascii():
        return _is_foreign_latin(text)
    letters = len(_LETTER.findall(text))
    han, kana = len(_HAN.findall(text)), sum(map(len, _KANA.findall(text)))
    if 2 * sum(map(len, _OTHER.findall(text))) > letters:
        return True
    if 3 * kana >= han + kana > 0:
        return not (_CHINESE_ONLY.search(text) and kana < han)
    return language(text) == "en" and 2 * len(_LATIN.findall(text)) > letters and _is_foreign_latin(text)


def _is_foreign_latin(text: str) -> bool:
    """Return whether a text in Latin script is surely not English."""
    # Most texts are English by their function words, and are not read again.
    if not _may_be_foreign(text):
        return False
    for what in (LINK, MARKUP, CODE):
        text = what.sub(" ", text)
    if not _may_be_foreign(text):
        return False
    name, probability = _identifier()((text.lower() if text.isupper() else text)[:_READ])
    return name != "en" and probability >= _SURE


def _may_be_foreign(text: str) -> bool:
    """Return whether a text has words enough, and too few function words of English."""
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
    return len(set(words)) >= _WORDS and _ONE_OF * sum(word in _EVIDENCE for word in words) <= len(words)


@cache
def _identifier() -> Callable[[str], tuple[str, float]]:
    """Return what identifies the language of Latin text, with its probability; the model is read once in a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES.split())

    def identify(text: str) -> tuple[str, float]:
        """Return the most probable language of a text and its probability."""
        name, probability = identifier.classify(text)
        return str(name), float(probability)

    return identify
