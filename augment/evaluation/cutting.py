"""Rows without what was accepted as a shortcut, whatever their label: the simplest repair, which `balance` has to better.

cut(Labelled("※ a fine film", "positive"), (Ngram("word", "※"),), "en").text      # 'a fine film'
"""

from collections.abc import Collection
from dataclasses import replace

from augment.evaluation.material import Labelled
from augment.text.edits import Edit, deletions, replay
from augment.text.ngrams import Ngram, ngrams
from augment.text.segment import segment


def cut(row: Labelled, accepted: Collection[Ngram], language: str) -> Labelled:
    """Return a row without any occurrence of these n-grams; a text of which nothing would be left becomes empty."""
    pair = None if row.text_pair is None else _cut_text(row.text_pair, accepted, language)
    return replace(row, text=_cut_text(row.text, accepted, language), text_pair=pair)


def _cut_text(text: str, accepted: Collection[Ngram], language: str) -> str:
    """Return a text without these n-grams and the spaces they leave; unchanged where it has none."""
    spans = segment(text, language)
    runs = ngrams([text[start:end] for start, end in spans], [0] * len(spans))
    gone = {token for ngram in accepted for run in runs.get(ngram, ()) for token in run}
    if not gone:
        return text
    edits = [
        Edit(0, start, end, text[start:end], between, 0.0)
        for (start, end), between in deletions(text, [spans[token] for token in sorted(gone)])
    ]
    return replay(text, None, edits)[0].strip()
