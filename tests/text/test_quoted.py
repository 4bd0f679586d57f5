"""Short quotations, which stay as they are."""

import pytest

from augment.text.quoted import is_quoted


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("《红楼梦》很好看", "红楼梦", True),
        ("《红楼梦》很好看", "好看", False),
        ("住在“豪华大床房”里", "豪华", True),
        ("他说：“这个房间真的是太小了，以后再也不会来住了”", "房间", False),
        ('the "special edition" is fine', "special", True),
        ('he said "the room was far too small and we would never come back again" twice', "small", False),
        ("the `` director 's cut '' is long", "cut", True),
        ("it isn't what I'd call good", "call", False),
    ],
)
def test_a_short_quotation_is_known_by_its_marks(text: str, part: str, expected: bool) -> None:
    start = text.index(part)
    assert is_quoted(text, start, start + len(part)) == expected
