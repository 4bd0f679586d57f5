"""Which encoding bytes are in, where their text shows it, and otherwise which ones they could be in.

Every encoding that decodes the bytes gives a text, and the right one gives the text that is likely by far. A guess is made
for the encodings that Chinese and English corpora come in; others are only reported as likely.

    guess("房间很好，服务也不错".encode("gb18030")).encoding      # "gb18030"
    guess("很".encode("gb18030")).encoding                        # None: too little text
"""

import codecs
from collections.abc import Iterator
from typing import NamedTuple

from augment.text.likelihood import log_likelihood

# The first that decodes the bytes, of each line: those of one line differ in few characters.
UTF_16 = (("utf-16-le",), ("utf-16-be",))
_FAMILIES = (("utf-8",), ("gb18030",), ("cp950", "big5hkscs"), ("cp1252",), *UTF_16)
_STRANGE = (
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "koi8_r",
    "mac_roman",
    "cp850",
    "cp932",
    "euc_jp",
    "cp949",
)
_MARGIN = 7.0  # natural logarithm of how much likelier the best text must be than the next: a thousand times
_SELDOM = 5.0  # the same for how seldom the strange encodings are


class Guess(NamedTuple):
    """The encoding, None if the bytes do not show it, and those they could be in, most likely first."""

    encoding: str | None
    choices: tuple[str, ...]


class _DecodedText(NamedTuple):
    """The likelihood of a text, and the encoding in which the bytes hold it; None for bytes that are no text."""

    likelihood: float
    encoding: str | None


def guess(content: bytes, cut: bool = False, families: tuple[tuple[str, ...], ...] = _FAMILIES) -> Guess:
    """Return the encoding of bytes; if they are cut, their end may be half a character."""
    readings = sorted(_readings(content, cut, families), key=lambda reading: -reading.likelihood)
    choices = tuple(one.encoding for one in readings if one.encoding is not None)
    best = readings[0]
    sure = len(readings) < 2 or best.likelihood - readings[1].likelihood >= _MARGIN
    strange = best.encoding is None or best.encoding in _STRANGE
    return Guess(best.encoding if sure and not strange else None, choices[:3])


def _readings(content: bytes, cut: bool, families: tuple[tuple[str, ...], ...]) -> Iterator[_DecodedText]:
    """Yield a reading for each different text that the bytes may be, and one for bytes that are no text."""
    texts: set[str] = set()
    for family in families:
        # UTF-16 has a zero in every line end; without one, two Chinese bytes of any encoding would do.
        blank = family[0].startswith("utf-16") and 0 not in content
        reading = None if blank else next(_decoded(content, cut, family), None)
        if reading is not None:
            texts.add(reading[1])
            yield _DecodedText(log_likelihood(reading[1]), reading[0])
    for codec, text in _decoded(content, cut, _STRANGE):
        if text not in texts:
            texts.add(text)
            yield _DecodedText(log_likelihood(text) - _SELDOM, codec)
    for codec in ("utf-8", "ascii"):
        text = content.decode(codec, "surrogateescape")
        if text not in texts:
            yield _DecodedText(log_likelihood(text) - _SELDOM, None)


def _decoded(content: bytes, cut: bool, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the codecs that decode the bytes, each with the text."""
    for name in names:
        try:
            yield name, codecs.getincrementaldecoder(name)("strict").decode(content, final=not cut)
        except UnicodeDecodeError:
            continue
