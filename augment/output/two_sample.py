"""Can samples be distinguished from source rows? The area under the curve of a classifier that tries, 0.5 if not.

A two-sample test by classifier (Lopez-Paz and Oquab, ICLR 2017): TF-IDF over words and pairs of words, logistic regression,
five folds in which a row and its sample are together. It sees words and not meaning: a low figure does not show that
samples read well, a high one shows that they have words or pairs that people would not have written so often.

    two_sample_auc([(source_tokens, sample_tokens), ...])        # 0.58
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

# Pairs below which the figure is mostly chance: at 100 pairs its standard error is 0.04.
LEAST = 100
_FOLDS = 5


def two_sample_auc(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> float | None:
    """Return the area for pairs of a source row and one sample of it, as tokens; None for fewer than `LEAST` pairs."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    if len(pairs) < LEAST:
        return None
    texts = [_terms(tokens) for pair in pairs for tokens in pair]
    vectors = TfidfVectorizer(analyzer=list, min_df=2, sublinear_tf=True)
    try:
        features = vectors.fit_transform(texts)
    except ValueError:  # No term is in two texts.
        return None
    labels, rows = np.tile([0, 1], len(pairs)), np.repeat(np.arange(len(pairs)), 2)
    model = LogisticRegression(C=10.0, max_iter=1000)
    chances = cross_val_predict(
        model, features, labels, groups=rows, cv=GroupKFold(_FOLDS), method="predict_proba"
    )
    return float(roc_auc_score(labels, chances[:, 1]))


def _terms(tokens: Sequence[str]) -> list[str]:
    """Return the words of a text and its pairs of words, in lower case."""
    words = [token.casefold() for token in tokens]
    return [*words, *(f"{left} {right}" for left, right in pairwise(words))]
