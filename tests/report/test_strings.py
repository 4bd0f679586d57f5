"""The page in Chinese, in a real browser."""

import re
from pathlib import Path

import pyarrow as pa
from selenium.webdriver.common.by import By

from augment.report import page
from augment.report.page import Page
from augment.rewriting.conversing import REASONS
from tests.report.browsing import METHODS, Open, all_of, click, mixed, root
from tests.report.tables import source_row, source_rows
from tests.texts import TEXTS

STRINGS = (Path(page.__file__).parent / "strings.js").read_text("utf-8")


def test_the_page_speaks_chinese(opened: Open) -> None:
    browser = opened(mixed())
    click(browser, "#language")
    assert root(browser, "lang") == "zh"
    assert browser.find_element(By.ID, "search").get_attribute("placeholder") == "搜索文本或编号"
    assert "真实" in browser.find_element(By.CSS_SELECTOR, ".labels").text


def test_the_facts_of_the_head_have_chinese_names_and_others_are_marked_as_english(opened: Open) -> None:
    browser = opened(mixed())
    reported = "return [...document.querySelectorAll('#counts [data-fact]')].map((name) => [name.textContent, name.lang])"

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


def test_notices_verdicts_and_reasons_are_reported_in_chinese_where_there_is_a_form(opened: Open) -> None:
    browser = opened(mixed())
    reported = "return [...document.querySelectorAll('.notice[role=note]')].map((one) => [one.textContent, one.lang])"
    english = browser.execute_script(reported)
    assert english == [["a notice", "en"], ["a trial: run.limit left 7 rows out", "en"]]
    verdicts = {verdict.text for verdict in all_of(browser, ".verdict")}
    assert verdicts >= {"keep", "adversarial"}
    click(browser, "#language")
    assert browser.execute_script(reported) == [["a notice", "en"], ["试运行：run.limit 省略了 7 行", ""]]
    assert {verdict.text for verdict in all_of(browser, ".verdict")} >= {"保留", "对抗"}
    click(browser, "#language")
    assert browser.execute_script(reported) == english


def test_what_came_of_an_attack_is_reported_in_both_languages(opened: Open) -> None:
    browser = opened(mixed())
    reported = "return [...document.querySelectorAll('.gutter .quiet')].map((one) => one.textContent).filter((one) => /attack|攻击/.test(one))"
    assert [one.partition(" ·")[0] for one in browser.execute_script(reported)] == ["attack: changed"]
    click(browser, "#language")
    assert [one.partition(" ·")[0] for one in browser.execute_script(reported)] == ["攻击: 已改变"]


def test_every_reason_of_a_missing_rewrite_has_chinese(opened: Open) -> None:
    browser = opened(mixed())
    why = ["the server cannot be reached", "the server refuses the request (400)", *REASONS.values()]
    reasons = [*REASONS.values(), *(f"the language model gives no answer: {one}" for one in why)]
    chinese = browser.execute_script(
        f"{STRINGS}\nreturn arguments[0].map((one) => inWords(one, true))", reasons
    )
    assert "语言模型没有回答：连不上服务器" in chinese
    assert "语言模型没有回答：服务器拒绝了请求（400）" in chinese
    known = {"llm", "answer", "tokens", "JSON"}
    assert [one for one in chinese if set(re.findall("[A-Za-z]+", one)) - known] == []


def test_findings_are_reported_in_both_languages(opened: Open) -> None:
    browser = opened(mixed())
    reported = (
        "return [...document.querySelectorAll('[data-finding]')].map((one) => [one.textContent, one.lang])"
    )
    english = browser.execute_script(reported)
    assert english[1] == ["3 of 9 samples (33 %) change the prediction of the model.", "en"]
    click(browser, "#language")
    chinese = browser.execute_script(reported)
    assert chinese[0] == ['有 1 个可能的捷径，即与标签同现却不表达其含义的词："<b>" (1, 99%)。', ""]
    assert chinese[2][0].endswith("最常见的原因：删除非关键词：没有可以删去的短语（1）。")
    click(browser, "#language")
    assert browser.execute_script(reported) == english


def test_what_was_not_made_and_marks_that_occur_are_reported_in_both_languages(opened: Open) -> None:
    gap = {"method": "substitute_other", "missing": 3, "reason": "no token may be edited"}
    bare = source_rows([source_row(0, TEXTS[0], None, METHODS) | {"key": []}], METHODS)
    bare = bare.append_column("shortfall", pa.array([[gap]]))
    browser = opened(Page("x", source_rows=bare, methods=METHODS, unit="logit"))
    legend = browser.find_element(By.ID, "legend").text
    assert not {"key word", "deleted", "inserted"} & set(legend.split("\n"))
    assert browser.find_element(By.CSS_SELECTOR, "#list .gap").text == (
        "substitute_other × 3 missing: no token may be edited"
    )
    click(browser, "#language")
    assert (
        browser.find_element(By.CSS_SELECTOR, "#list .gap").text == "替换非关键词 × 3 缺少: 没有可以改动的词"
    )
    browser = opened(mixed())
    assert {"key word", "deleted", "inserted"} <= set(browser.find_element(By.ID, "legend").text.split("\n"))
