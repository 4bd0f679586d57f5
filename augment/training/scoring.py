"""How well a model does on held-out rows, and how well TF-IDF with logistic regression does on the same."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.config.job import Job
from augment.models.heads import EVEN
from augment.text.segment import tokens_of
from augment.training.examples import Examples
from augment.training.label_columns import kind_of, targets

if TYPE_CHECKING:
    import numpy as np


def answers(job: Job, examples: Examples) -> "tuple[tuple[str, ...], np.ndarray]":
    """Return the classes of the saved model, as the corpus names them, and their probabilities for each text: [N, C]."""
    from augment.models.classifier import open_classifier
    from augment.models.labels import LabelMap

    classifier = open_classifier(job.needs_model(), job.run)
    classes = LabelMap(classifier.classes, job.label_names).ordered
    return classes, classifier.ask(examples.texts, examples.pairs)


@dataclass(frozen=True)
class HeldOutScore:
    """How well a model does on held-out texts: share of rows that it gets right, macro-F1 over labels (0 for numbers), mean error.

    A row of several labels is right if each of them is on its side of 0.5, a number within `model.tolerance`.
    """

    accuracy: float
    macro_f1: float
    mean_error: float | None = None


def score(job: Job, examples: Examples) -> HeldOutScore:
    """Return how well the saved model does on held-out texts."""
    return score_of(job, *answers(job, examples), examples.labels)


def score_of(
    job: Job, classes: tuple[str, ...], probabilities: "np.ndarray", labels: list[str]
) -> HeldOutScore:
    """Return how well probabilities, [N, C], fit texts with these labels."""
    import numpy as np
    from sklearn.metrics import accuracy_score, f1_score

    kind = kind_of(job)
    if kind == "regression":
        off = np.abs(probabilities[:, 0] - np.asarray(targets(job, labels, classes)))
        within = (off <= job.needs_model().tolerance).mean()
        return HeldOutScore(round(float(within), 4), 0.0, round(float(off.mean()), 4))
    if kind == "multi":
        given, seen = np.asarray(targets(job, labels, classes)), (probabilities >= EVEN).astype(int)
        right = (given == seen).all(1).mean()
    else:
        given, seen = np.asarray(labels), np.asarray(classes)[probabilities.argmax(-1)]
        right = accuracy_score(given, seen)
    macro = f1_score(given, seen, average="macro", zero_division=0)
    return HeldOutScore(round(float(right), 4), round(float(macro), 4))


def tfidf_accuracy(fitting: Examples, held_out: Examples) -> float:
    """Return the accuracy of TF-IDF over words and word pairs with logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    def words(text: str) -> list[str]:
        return [token.lower() for token in tokens_of(text)]

    model = make_pipeline(
        TfidfVectorizer(
            analyzer="word",
            tokenizer=words,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, 2),
            min_df=2,
            sublinear_tf=True,
        ),
        LogisticRegression(C=10, max_iter=1000),
    )
    joined = [
        [
            text if pair is None else f"{text} {pair}"
            for text, pair in zip(part.texts, part.pairs, strict=True)
        ]
        for part in (fitting, held_out)
    ]
    model.fit(joined[0], fitting.labels)
    return round(float(model.score(joined[1], held_out.labels)), 4)
