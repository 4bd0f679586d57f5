"""The page as bytes: safe, deterministic, complete, and the same text as the source."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import AugmentError
from augment.report.finding import EVIDENCE, RunFinding
from augment.report.page import STATIC_ROWS, Page, draw
from augment.report.words import TopWord
from augment.text.visible import visible
from tests.report.tables import HOSTILE, page, sample, samples, source_row, source_rows
from tests.texts import TEXTS

CUT = "\x7f"
NO_SURROGATES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


class Outline(HTMLParser):
    """Every tag of a page with the names of its attributes, and all text outside script and style."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.text = ""
        self.comments = 0
        self._raw = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, *(name for name, _ in attrs)))
        self._raw = tag if tag in {"script", "style"} else ""

    def handle_endtag(self, tag: str) -> None:
        """Leave script and style."""
        self._raw = ""

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += "" if self._raw else data

    def handle_comment(self, data: str) -> None:
        """Count comments: there should be none."""
        self.comments += 1


def payload(html: str) -> dict[str, Any]:
    """Return the data that the page carries."""
    match = re.search(r'id="payload">([A-Za-z0-9+/=]*)<', html)
    assert match
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(match[1])))
    return data


def one(text: str) -> Page:
    """Return a page on which `text` is everywhere data can be; its shape does not depend on `text`."""
    row = source_row(0, "好 x") | {
        "id": text,
        "text": text,
        "tokens": [text],
        "side": [0],
        "label": text,
        "split": text,
    }
    row |= {
        "spans": [{"start": 0, "end": len(text)}],
        "ig": [0.5],
        "ig_target": text,
        "ig_pred": text,
        "key": [0],
    }
    made = sample(row, 0, "new" + text, text) | {
        "method": text,
        "reason": text,
        "pred_after": text,
        "label": text,
    }
    top = [TopWord(text, text, 1.0, 2.0, 2)]
    facts, names = ((text, text),), {text: text}
    findings = (RunFinding.of("shortcut", "high", count=text, words=text),)
    return Page(
        text,
        facts,
        (text,),
        source_rows([row]),
        samples([made]),
        ("ig",),
        names,
        top,
        5,
        text,
        text,
        findings=findings,
        brief=(text,),
    )


@pytest.fixture(scope="module")
def benign() -> list[tuple[str, ...]]:
    """Give the tags of a page of harmless text."""
    return Outline(draw(one("benign"))).tags


@pytest.mark.parametrize("text", [text for text in (*HOSTILE, *TEXTS) if text])
def test_no_text_adds_an_element_or_an_attribute_to_the_page(
    text: str, benign: list[tuple[str, ...]]
) -> None:
    outline = Outline(draw(one(text)))
    assert outline.tags == benign
    assert outline.comments == 0


@settings(max_examples=25)
@given(text=NO_SURROGATES.filter(bool))
def test_no_text_at_all_adds_an_element_or_an_attribute(text: str, benign: list[tuple[str, ...]]) -> None:
    assert Outline(draw(one(text))).tags == benign


@settings(max_examples=25)
@given(st.lists(NO_SURROGATES, max_size=4))
def test_pieces_rebuild_the_source_text(texts: list[str]) -> None:
    rows = payload(draw(page(texts)))["rows"]
    assert [row["sides"][0].replace(CUT, "") for row in rows] == [_shown(text) for text in texts]


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_of_awkward_texts_are_their_tokens_and_gaps(text: str) -> None:
    row = source_row(0, text)
    pieces = payload(draw(Page("t", source_rows=source_rows([row]))))["rows"][0]["sides"][0].split(CUT)
    tokens = row["tokens"]
    assert isinstance(tokens, list)
    assert pieces[1::2] == [visible(token) for token in tokens]


def _shown(text: str) -> str:
    """Return what a text looks like piece by piece; a joiner at the edge of a token has no neighbour there."""
    spans = source_row(0, text)["spans"]
    assert isinstance(spans, list)
    edges = sorted({0, len(text), *(span["start"] for span in spans), *(span["end"] for span in spans)})
    return "".join(visible(text[start:end]) for start, end in pairwise(edges))


