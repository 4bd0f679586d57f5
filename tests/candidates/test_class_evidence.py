"""What rows of classes have: neighbours, and words by which a text is of one class or the other."""

import pyarrow as pa

from augment.candidates.class_evidence import ClassEvidence, lines_of, summed

ROWS = [
    ("good", [["房间", "很", "干净", "，"], []]),
    ("good", [["房间", "很", "舒适", "，"], []]),
    ("good", [["很", "干净", "！"], ["大堂", "很", "新"]]),
    ("bad", [["房间", "很", "脏", "，"], []]),
    ("bad", [["房间", "很", "脏", "！"], []]),
]


def known(
    *parts: list[tuple[str, list[list[str]]]], wanted: tuple[str, ...] = ("干净", "脏")
) -> ClassEvidence:
    """Return what is known from the rows of shards."""
    lines = pa.concat_tables([lines_of(part) for part in parts])
    return ClassEvidence.of(pa.concat_tables(summed([lines], wanted)))


def test_neighbours_are_those_that_rows_of_the_class_have() -> None:
    evidence = known(ROWS, ROWS)
    assert evidence.attested("good", ["房间", "很", "大", "，"], 2, ["干净"])
    assert evidence.attested("good", ["很", "大", "!"], 1, ["干净"])
    assert not evidence.attested("bad", ["房间", "很", "大", "，"], 2, ["干净"])
    assert evidence.attested("bad", ["房间", "很", "大", "，"], 2, ["脏"])
    assert not evidence.attested("bad", ["大", "，"], 0, ["脏"])


def test_a_word_is_of_something_that_rows_of_the_class_call_so() -> None:
    cold = ("bad", [["服务", "很", "冷淡", "，"], []])
    evidence = known([*ROWS, cold, cold], wanted=("冷淡", "脏"))
    assert evidence.attested("bad", ["服务", "非常", "很", "好", "，"], 3, ["冷淡"])
    assert not evidence.attested("bad", ["房间", "很", "好", "，"], 2, ["冷淡"])


def test_neighbours_are_kept_of_the_wanted_words_alone() -> None:
    text = ["房间", "很", "大", "，"]
    assert not known(ROWS, ROWS).attested("good", text, 2, ["舒适"])
    assert known(ROWS, ROWS, wanted=("舒适",)).attested("good", text, 2, ["舒适"])


def test_a_text_is_of_the_class_whose_rows_have_its_words() -> None:
    evidence = known(ROWS)
    assert evidence.by_words(["房间", "干净"])[0] == "good"
    likeliest, more = evidence.by_words(["房间", "脏"])
    assert (likeliest, more > 1) == ("bad", True)
    assert evidence.by_words([])[1] == 0


def test_a_word_of_one_row_tells_no_class() -> None:
    assert known(ROWS).by_words(["大堂"])[1] == 0


def test_shards_change_nothing() -> None:
    assert known(ROWS[:2], ROWS[2:]) == known(ROWS)


def test_words_are_of_one_kind_that_describe_the_same_things() -> None:
    things = [f"{one}{other}" for one in "甲乙丙丁戊己" for other in "山水火木土石"]
    others = [f"{one}{other}" for one in "东南西北" for other in "门窗桌椅床灯书笔纸"]
    rows = [("bad", [[thing, word], []]) for thing in things for word in ("昂贵", "便宜")]
    rows += [("bad", [[thing, "难吃"], []]) for thing in others]
    evidence = known(rows, wanted=("昂贵", "便宜", "难吃", "少见"))
    assert evidence.of_one_kind("昂贵", "便宜") == 1
    assert evidence.of_one_kind("昂贵", "难吃") == 0
    assert evidence.of_one_kind("昂贵", "少见") is None


def test_a_word_tells_its_class_more_surely_the_more_rows_of_one_class_alone_have_it() -> None:
    evidence = known(ROWS * 4)
    assert evidence.telling("脏") > evidence.telling("干净") * 0.5 > 0
    assert evidence.telling("脏") > known(ROWS).telling("脏")
    assert evidence.telling("房间") < 0.3
    assert evidence.telling("电梯") == 0
