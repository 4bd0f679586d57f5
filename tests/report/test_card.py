"""A row and its samples as card.js draws them in a real browser."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from augment.report.page import Page
from augment.report.words import TopWord
from tests.report.browsing import METHODS, Open, all_of, background, click, mixed
from tests.report.tables import sample, samples, source_row, source_rows
from tests.texts import TEXTS


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
        "return [...document.querySelectorAll('#list .explained:first-child .line')].map((line) => line.textContent)"
    )
    assert lines[:4] == list(TEXTS[:4])


def test_methods_are_side_by_side_with_their_names(opened: Open) -> None:
    browser = opened(mixed())
    captions = browser.find_element(By.CSS_SELECTOR, ".card").find_elements(By.CSS_SELECTOR, ".caption")
    assert [caption.text.split()[0] for caption in captions] == list(METHODS)


def test_only_the_line_of_the_leading_method_underlines_key_words(opened: Open) -> None:
    browser = opened(mixed())
    lines = browser.execute_script(
        "return [...document.querySelectorAll('#list .card')].slice(0, 3).map((row) =>"
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


def test_figures_that_prove_a_row_are_shown_only_where_it_is_not_exact(opened: Open) -> None:
    texts = ("好 exact", "坏 near")
    rows = [source_row(number, text) for number, text in enumerate(texts)]
    rows[0] |= {"ig_status": "exact"}
    browser = opened(Page("x", source_rows=source_rows(rows)))
    exact, near = (figures.text for figures in all_of(browser, "#list .explained .figures"))
    assert not [word for word in ("gap", "error", "evals", "exact") if word in exact]
    assert [word for word in ("gap", "error", "evals", "converged") if word in near] == [
        "gap",
        "error",
        "evals",
        "converged",
    ]


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
    (shown,) = all_of(browser, "#list .sample")
    old, new = ("负面", "positive") if row["label"] == "0" else ("positive", "负面")
    assert f"{old} → {new}" in shown.text.replace("\n", " ")
    assert f"p({new}) below 0.7" in shown.text
    assert f"p({new})" in shown.find_element(By.CSS_SELECTOR, ".figures").text
