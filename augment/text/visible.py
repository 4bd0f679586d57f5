r"""Text as it may be shown: what hides, reorders or controls is seen by its name.

Labels, keys, paths and texts come from others. On a terminal a control character moves the cursor, colours or makes a
link; on a page a direction mark shows one word as another.

    visible("a\x1b[31m\u202eb")        # a⟨ESC⟩[31m⟨RLO⟩b
    one_line("first\nsecond")          # first second
"""

import re
import unicodedata
from typing import Final

_NAMES: Final = {
    **{0x0: "NUL", 0xD: "CR", 0x1B: "ESC", 0xAD: "SHY", 0x61C: "ALM", 0x2060: "WJ", 0xFEFF: "BOM"},
    **dict(enumerate(("ZWSP", "ZWNJ", "ZWJ", "LRM", "RLM"), 0x200B)),
    **dict(enumerate(("LS", "PS", "LRE", "RLE", "PDF", "LRO", "RLO"), 0x2028)),
    **dict(enumerate(("LRI", "RLI", "FSI", "PDI"), 0x2066)),
}
# Characters that are not seen but act: controls but tab and line feed, joiners, direction marks, tags. A flag made of
# tags (England, Scotland, Wales) is seen, so it comes first and is kept.
_HIDDEN: Final = re.compile(
    "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    "|[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0001\U000e0020-\U000e007f]"
)
# In JSON these can be written as escapes, which are read back as they were.
_ESCAPED: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Return the text with every character that hides, reorders or controls shown by name, such as ⟨RLO⟩.

    Tab and line feed stay, and so do the joiners inside emoji and inside scripts that need them.
    """
    return text if text.isprintable() else _HIDDEN.sub(_name, text)


def one_line(text: str) -> str:
    """Return the text visible and on one line: nothing in it can begin a line that seems to be another message."""
    return visible(text.replace("\r\n", " ").replace("\n", " "))


def escaped(json: str) -> str:
    """Return JSON of the same value without characters that act on a terminal; its own escapes hide the others."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", json)


def _name(match: re.Match[str]) -> str:
    """Return the visible name of a hidden character, or the character where it is part of what is seen."""
    hidden = match.group()
    if len(hidden) > 1 or (hidden in "\u200c\u200d" and _joins(match.string, match.start())):
        return hidden
    return f"⟨{_NAMES.get(ord(hidden), f'U+{ord(hidden):04X}')}⟩"


def _joins(text: str, index: int) -> bool:
    """Return whether a joiner is between symbols, marks or letters of a script that is written joined."""
    around = text[index - 1 : index] + text[index + 1 : index + 2]
    return len(around) == 2 and all(
        unicodedata.category(char) in {"So", "Sk", "Mn", "Mc"}
        or (unicodedata.category(char) == "Lo" and unicodedata.east_asian_width(char) == "N")
        for char in around
    )
