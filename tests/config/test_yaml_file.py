"""YAML as people mean it: words stay words, every complaint has file and line, nothing in a file is run or copied."""

from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from augment.config.job import read_job
from augment.config.yaml_file import Document, checked, load, parse
from augment.errors import RequestError, nearest
from tests.texts import TEXTS

HERE = Path("这里.yaml")
CHANGED_BY_YAML_1_1 = """no off yes on No NO y n True NULL Null 007 1_000 0x10 0o7 1:30 2024-01-01 .5 1. +1 .nan .inf
    -.inf < = ≥ 好 𠮷"""
PRINTABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


class Wheel(BaseModel, frozen=True, extra="forbid"):
    """A part of a bicycle."""

    spokes: int = 36
    colour: Literal["red", "红"] = "red"


class Bicycle(BaseModel, frozen=True, extra="forbid"):
    """Something to be read from a file."""

    name: str
    wheels: tuple[Wheel, ...] = ()


def read(text: str) -> Bicycle:
    """Return the bicycle a text describes."""
    document = parse(text, HERE)
    return checked(Bicycle, document, document.values)


def refusal(text: str) -> tuple[str, str, str]:
    """Return where, what and what to do, for a text that is refused."""
    with pytest.raises(RequestError) as caught:
        read(text)
    return caught.value.where, caught.value.what, caught.value.hint


@settings(max_examples=50)
@given(st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True))
def test_a_word_is_a_string_unless_it_is_true_false_or_null(word: str) -> None:
    values = {"true": True, "false": False, "null": None}
    assert parse(f"label: {word}", HERE).values == {"label": values.get(word, word)}


@settings(max_examples=50)
@given(st.integers())
def test_a_whole_number_is_one_and_with_leading_zeros_a_string(number: int) -> None:
    assert parse(f"a: {number}\nb: '{number}'\nc: 00{abs(number)}\n", HERE).values == {
        "a": number,
        "b": str(number),
        "c": f"00{abs(number)}",
    }


@pytest.mark.parametrize("word", CHANGED_BY_YAML_1_1.split())
def test_what_yaml_1_1_would_change_stays_as_it_was_written(word: str) -> None:
    assert parse(f"label: {word}", HERE).values == {"label": word}


@pytest.mark.parametrize(
    ("word", "number"),
    [("0", 0), ("-1", -1), ("0.5", 0.5), ("3.0e-4", 3e-4), ("1e3", 1000.0), ("-0.25", -0.25)],
)
def test_decimal_numbers_are_numbers(word: str, number: float) -> None:
    assert parse(f"rate: {word}", HERE).values == {"rate": number}


@settings(max_examples=50)
@given(st.dictionaries(PRINTABLE, PRINTABLE | st.sampled_from(TEXTS), max_size=5))
def test_quoted_strings_come_back_code_point_for_code_point(values: dict[str, str]) -> None:
    written = yaml.safe_dump(values, default_style='"', allow_unicode=True)
    assert parse(written, HERE).values == values


@settings(max_examples=50)
@given(st.lists(st.from_regex(r"[a-z一-龟]{1,8}", fullmatch=True), min_size=1, max_size=8, unique=True))
def test_every_key_knows_its_line(keys: list[str]) -> None:
    text = "# a comment\n" + "".join(f"k_{key}:\n  inner: [1,\n    2]\n" for key in keys)
    document = parse(text, HERE)
    for index, key in enumerate(keys):
        line = 2 + 3 * index
        assert document.where((f"k_{key}",)) == f"{HERE}:{line}"
        assert document.where((f"k_{key}", "inner", 1)) == f"{HERE}:{line + 2}"
        assert document.where((f"k_{key}", "nothing", 7)) == f"{HERE}:{line}"


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert parse("", HERE).values == parse("# nothing\n", HERE).values == {}
    assert Document(HERE, {}).where(("any",)) == f"{HERE}:1"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: &x 1\nb: *x\n", 1, "anchors and aliases"),
        ("a: 1\nb: [*x]\n", 2, "aliases are not read"),
        ("a: 1\nb: [1\nc: 2\n", 3, "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("a: 'open\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: !!python/object/apply:os.system [echo]\n", 1, "tags are not read"),
        ("a: !mine 1\n", 1, "tags are not read"),
        ("- a\n- b\n", 1, "not a mapping"),
        ("好", 1, "not a mapping"),
        ("1: 2\n", 1, "not a mapping"),
    ],
)
def test_what_is_no_plain_mapping_is_refused_with_its_line(text: str, line: int, what: str) -> None:
    where, message, hint = refusal(text)
    assert where == f"{HERE}:{line}"
    assert what in message
    assert hint


def test_aliases_that_would_fill_the_memory_are_refused_before_they_are_built() -> None:
    layers = "\n".join(f"l{depth}: &l{depth} [{', '.join([f'*l{depth - 1}'] * 9)}]" for depth in range(1, 12))
    assert "aliases" in refusal("l0: &l0 [好]\n" + layers)[1]


