"""Chinese that is written in two ways: what is changed, and where it stays."""

from collections.abc import Iterator

from augment.text.omission.line import lines_of
from augment.text.rephrasing.chinese_variants import chinese_pairs, chinese_variants
from augment.text.segment import tag


def written(text: str) -> list[str]:
    """Return what the other ways to write a text make of it."""
    return list(_written(text))


def _written(text: str) -> Iterator[str]:
    for _, line in lines_of(text):
        tags = [tag(word) or "" for word in line.words]
        for one in chinese_variants(line, tags):
            yield "".join((*line.words[: one.first], *one.new, *line.words[one.last :]))
        for two in chinese_pairs(line, tags):
            words = line.words
            middle = words[two.other_first : two.other_last] + words[two.last : two.other_first]
            yield "".join(
                (*words[: two.first], *middle, *words[two.first : two.last], *words[two.other_last :])
            )


def test_each_way_to_write_something_gives_the_other() -> None:
    assert written("送的很快") == ["送得很快"]
    assert written("打扫得很干净") == ["打扫的很干净"]
    assert written("一点也不好吃") == ["一点都不好吃"]
    assert written("房间又小又脏") == ["房间又脏又小"]


def test_what_is_no_result_no_number_and_no_extreme_stays() -> None:
    assert written("他送的礼物很漂亮") == []
    assert written("第2次来") == []
    assert written("我们也不想去") == []
    assert written("就是好吃") == []
