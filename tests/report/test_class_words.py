"""The one table of words: from the key-word table, else from the sums of scores."""

from augment.report.class_words import class_words
from augment.report.words import TopWord

NGRAM = {
    "kind": "word",
    "form": None,
    "rows": 1200,
    "purity": 0.9,
    "coverage": 0.25,
    "share": 0.1,
    "chi_square": 99.6,
    "flag": None,
}


def test_words_of_a_key_word_table_are_listed_by_label_flagged_ones_first_with_bars_relative_to_the_largest() -> (
    None
):
    ngrams = [
        NGRAM | {"label": "b", "text": "x"},
        NGRAM | {"label": "a", "text": "y", "share": 0.2},
        NGRAM | {"label": "a", "text": "z", "form": " Z", "flag": "why"},
    ]
    table = class_words(ngrams, (TopWord("a", "not shown", 1.0, 1.0, 1),), "logit")
    assert [(label.label, [word.text for word in label.words]) for label in table.labels] == [
        ("a", ["z", "y"]),
        ("b", ["x"]),
    ]
    first = table.labels[0].words[0]
    assert (first.form, first.width, first.flag) == ("Z", 50.0, "why")
    assert first.cells == ("10.0 %", "25.0 %", "90.0 %", "1,200")
    assert len(first.cells) == len(table.heads)


def test_without_a_key_word_table_words_are_listed_by_the_sum_of_their_scores() -> None:
    table = class_words(
        (), (TopWord("a", "干净", 0.5, 20.0, 40), TopWord("a", "好\u202e", 0.2, 2.0, 10)), "logit"
    )
    (label,) = table.labels
    assert [word.width for word in label.words] == [100.0, 10.0]
    assert label.words[0].cells == ("20.0", "+0.5", "×40")
    assert label.words[1].text == "好⟨RLO⟩"
    assert len(label.words[0].cells) == len(table.heads)


def test_no_words_and_scores_of_zero_are_no_error() -> None:
    assert class_words((), (), "").labels == ()
    table = class_words((), (TopWord("a", "x", 0.0, 0.0, 1),), "")
    assert table.labels[0].words[0].width == 0.0
