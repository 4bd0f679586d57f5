"""Where a text has a short quotation: a title, a name, a word used as a term. What is in it stays as it is.

>>> [text[start:end] for start, end in quoted_spans(text := "《红楼梦》里的“太虚幻境”")]
['《红楼梦》', '“太虚幻境”']
"""

from functools import lru_cache

import regex

from augment.text.align import Span

# A title may be long; what is longer than a few words between other marks is speech.
_QUOTED = regex.compile(
    r"""《[^《》\n]{1,60}》|〈[^〈〉\n]{1,60}〉|『[^『』\n]{1,40}』
    |「[^「」\n]{1,12}」|“(?:[^“”\n\p{Han}]{1,40}|[^“”\n]{1,12})”|"(?:[^"\n\p{Han}]{1,40}|[^"\n]{1,12})"|``(?:(?!'')[^`\n]){1,40}''""",
    regex.VERBOSE,
)


@lru_cache(maxsize=1 << 12)
def quoted_spans(text: str) -> tuple[Span, ...]:
    """Return the short quotations of a text, in code points, with their marks."""
    return tuple(match.span() for match in _QUOTED.finditer(text))


def is_quoted(text: str, start: int, end: int) -> bool:
    """Return whether a part of a text is inside a short quotation."""
    return any(first < end and start < last for first, last in quoted_spans(text))
