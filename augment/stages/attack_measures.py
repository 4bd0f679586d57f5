"""What a sample of an attack must pass, and what is measured of it: similarity by an encoder, perplexity by a language model.

measures = AttackMeasures.of(job)
measures.of_samples([(row, choice)])      # [(0.97, 41.2, 55.0)]
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from augment.adversarial.constraints import (
    Perplexities,
    Pick,
    Vectors,
    perplexities,
    similarities,
)
from augment.config.job import Job
from augment.tables.columns import ATTACK_READING, Column


@dataclass(frozen=True)
class AttackMeasures:
    """What the job names to measure texts with; None for what it does not name."""

    vectors: Vectors | None
    perplexity: Perplexities | None

    @staticmethod
    def of(job: Job) -> "AttackMeasures":
        """Return those of a job, loaded."""
        given = job.resources
        perplexity = None
        if given.causal_lm is not None:
            from augment.models.causal_lm import open_perplexity

            perplexity = open_perplexity(given.causal_lm, job.run)
        return AttackMeasures(None if given.encoder is None else text_vectors(job), perplexity)

    def of_samples(self, picks: Sequence[Pick]) -> list[tuple[float | None, float | None, float | None]]:
        """Return of each text its similarity with its source, and the perplexity of source and sample; None for what is not measured."""
        near: Sequence[float | None] = [None] * len(picks)
        if self.vectors is not None:
            near = similarities(self.vectors, picks)
        reads: list[tuple[float, float]] = [(float("nan"), float("nan"))] * len(picks)
        if self.perplexity is not None:
            reads = perplexities(self.perplexity, picks)
        return [
            (cosine, _number(before), _number(after))
            for cosine, (before, after) in zip(near, reads, strict=True)
        ]


def unmeasured(job: Job) -> tuple[Column, ...]:
    """Return the columns of what a job names nothing to measure with."""
    similarity, *perplexity = ATTACK_READING
    columns = () if job.resources.encoder is not None else (similarity,)
    return columns if job.resources.causal_lm is not None else (*columns, *perplexity)


def text_vectors(job: Job) -> Callable[[Sequence[str]], np.ndarray]:
    """Return what gives the vector of each text, the mean of the job's encoder over its pieces."""
    from augment.models.encoder import open_encoder

    encoder = open_encoder(str(job.resources.encoder), job.run)

    def vectors(texts: Sequence[str]) -> np.ndarray:
        """Return a vector for each text, [N, W] float32; zeros for one of which nothing is seen."""
        seen = encoder.seen({text: [(0, len(text))] for text in dict.fromkeys(texts)})
        width = len(next(iter(seen.values()), np.zeros(1, np.float32)))
        return np.stack([seen.get((text, (0, len(text))), np.zeros(width, np.float32)) for text in texts])

    return vectors


def _number(value: float) -> float | None:
    """Return a number, None for one that is not."""
    return None if isnan(value) else value
