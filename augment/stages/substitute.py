"""Make children by putting other words in the place of tokens."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import ClassVar, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from augment.candidates.entities import Entities
from augment.candidates.filters import Filters
from augment.candidates.fluency import open_fluency
from augment.candidates.place import Place
from augment.candidates.sources import SourceName, load_job_lexicons, open_sources
from augment.chance import Chance
from augment.columns import CHILD, Column
from augment.job import Flag, Job
from augment.stage import Stage, Step
from augment.stages.children import Context, Drafts, On, Rewrite, Row, breed, editable_rows, protection
from augment.text.choose import Protection

# Near synonyms that may stand for a key word.
_NEAREST = 3
Offers = dict[tuple[str, int], tuple[str, ...]]


class Substitute(Stage):
    """Children in which some of the key tokens, or some of the others, are replaced by words of like meaning."""

    kind: Literal["substitute"]
    gpu: ClassVar[bool] = True
    on: On = "other"
    children: int = Field(default=4, ge=1)
    share: float = Field(default=0.15, gt=0, le=1, description="of the row's content words, at least one")
    sources: tuple[SourceName, ...] = Field(
        default=("lexicon", "masked_lm"), description="the first that offers any"
    )
    most: int = Field(default=8, ge=1, description="candidates a token, nearest first")
    tier: Literal["none", "near"] = Field(
        default="none",
        description="near: with `on: other`, key words may be replaced too, by near synonyms only: of what is offered the three "
        "with the highest cosine in the embeddings of the model, or of resources.encoder, at least 0.5",
    )
    antonyms: Literal["veto", "offer"] = Field(
        default="veto",
        description="veto: never an antonym, or a synonym of one, by WordNet and resources.antonyms",
    )
    pos: Flag = Field(default=True, description="offer only words of the token's part of speech")
    frequency: float = Field(
        default=0.0,
        ge=0,
        description="least occurrences of what is offered in a million words of jieba's dictionary, or of the texts WordNet "
        "was counted on",
    )
    similarity: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="least cosine with the token in the embeddings of the model, or of resources.encoder",
    )
    context: Context = 0.98
    fluency: float = Field(
        default=2.0,
        ge=0,
        description="most that a word may take from the log10 probability of the words around it, where resources.ngrams "
        "names a model",
    )
    entities: Literal["keep", "edit"] = Field(
        default="keep",
        description="keep: names of people, places and organisations, and Latin words in Chinese, stay",
    )
    score: str = "ig"
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    @model_validator(mode="after")
    def _tier_of_others(self) -> Self:
        """Refuse a tier for words that are edited anyway."""
        if self.tier == "near" and self.on != "other":
            raise ValueError("`tier: near` is for `on: other`: it lets key words take part")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, their scores and which are key."""
        return ("tokens", "owner", "key", self.score)

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a child."""
        return CHILD

    def open(self, job: Job, state: Path | None) -> Step:
        """Load lexicons and models that offer candidates."""
        guard, drafts = protection(job), self.drafts(job)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            rows = self.rows(batch, guard)
            return breed(
                batch, rows, self.method, self.children, job.seed, drafts(rows), "no substitute found"
            )

        return step

    @property
    def method(self) -> str:
        """The name of its children."""
        return self.name or f"{self.kind}_{self.on}"

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with the tokens that may be replaced."""
        return editable_rows(batch, self.on if self.tier == "none" else "any", guard, self.score)

    def drafts(self, job: Job) -> Drafts:
        """Load what offers candidates; return the function that asks it once for some rows, and gives their rewriting."""
        filters = Filters(self.antonyms == "veto", self.pos, self.frequency, self.similarity, self.context)
        sources = open_sources(self.sources, job, self.most, filters)
        fluency = open_fluency(job, self.fluency)
        near = _near(job) if self.tier == "near" else None
        entities = Entities(load_job_lexicons(job)) if self.entities == "keep" else None

        def draft(rows: list[Row]) -> Rewrite:
            places = [place for row in rows for place in places_of(row)]
            if entities is not None:
                places = [place for place in places if not entities.names(place)]
            offered = list(zip(places, sources.offer(places), strict=True))
            if fluency is not None:
                homes = {row.id: row for row in rows}
                offered = [
                    (place, fluency.passing(*homes[place.row].beside(place.token), words))
                    for place, words in offered
                ]
            if near is not None:
                keys = {(row.id, token) for row in rows for token in row.key}
                offered = [
                    (place, near(place.word, words)[:_NEAREST] if (place.row, place.token) in keys else words)
                    for place, words in offered
                ]
            return partial(
                self.rewrite, {(place.row, place.token): words for place, words in offered if words}
            )

        return draft

    def rewrite(self, offers: Offers, row: Row, chance: Chance, number: int) -> Mapping[int, str]:
        """Return tokens with their substitutes: the most important for the first child on key, else a sample."""
        able = [token for token in row.free if (row.id, token) in offers]
        count = row.quota(self.share)
        chosen = able[:count] if self.on == "key" and number == 0 else chance.sample(able, count)
        words = {token: offers[row.id, token] for token in chosen}
        return {token: offered[chance.below(len(offered))] for token, offered in words.items()}


def _near(job: Job) -> Callable[[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the function that keeps of some words those near to a word in the model's embeddings."""
    from augment.candidates.neighbours import open_neighbours

    return cache(open_neighbours(job, _NEAREST).close)


def places_of(row: Row) -> list[Place]:
    """Return the places of a row that may be edited, as candidate sources want them."""
    return [
        Place(row.id, token, row.text, row.text_pair, row.side[token], *row.spans[token], _before(row, token))
        for token in row.free
    ]


def _before(row: Row, token: int) -> str | None:
    """Return the token before this one on the same side."""
    return row.tokens[token - 1] if token and row.side[token - 1] == row.side[token] else None
