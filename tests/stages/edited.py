"""A text as a row to edit, for the tests of random edits."""

from augment.stages.editing import Row
from augment.text.segment import segment

ENGLISH = "The quick fox jumped over a lazy dog, and the sleepy cat watched from her window seat all day."
CHINESE = "这家酒店的房间非常干净，服务员的态度也很热情，早餐种类丰富，下次还会再来住。"
MARKS = set(".,!?;:。，！？；：")


def row(text: str) -> Row:
    """Return a text as a row of which all may be edited."""
    spans = tuple(segment(text))
    tokens = tuple(text[start:end] for start, end in spans)
    count = len(tokens)
    return Row(
        0, "r", text, None, None, tokens, (0,) * count, spans, (0.0,) * count, tuple(range(count)), count
    )


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return [word for word in row(text).tokens if word not in MARKS]