def test_a_file_over_one_mebibyte_is_refused() -> None:
    assert "1 MiB" in refusal("#" * (1 << 20) + "\n")[1]


def test_files_are_utf8_with_or_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "配置.yaml"
    path.write_text("名字: 𠮷野家\n", encoding="utf-8-sig")
    assert load(path).values == {"名字": "𠮷野家"}
    path.write_bytes("名字: 好".encode("gb18030"))
    with pytest.raises(RequestError, match="not UTF-8 at byte 0"):
        load(path)


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="does not exist"):
        load(tmp_path / "无.yaml")
    with pytest.raises(RequestError, match="a folder"):
        load(tmp_path)


def test_a_sound_file_becomes_its_model() -> None:
    bicycle = read("name: 永久\nwheels: [{}, {spokes: 28, colour: 红}]\n")
    assert bicycle == Bicycle(name="永久", wheels=(Wheel(), Wheel(spokes=28, colour="红")))


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("name: a\nwheel: []\n", 2, "unknown key `wheel`", "did you mean `wheels`?"),
        ("name: a\nwheels:\n  - {}\n  - spoks: 3\n", 4, "unknown key `spoks`", "did you mean `spokes`?"),
        ("name: a\n颜色: 红\n", 2, "unknown key `颜色`", "known here: name, wheels"),
        ("wheels: []\n", 1, "`name` is missing", "add `name:`"),
        ("name: a\nwheels:\n  - spokes: 好多\n", 3, "`spokes` cannot be '好多'", "whole number"),
        (
            "name: a\nwheels:\n  - spokes: 3\n    colour: 绿\n",
            4,
            "`colour` cannot be '绿'",
            "one of red, 红",
        ),
        ("name: [a]\n", 1, "`name` cannot be", "string"),
        ("name: a\nwheels: 轮\n", 2, "`wheels` cannot be '轮'", "write a list: [轮]"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_the_nearest_right_one(
    text: str, line: int, what: str, hint: str
) -> None:
    where, message, todo = refusal(text)
    assert where == f"{HERE}:{line}"
    assert what in message
    assert hint in todo


def test_a_key_of_a_section_written_outside_of_it_is_named_with_its_section() -> None:
    """Even where another key looks alike; items of lists are no sections."""

    class Shed(BaseModel, frozen=True, extra="forbid"):
        """Has sections."""

        front: Wheel = Wheel()
        back: Wheel | None = None
        wheels: tuple[Wheel, ...] = ()
        spoke: int = 0

    for key, hint in (("spokes", "did you mean `front.spokes` or `back.spokes`?"), ("wheel", "`wheels`?")):
        with pytest.raises(RequestError) as caught:
            checked(Shed, Document(HERE, {key: 1}), {key: 1})
        assert hint in caught.value.hint
    assert refusal("name: a\nspokes: 3\n")[2] == "known here: name, wheels"


@settings(max_examples=50)
@given(st.lists(st.from_regex(r"[a-z]{3,9}", fullmatch=True), min_size=1, unique=True))
def test_the_nearest_of_known_words_is_the_word_itself(known: list[str]) -> None:
    for word in known:
        assert nearest(word, known) == f"did you mean `{word}`?"
    assert nearest("好", known) == f"known here: {', '.join(known)}"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("[" * 20_000, "nested more than 32 levels deep"),
        ("- " * 20_000, "nested more than 32 levels deep"),
        ("{b: " * 40, "nested more than 32 levels deep"),
        ("9" * 5000, "cannot be read"),
    ],
)
def test_what_would_end_the_parser_is_refused_with_its_line(value: str, what: str) -> None:
    where, message, _ = refusal(f"\na:\n  {value}")
    assert where.startswith(str(HERE))
    assert what in message


@pytest.mark.parametrize(
    "value", [r'"\0"', r'"\uD800"', r'["a\0b"]', "1" + "0" * 30, "1.0e999", r'{"\0": 1}']
)
def test_a_value_that_no_file_or_number_can_hold_is_refused(value: str) -> None:
    where, _, hint = refusal(f"\nname: {value}")
    assert where == f"{HERE}:2"
    assert hint


def test_a_device_is_refused_as_too_large() -> None:
    with pytest.raises(RequestError, match="larger than 1 MiB"):
        load(Path("/dev/zero"))


def test_a_key_that_takes_a_name_or_false_reports_it(tmp_path: Path) -> None:
    """`corpus.label` takes a column or false; true is neither."""
    path = tmp_path / "a.yaml"
    path.write_text("corpus: {files: a.csv, label: true}\n", encoding="utf-8")
    with pytest.raises(RequestError, match="label"):
        read_job([path])


def test_the_initials_of_a_name_are_near_to_it() -> None:
    known = ["integrated_gradients", "expected_gradients", "shapley"]
    assert nearest("ig", known) == "did you mean `integrated_gradients`?"
    assert nearest("EG", known) == "did you mean `expected_gradients`?"
    assert nearest("s", known) == f"known here: {', '.join(known)}"
