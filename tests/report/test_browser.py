"""The page in a real browser: it opens without errors, runs nothing of its data, and its controls do what they say.

Needs Chromium, its driver and a Chinese font (Debian: chromium chromium-driver fonts-wqy-microhei); skipped without.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from augment.report.page import Page, draw
from augment.report.words import TopWord
from tests.report.tables import HOSTILE, sample, samples, source_row, source_rows
from tests.texts import TEXTS

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
)
METHODS = ("ig", "gradient")
Open = Callable[[Page], Chrome]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start a headless Chromium with a fresh profile."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver on the path")
    if (
        shutil.which("fc-list") is None
        or not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=True, timeout=60).stdout
    ):
        pytest.skip("needs a Chinese font: fc-list :lang=zh names none")
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture
def opened(browser: Chrome, tmp_path: Path) -> Iterator[Open]:
    """Give a function that opens a page over file://; at the end the console of the browser must be empty."""

    def show(page: Page) -> Chrome:
        path = tmp_path / "report.html"
        path.write_text(draw(page), encoding="utf-8")
        browser.get(path.as_uri())
        WebDriverWait(browser, 20).until(lambda _: root(browser, "data-ready") == "yes")
        return browser

    yield show
    assert _console(browser) == []


def _console(browser: Chrome) -> list[str]:
    """Return what the page wrote to the console, errors of scripts and of the security policy included."""
    log: Callable[[str], list[dict[str, str]]] = browser.get_log
    return [entry["message"] for entry in log("browser")]


def mixed() -> Page:
    """Return a page of every awkward and hostile text, by two methods, with samples of several verdicts."""
    texts = [text for text in (*TEXTS, *HOSTILE)]
    rows = [
        source_row(number, text, "第二句 second" if number == 4 else None, METHODS)
        for number, text in enumerate(texts)
    ]
    rows[1]["attack"] = "changed"
    made = []
    for number, row in enumerate(rows):
        if row["tokens"]:
            made.append(
                sample(
                    row, 0, "替换", "keep" if number % 2 else "adversarial", after=0.85 if number % 2 else 0.1
                )
            )
    made.append(sample(rows[0], 1, "", "drop", after=0.6))
    top = (TopWord("1", "酒店", 0.5, 5.0, 10), TopWord("1", "<b>", 0.4, 2.0, 5))
    names = {"0": "负面", "1": "positive"}
    return Page(
        "混合 mixed",
        (("model", "textcnn"), ("ig error (median, worst)", "0.1%, 2%"), ("odd <b>", "7")),
        ("a notice", "a trial: run.limit left 7 rows out"),
        source_rows(rows, METHODS),
        samples(made),
        METHODS,
        names,
        top,
        99,
        "logit",
    )


def root(browser: Chrome, name: str) -> str | None:
    """Return an attribute of the root element."""
    return browser.find_element(By.TAG_NAME, "html").get_attribute(name)


def all_of(browser: Chrome, selector: str) -> list[WebElement]:
    """Return the elements that match a CSS selector."""
    return browser.find_elements(By.CSS_SELECTOR, selector)


def shown_rows(browser: Chrome) -> int:
    """Return the number of rows the filters leave, as the page counts them."""
    return int(browser.find_element(By.ID, "count").text.split()[0].replace(",", ""))


def background(element: WebElement) -> str:
    """Return the computed background colour."""
    return str(element.value_of_css_property("background-color"))


def pick(browser: Chrome, name: str, value: str) -> None:
    """Choose an option of a filter."""
    Select(browser.find_element(By.ID, name)).select_by_value(value)


def click(browser: Chrome, selector: str) -> None:
    """Click an element by script: radio inputs are hidden behind their labels."""
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def test_hostile_texts_are_shown_and_not_run(opened: Open) -> None:
    browser = opened(mixed())
    for _ in range(12):
        browser.execute_script("scrollBy(0, 700)")
    browser.execute_script(
        "document.getElementById('search').value = 'img'; document.getElementById('search').dispatchEvent(new Event('input'))"
    )
    assert browser.title == "混合 mixed"
    assert not all_of(browser, "img, iframe, object, link, body svg:not(.bar)")
    assert "onerror=" in browser.find_element(By.ID, "list").text


