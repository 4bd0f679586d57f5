"""How well a model does on held-out rows, and how well TF-IDF with logistic regression does on the same."""

from typing import TYPE_CHECKING

from augment.config.job import Job
from augment.text.segment import tokens_of
from augment.training.examples import Examples

if TYPE_CHECKING:
    import numpy as np


def answers(job: Job, examples: Examples) -> "tuple[tuple[str, ...], np.ndarray]":
    """Return the classes of the saved model, as the corpus names them, and their probabilities for each text: [N, C]."""
    from augment.models.classifier import open_classifier
    from augment.models.labels import LabelMap

    classifier = open_classifier(job.needs_model(), job.run)
    classes = LabelMap(classifier.classes, job.label_names).ordered
    return classes, classifier.ask(examples.texts, examples.pairs)


def score(job: Job, examples: Examples) -> tuple[float, float]:
    """Return accuracy and macro-F1 of the saved model on held-out texts."""
    return score_of(*answers(job, examples), examples.labels)


def score_of(classes: tuple[str, ...], probabilities: "np.ndarray", labels: list[str]) -> tuple[float, float]:
    """Return accuracy and macro-F1 of probabilities, [N, C], for texts with these labels."""
    from sklearn.metrics import accuracy_score, f1_score

    predicted = [classes[int(row)] for row in probabilities.argmax(-1)]
    macro = f1_score(labels, predicted, average="macro", zero_division=0)
    return round(float(accuracy_score(labels, predicted)), 4), round(float(macro), 4)


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