def test_equal_tables_give_equal_bytes_in_another_process_too() -> None:
    source = "import hashlib\nfrom augment.report.page import draw\nfrom tests.report.tables import page\nfrom tests.texts import TEXTS\n"
    source += "print(hashlib.sha256(draw(page(TEXTS)).encode()).hexdigest())"
    run = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=300
    )
    first = draw(page(TEXTS))
    assert first == draw(page(TEXTS))
    assert run.stdout.strip() == hashlib.sha256(first.encode()).hexdigest()


def test_the_policy_allows_exactly_the_script_and_the_style_of_the_page() -> None:
    html = draw(page(HOSTILE))
    for tag, name in (('<script type="module">', "script"), ("<style>", "style")):
        source = html.split(tag, 1)[1].split(f"</{name}>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in html
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", html)
    assert " style=" not in html
    assert "innerHTML" not in html


def test_the_page_without_rows_is_whole() -> None:
    html = draw(Page("nothing"))
    assert payload(html)["rows"] == []
    assert html.rstrip().endswith("</html>")


def test_rows_with_only_an_id_and_a_text_are_drawn() -> None:
    table = pa.table({"id": ["a"], "text": ["只有文本 only text"]})
    html = draw(Page("bare", source_rows=table, methods=()))
    assert payload(html)["rows"][0]["sides"] == ["只有文本 only text"]
    assert "只有文本 only text" in Outline(html).text


def test_null_columns_and_rows_without_tokens_are_drawn() -> None:
    empty: dict[str, object] = {"id": "b", "text": "没有解释"}
    made: dict[str, object] = {"id": "b~delete~0", "source_id": "b", "text": "没有"}
    data = payload(
        draw(
            Page("nulls", source_rows=source_rows([source_row(0, "好 good"), empty]), samples=samples([made]))
        )
    )
    assert data["rows"][1]["explained"] == []
    assert data["rows"][1]["samples"][0]["sides"] == [["没有"]]


@pytest.mark.parametrize(
    "scores", [[0.0, 0.0], [0.3, 0.3], [float("nan"), 0.2], [float("inf"), None], [None, None]]
)
def test_equal_missing_and_infinite_scores_are_drawn(scores: list[float | None]) -> None:
    data = payload(
        draw(Page("scores", source_rows=source_rows([source_row(0, "好的 good") | {"ig": scores}])))
    )
    assert all(step is None or -127 <= step <= 127 for step in data["rows"][0]["explained"][0]["scores"])
    assert data["scales"][0] > 0


def test_scores_keep_their_value_to_half_a_percent_of_the_largest() -> None:
    scores = [3.2, -0.4, 0.011]
    drawn = payload(draw(Page("s", source_rows=source_rows([source_row(0, "a b c") | {"ig": scores}]))))[
        "rows"
    ][0]["explained"][0]
    assert [step / 127 * drawn["peak"] for step in drawn["scores"]] == pytest.approx(scores, abs=0.004 * 3.2)


def test_tokens_are_put_in_the_order_of_the_text_with_their_scores_and_keys() -> None:
    row = source_row(0, "a b", "c")
    swapped = row | {"tokens": ["c", "b", "a"], "side": [1, 0, 0], "ig": [0.1, -0.2, 0.4], "key": [2, 0]}
    swapped["spans"] = [{"start": 0, "end": 1}, {"start": 2, "end": 3}, {"start": 0, "end": 1}]
    drawn = payload(draw(Page("s", source_rows=source_rows([swapped]))))["rows"][0]
    assert [side.split(CUT) for side in drawn["sides"]] == [["", "a", " ", "b", ""], ["", "c", ""]]
    assert drawn["explained"][0]["scores"] == [127, -64, 32]
    assert drawn["key"] == [0, 2]


def test_a_sample_is_drawn_as_edits_of_its_source_row() -> None:
    row = source_row(0, "𠮷野家 好吃")
    made = sample(row, 0, "食其", "keep")
    drawn = payload(draw(Page("c", source_rows=source_rows([row]), samples=samples([made]))))["rows"][0][
        "samples"
    ][0]
    assert drawn["sides"] == [[["𠮷", "食其", 0.25], "野家 好吃"]]


def test_a_sample_whose_edits_do_not_replay_is_shown_as_it_is() -> None:
    row = source_row(0, "好吃 便宜")
    made = sample(row, 0, "难吃", "drop") | {"text": "完全不同的文本"}
    drawn = payload(draw(Page("c", source_rows=source_rows([row]), samples=samples([made]))))["rows"][0][
        "samples"
    ][0]
    assert drawn["sides"] == [["完全不同的文本"]]


def test_samples_of_rows_not_drawn_are_counted_in_a_notice() -> None:
    row, other = source_row(0, "好吃"), source_row(1, "便宜")
    html = draw(Page("c", source_rows=source_rows([row]), samples=samples([sample(other, 0, "贵", "drop")])))
    assert "1 samples are not drawn" in Outline(html).text


def test_the_first_rows_are_in_the_page_without_script() -> None:
    html = draw(page([f"row number {number}" for number in range(STATIC_ROWS + 5)]))
    static = html.split("<noscript>")[1].split("</noscript>")[0]
    assert static.count("<article") == STATIC_ROWS
    assert "<del>row</del><ins>新</ins>" in static
    assert re.search(r'<span class="t [fa]\d+">number</span>', static)


def test_head_words_and_counts_are_drawn() -> None:
    top = (TopWord("1", "干净", 0.5, 20.0, 40), TopWord("1", "comfy", 0.2, 2.0, 10))
    shown = Page(
        "hotel",
        (("model", "textcnn"),),
        ("beware",),
        top=top,
        label_names={"1": "正面"},
        total_source_rows=7766,
    )
    text = Outline(draw(shown)).text
    for part in ("hotel", "textcnn", "beware", "正面", "干净", "20.0", "×40", "7,766"):
        assert part in text


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (Page("x", source_rows=pa.table({"id": ["a"]}), methods=()), "text"),
        (Page("x", source_rows=pa.table({"id": ["a"], "text": ["b"]}), methods=("ig",)), "ig"),
        (Page("x", samples=pa.table({"id": ["a"], "text": ["b"]})), "source_id"),
    ],
)
def test_a_missing_column_is_named_with_those_that_are_there(table: Page, name: str) -> None:
    with pytest.raises(AugmentError, match=f"`{name}`"):
        draw(table)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨RLO⟩b"),
        ("zero\u200bwidth", "zero⟨ZWSP⟩width"),
        ("\ufeffbom\x00", "⟨BOM⟩bom⟨NUL⟩"),
        ("line\r\nnext\tcell", "line⟨CR⟩\nnext\tcell"),
        ("好\u200d好", "好⟨ZWJ⟩好"),
        ("👨‍👩‍👧‍👦 👍🏽 🇨🇳 ❤️‍🔥", "👨‍👩‍👧‍👦 👍🏽 🇨🇳 ❤️‍🔥"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("a\U000e0041", "a⟨U+E0041⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("葛\U000e0100 e\u0301 　全角", "葛\U000e0100 e\u0301 　全角"),
    ],
)
def test_what_hides_is_shown_and_what_is_seen_is_kept(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_the_full_word_is_shown_where_a_long_one_is_cut_short() -> None:
    top = (
        TopWord("1", "donaudampfschifffahrtsgesellschaft", 0.5, 20.0, 40),
        TopWord("1", "破破烂烂", 0.2, 2.0, 10),
    )
    html = draw(Page("words", top=top, unit="logit"))
    assert 'title="donaudampfschifffahrtsgesellschaft: +20 = 40 × +0.5 logit"' in html
    assert 'title="破破烂烂: +2 = 10 × +0.2 logit"' in html


def test_what_made_the_page_is_at_its_foot_and_not_among_the_facts() -> None:
    head, foot = draw(Page("x", (("rows read", "7"),), made_by="augment 0.1.0")).split("<footer")
    assert "augment 0.1.0" in foot
    assert "augment 0.1.0" not in head
    assert 'lang="en"></div>' not in draw(Page("x"))


def test_a_page_begins_with_its_findings_five_in_sight_and_the_others_folded() -> None:
    findings = tuple(
        RunFinding.of("silent", "low", method=f"m{n}", count="1", rows="2", share="50 %") for n in range(7)
    )
    html = draw(Page("x", findings=findings))
    head, folded = html.split('<details class="more-findings">')
    assert [f"m{n}: in 1 of 2 rows" in head for n in range(7)] == [True] * 5 + [False] * 2
    assert [f"m{n}: in 1 of 2 rows" in folded.split("</details>")[0] for n in (5, 6)] == [True, True]
    assert head.index('id="findings"') < html.index('id="counts"')
    assert payload(html)["findings"][0] == ["silent", dict(findings[0].values)]


def test_a_page_without_findings_reports_that_in_one_sentence_and_an_older_run_reports_nothing() -> None:
    assert "no check of this run found a problem" in Outline(draw(Page("x", findings=()))).text
    assert 'id="findings"' not in draw(Page("x"))


def test_every_finding_links_to_a_section_of_the_page() -> None:
    shown = page(["a"])
    top = (TopWord("1", "好", 0.5, 5.0, 10),)
    html = draw(replace(shown, notices=("n",), variety=(("self-BLEU", "0.5"),), top=top))
    for evidence in EVIDENCE.values():
        section, _, chosen = evidence.partition(":")
        assert f'id="{section}"' in html
        assert chosen in ("", "wrong", "flipped", "error")


@pytest.mark.parametrize("awkward", ["", "x" * 5000, "خبر جيد جدا من هنا", "👍🏽" * 30, "短"])
def test_the_row_drawn_first_has_a_kept_sample_and_is_read_at_a_glance(awkward: str) -> None:
    rows = [
        source_row(0, awkward),
        source_row(1, "房间 很 干净 而且 服务 也 好"),
        source_row(2, "a second row of some words"),
    ]
    made = [sample(rows[1], 0, "大堂", "drop"), sample(rows[2], 0, "one", "keep")]
    shown = Page("c", source_rows=source_rows(rows), samples=samples(made))
    assert payload(draw(shown))["lead"]["id"] == rows[2]["id"]
    bare = Page("c", source_rows=source_rows(rows[:1]))
    assert payload(draw(bare))["lead"]["id"] == rows[0]["id"]


def test_labels_have_colours_of_their_own_in_words_and_rows() -> None:
    html = draw(page(["好 x", "坏 y"]))
    assert payload(html)["classes"] == ["0", "1"]
    assert '<span class="pill c0">负面</span>' in html
    assert '<span class="pill c1">positive</span>' in html


def test_notices_are_marked_as_english() -> None:
    assert '<p class="notice" role="note" lang="en">beware</p>' in draw(Page("x", notices=("beware",)))


def test_the_words_of_the_page_are_explained_in_both_languages_with_or_without_script() -> None:
    html = draw(Page("x"))
    terms = (
        "integrated",
        "errorTerm",
        "keyWord",
        "goldTerm",
        "figuresTerm",
        "colourTerm",
        "verdictTerm",
        "methodTerm",
        "probe",
        "adversarial",
        "attackTerm",
        "contrast",
    )
    details = html.split('<details class="meaning"')[1].split("</details>")[0]
    assert re.findall(r'<dt data-text="(\w+)"', details) == list(terms)
    script = html.split('<script type="module">')[1]
    for term in terms:
        message = re.search(rf'data-text="{term}Means">(.*?)</dd>', details)
        assert message is not None
        assert f'{term}Means: "{message[1]}"' in script
        assert re.search(rf'{term}Means: "[\u4e00-\u9fff]', script), f"no Chinese for {term}"


def test_samples_that_were_not_made_are_reported_at_their_row_with_the_reason() -> None:
    gap = {"method": "substitute_other", "missing": 3, "reason": "no <token> may be edited"}
    rows = pa.Table.from_pylist([{"id": "a", "text": "好", "shortfall": [gap]}, {"id": "b", "text": "坏"}])
    html = draw(Page("x", source_rows=rows, methods=()))
    assert [row["missing"] for row in payload(html)["rows"]] == [[list(gap.values())], []]
    assert "× 3 missing: no &lt;token&gt; may be edited" in html


def test_both_languages_of_the_page_have_the_same_texts() -> None:
    script = draw(Page("x")).split('<script type="module">')[1]
    english, chinese = re.findall(r"^  (?:en|zh): \{(.*?)^  \},", script, re.M | re.S)
    keys = [re.findall(r"(?:^|, |\s)(\w+): \"", part) for part in (english, chinese)]
    assert sorted(keys[0]) == sorted(keys[1])
    assert len(set(keys[0])) == len(keys[0]), "a key stands twice"
    used = set(re.findall(r'data-(?:text|hint)="(\w+)"', draw(page(["a"])))) | set(
        re.findall(r"\bsay\.(\w+)", script)
    )
    assert used <= set(keys[0])