def test_labels_that_name_what_every_object_has_are_shown_as_they_are(opened: Open) -> None:
    """In both languages, with and without names of the labels, also as verdict, method and predicted label."""
    words = ("constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "null", "items")
    rows = [source_row(number, f"房间 {word}", None, METHODS) for number, word in enumerate(words)]
    made = []
    for row, word in zip(rows, words, strict=True):
        row["label"] = word
        for method in METHODS:
            row[f"{method}_pred"] = row[f"{method}_target"] = word
        made.append(
            {**sample(row, 0, "替换", "keep", after=0.1), "method": word, "reason": word, "pred_after": word}
        )
    for names in ({}, {"__proto__": "原型", "constructor": "builder"}):
        top = tuple(TopWord(word, word, 0.5, 5.0, 10) for word in words)
        browser = opened(
            Page(
                "x",
                ((("constructor", "7"),)),
                (),
                source_rows(rows, METHODS),
                samples(made),
                METHODS,
                names,
                top,
                7,
            )
        )
        for _ in range(2):
            for _ in range(8):
                browser.execute_script("scrollBy(0, 700)")
            text = browser.find_element(By.TAG_NAME, "body").text
            assert "[object" not in text
            assert "function" not in text
            assert "native code" not in text
            labels = [pill.text for pill in all_of(browser, "article .labels .pill")]
            assert {names.get(word, word) for word in words} >= set(labels)
            assert labels
            shown = [option.text for option in Select(browser.find_element(By.ID, "label")).options]
            assert [f"{names.get(word, word)} (1)" for word in sorted(words)] == shown[1:]
            click(browser, "#language")


def test_tokens_are_coloured_and_key_tokens_underlined(opened: Open) -> None:
    browser = opened(mixed())
    painted = {
        background(token) for token in all_of(browser, ".explained .t[class*=f], .explained .t[class*=a]")
    }
    assert len(painted) > 5
    assert "rgba(0, 0, 0, 0)" not in painted
    assert (
        browser.find_element(By.CSS_SELECTOR, ".explained .key").value_of_css_property("border-bottom-style")
        == "solid"
    )


def test_the_text_on_the_page_is_the_text_of_the_source(opened: Open) -> None:
    browser = opened(mixed())
    lines = browser.execute_script(
        "return [...document.querySelectorAll('.explained:first-child .line')].map((line) => line.textContent)"
    )
    assert lines[:4] == list(TEXTS[:4])


def test_switching_the_scale_changes_colours(opened: Open) -> None:
    browser = opened(mixed())
    token = browser.find_element(By.CSS_SELECTOR, ".explained .t[class*=' a']")
    signed = background(token)
    click(browser, "input[value=red]")
    assert root(browser, "data-scale") == "red"
    token = browser.find_element(By.CSS_SELECTOR, ".explained .t[class*=' a']")
    assert background(token) != signed
    before = browser.execute_script(
        "return [...document.querySelectorAll('.explained .t')].map((token) => token.className)"
    )
    click(browser, "input[value=text]")
    after = browser.execute_script(
        "return [...document.querySelectorAll('.explained .t')].map((token) => token.className)"
    )
    assert before != after
    assert len(before) == len(after)


def test_filters_search_and_reset_change_the_number_of_rows(opened: Open) -> None:
    browser = opened(mixed())
    everything = len(TEXTS) + len(HOSTILE)
    assert shown_rows(browser) == everything
    pick(browser, "label", "1")
    assert shown_rows(browser) == everything // 2
    pick(browser, "outcome", "wrong")
    assert 0 < shown_rows(browser) < everything // 2
    click(browser, "#clear")
    assert shown_rows(browser) == everything
    pick(browser, "verdict", "drop")
    assert shown_rows(browser) == 1
    assert [node.text for node in all_of(browser, ".sample .verdict")] == ["drop"]
    click(browser, "#clear")
    browser.find_element(By.ID, "search").send_keys("牛丼")
    assert shown_rows(browser) == 1
    browser.find_element(By.ID, "search").send_keys("没有这个")
    assert shown_rows(browser) == 0
    assert browser.find_element(By.ID, "none").is_displayed()


def test_sorting_puts_the_worst_gap_first(opened: Open) -> None:
    browser = opened(mixed())
    pick(browser, "sort", "error")
    last = len(TEXTS) + len(HOSTILE) - 1
    assert browser.find_element(By.CSS_SELECTOR, ".card").get_attribute("aria-label") == f"rows.csv:{last}"


def test_methods_stand_side_by_side_with_their_names(opened: Open) -> None:
    browser = opened(mixed())
    captions = browser.find_element(By.CSS_SELECTOR, ".card").find_elements(By.CSS_SELECTOR, ".caption")
    assert [caption.text.split()[0] for caption in captions] == list(METHODS)


def test_only_the_line_of_the_leading_method_underlines_key_words(opened: Open) -> None:
    browser = opened(mixed())
    lines = browser.execute_script(
        "return [...document.querySelectorAll('.card')].slice(0, 3).map((row) =>"
        " [...row.querySelectorAll('.explained')].map((line) => line.querySelectorAll('.key').length))"
    )
    assert lines == [[1, 0], [1, 0], [1, 0]]


def test_samples_mark_deletions_and_insertions_by_more_than_colour(opened: Open) -> None:
    browser = opened(mixed())
    first = browser.find_element(By.CSS_SELECTOR, ".sample")
    deleted, inserted = first.find_element(By.TAG_NAME, "del"), first.find_element(By.TAG_NAME, "ins")
    assert deleted.text == "这家"
    assert inserted.text == "替换"
    assert "line-through" in deleted.value_of_css_property("text-decoration")
    assert "underline" in inserted.value_of_css_property("text-decoration")
    assert "0.900 → 0.100" in first.text
    assert "负面 → positive" in first.find_element(By.CSS_SELECTOR, ".flip").text


def test_a_token_in_focus_tells_score_share_and_rank(opened: Open) -> None:
    browser = opened(mixed())
    browser.find_element(By.TAG_NAME, "body").send_keys("j")
    browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    tip = browser.find_element(By.ID, "tip")
    assert tip.is_displayed()
    assert all(word in tip.text for word in ("score", "logit", "share", "%", "rank", "key word"))
    assert browser.switch_to.active_element.get_attribute("aria-describedby") == "tip"


def test_a_link_to_a_row_or_a_sample_shows_it_even_where_filters_hid_it(opened: Open) -> None:
    browser = opened(mixed())
    pick(browser, "verdict", "drop")
    name = f"rows.csv:{len(TEXTS)}"
    for linked in (name, f"{name}~substitute~0"):
        browser.execute_script("location.hash = arguments[0]", quote(linked))
        _wait_for_link(browser, linked)
        assert browser.find_element(By.CSS_SELECTOR, ".linked").is_displayed()
    assert shown_rows(browser) == len(TEXTS) + len(HOSTILE)


def _wait_for_link(browser: Chrome, linked: str) -> None:
    """Wait until the row or sample is the one linked to."""
    WebDriverWait(browser, 10).until(lambda _: _linked(browser) == linked)


def _linked(browser: Chrome) -> str | None:
    """Return the id of the row or sample that is linked to."""
    result = all_of(browser, ".linked")
    return result[0].get_attribute("data-id") if result else None


def test_the_page_speaks_chinese(opened: Open) -> None:
    browser = opened(mixed())
    click(browser, "#language")
    assert root(browser, "lang") == "zh"
    assert browser.find_element(By.ID, "search").get_attribute("placeholder") == "搜索文本或编号"
    assert "真实" in browser.find_element(By.CSS_SELECTOR, ".labels").text


def test_the_facts_of_the_head_have_chinese_names_and_others_are_marked_as_english(opened: Open) -> None:
    browser = opened(mixed())
    reported = (
        "return [...document.querySelectorAll('[data-fact]')].map((name) => [name.textContent, name.lang])"
    )
    english = browser.execute_script(reported)
    assert [name for name, _ in english] == ["model", "ig error (median, worst)", "odd <b>"]
    click(browser, "#language")
    assert browser.execute_script(reported) == [
        ["模型", ""],
        ["ig 误差（中位数、最大）", ""],
        ["odd <b>", "en"],
    ]
    click(browser, "#language")
    assert browser.execute_script(reported) == english


def test_notices_verdicts_and_reasons_are_said_in_chinese_where_there_is_a_form(opened: Open) -> None:
    browser = opened(mixed())
    reported = "return [...document.querySelectorAll('.notice[role=note]')].map((one) => [one.textContent, one.lang])"
    english = browser.execute_script(reported)
    assert english == [["a notice", "en"], ["a trial: run.limit left 7 rows out", "en"]]
    verdicts = {verdict.text for verdict in all_of(browser, ".verdict")}
    assert verdicts >= {"keep", "adversarial"}
    click(browser, "#language")
    assert browser.execute_script(reported) == [["a notice", "en"], ["试运行：run.limit 略去了 7 行", ""]]
    assert {verdict.text for verdict in all_of(browser, ".verdict")} >= {"保留", "对抗"}
    click(browser, "#language")
    assert browser.execute_script(reported) == english


def test_a_sample_of_another_label_shows_both_and_the_probability_of_its_own(opened: Open) -> None:
    row = source_row(0, TEXTS[0], None, METHODS)
    made = sample(row, 0, "替换", "contrast", after=0.4)
    made |= {"label": "1" if row["label"] == "0" else "0", "reason": "p(gold) below 0.7"}
    browser = opened(
        Page(
            "x",
            source_rows=source_rows([row], METHODS),
            samples=samples([made]),
            methods=METHODS,
            label_names={"0": "负面", "1": "positive"},
        )
    )
    (shown,) = all_of(browser, ".sample")
    old, new = ("负面", "positive") if row["label"] == "0" else ("positive", "负面")
    assert f"{old} → {new}" in shown.text.replace("\n", " ")
    assert f"p({new}) below 0.7" in shown.text
    assert f"p({new})" in shown.find_element(By.CSS_SELECTOR, ".figures").text


def test_the_explanation_of_words_is_closed_until_asked_for(opened: Open) -> None:
    browser = opened(mixed())
    meaning = browser.find_element(By.CSS_SELECTOR, ".meaning dl")
    assert not meaning.is_displayed()
    click(browser, ".meaning summary")
    assert "how far the scores" in meaning.text
    click(browser, "#language")
    assert "一行的分数与积分差多少" in meaning.text
    click(browser, ".meaning summary")


def test_a_word_of_the_table_searches_for_itself(opened: Open) -> None:
    browser = opened(mixed())
    click(browser, "button[data-word='酒店']")
    assert shown_rows(browser) == 1


def test_dark_mode_has_its_own_colours(opened: Open) -> None:
    browser = opened(mixed())
    token = browser.find_element(By.CSS_SELECTOR, ".explained .t[class*=' f']")
    light = background(token)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    dark = background(token)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert light != dark


def test_a_bare_and_an_empty_report_open(opened: Open) -> None:
    for page in (Page("empty"), Page("bare", source_rows=source_rows([{"id": "a", "text": "只有文本"}]))):
        browser = opened(page)
        assert shown_rows(browser) == page.source_rows.num_rows


def test_five_thousand_rows_open_filter_and_scroll_with_a_small_page(opened: Open) -> None:
    base = [source_row(number, TEXTS[number % 4]) for number in range(8)]
    rows = [base[number % 8] | {"id": f"r{number}"} for number in range(5000)]
    made = [sample(row, k, "新", "keep") for row in rows for k in range(4)]
    browser = opened(
        Page("many", source_rows=source_rows(rows), samples=samples(made), total_source_rows=9999)
    )
    assert shown_rows(browser) == 5000
    assert len(all_of(browser, ".card")) < 200
    browser.execute_script("scrollTo(0, document.body.scrollHeight / 2)")
    WebDriverWait(browser, 10).until(lambda _: _row_in_window(browser) > 1000)
    assert len(all_of(browser, ".card")) < 200
    browser.execute_script("location.hash = 'r4999'")
    _wait_for_link(browser, "r4999")
    pick(browser, "label", "1")
    assert shown_rows(browser) == 2500


def _row_in_window(browser: Chrome) -> int:
    """Return the place of the row in the middle of the window, 0 if there is none yet."""
    script = "return document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('.card')?.getAttribute('aria-posinset')"
    return int(browser.execute_script(script) or 0)


def test_what_was_not_made_and_marks_that_occur_are_told_in_both_languages(opened: Open) -> None:
    gap = {"method": "substitute_other", "missing": 3, "reason": "no token may be edited"}
    bare = source_rows([source_row(0, TEXTS[0], None, METHODS) | {"key": []}], METHODS)
    bare = bare.append_column("shortfall", pa.array([[gap]]))
    browser = opened(Page("x", source_rows=bare, methods=METHODS, unit="logit"))
    legend = browser.find_element(By.ID, "legend").text
    assert not {"key word", "deleted", "inserted"} & set(legend.split("\n"))
    assert browser.find_element(By.CSS_SELECTOR, ".gap").text == (
        "substitute_other × 3 not made: no token may be edited"
    )
    click(browser, "#language")
    assert browser.find_element(By.CSS_SELECTOR, ".gap").text == "替换非关键词 × 3 未生成: 没有可以改动的词"
    browser = opened(mixed())
    assert {"key word", "deleted", "inserted"} <= set(browser.find_element(By.ID, "legend").text.split("\n"))
