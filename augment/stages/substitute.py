"""Make samples by replacing tokens by other words."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import ClassVar, Literal, Self

import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator, model_validator

from augment.candidates.entities import Entities
from augment.candidates.filters import Filters
from augment.candidates.fluency import open_fluency
from augment.candidates.forms import FORMS
from augment.candidates.model_scores import open_models
from augment.candidates.natural import NaturalWords
from augment.candidates.phrases import PhraseFinder, phrase_finder
from augment.candidates.slot import Slot
from augment.candidates.sources import SourceName, load_job_lexicons, open_sources, without_embeddings
from augment.config.job import Job
from augment.config.sections import StrictBool
from augment.seeding import Chance
from augment.stages.editing import Context, On, Row, editable_rows, slots_of
from augment.stages.editor import Draw, Drawer, Editor, Lookup
from augment.stages.evidence import open_plausibility
from augment.stages.natural_draws import NaturalDraws
from augment.stages.protocol import Stage, idle, idle_keys
from augment.text.editable import Protection, is_content

# Near synonyms that may replace a key word.
_NEAREST = 3
# What is not used where samples are to read well: there a chance decides.
_NOT_NATURAL = ("tier", "most", "context", "fluency")
Offers = dict[tuple[str, int], tuple[str, ...]]
# The tokens of a phrase, by its row and its first free token.
Spread = dict[tuple[str, int], tuple[int, ...]]


class Substitute(Editor):
    """Samples in which some of the key tokens, or some of the others, are replaced by words of like meaning."""

    kind: Literal["substitute"] = "substitute"
    gpu: ClassVar[bool] = True
    on: On = "other"
    samples: int = Field(default=4, ge=1)
    share: float = Field(default=0.15, gt=0, le=1, description="of the row's content words, at least one")
    sources: tuple[SourceName, ...] = Field(
        default=("lexicon", "masked_lm"), min_length=1, description="the first that offers any"
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
    pos: StrictBool = Field(default=True, description="offer only words of the token's part of speech")
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
    natural: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="edit only while the chance that all edits of a sample read as if a person had written them is at least this, "
        "and no clause twice; learned by a stage `evidence` before this one. `antonyms`, `pos`, `frequency`, `similarity` and `share` still hold",
    )
    entities: Literal["keep", "edit"] = Field(
        default="keep",
        description="keep: names of people, places and organisations, and Latin words in Chinese, stay",
    )
    score: str = "ig"
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    @field_validator("antonyms", "pos", "frequency", "similarity", "context")
    @classmethod
    def _tests_of_words(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a test of words where only forms are offered, which are not meant to be any."""
        why = f"where all `sources` are forms of the token ({', '.join(FORMS)})"
        forms = set(info.data.get("sources", ())) <= set(FORMS)
        fitting = "leave it out, or add `lexicon`, `masked_lm` or `neighbours` to `sources`"
        idle(value, cls.model_fields[str(info.field_name)].default, why if forms else None, fitting)
        return value

    @model_validator(mode="after")
    def _tier_of_others(self) -> Self:
        """Refuse a tier for words that are edited anyway."""
        if self.tier == "near" and self.on != "other":
            raise ValueError("`tier: near` is for `on: other`: it lets key words take part")
        return self

    @model_validator(mode="after")
    def _natural_words(self) -> Self:
        """Refuse sources and tests of words that are not used where samples are to read well."""
        if self.natural is None:
            return self
        if "lexicon" not in self.sources:
            raise ValueError(
                "`natural` needs `lexicon` in `sources`: of other words it is not known what they mean"
            )
        idle_keys(self, _NOT_NATURAL, "with `natural`")
        return self

    @property
    def reads_tables(self) -> tuple[str, ...]:
        """What was learned of how people write, where samples are to read as if a person had written them."""
        return () if self.natural is None else ("evidence",)

    @property
    def shortfall_reason(self) -> str:
        """Why a row has no samples where every draw is empty."""
        return "no substitute found"

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, their scores and which are key."""
        return ("tokens", "owner", "key", self.score)

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """Where its words come from."""
        return self.sources

    @property
    def method(self) -> str:
        """The name of its samples."""
        return self.name or f"{self.kind}_{self.on}"

    def without_gradients(self, job: Job) -> tuple[Stage, str | None]:
        """Return the stage without words near in the embeddings of the model, which has none."""
        sources, notice = without_embeddings(self.sources, job)
        return (self.model_copy(update={"sources": sources}), notice) if sources else (self, None)

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with the tokens that may be replaced."""
        return editable_rows(batch, self.on if self.tier == "none" else "any", guard, self.score)

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Load the lexicons and models that offer candidates; return what asks them once for some rows."""
        filters = Filters(self.antonyms == "veto", self.pos, self.frequency, self.similarity, self.context)
        sources = open_sources(self.sources, job, self.most, filters)
        entities = Entities(load_job_lexicons(job)) if self.entities == "keep" else None
        if self.natural is not None:
            lexicons, models = load_job_lexicons(job), open_models(job)
            words = NaturalWords(open_plausibility(state), sources, lexicons, models, self.natural)
            return NaturalDraws(words, self.natural, self.share, self.count, entities, job.seed).lookup
        fluency = open_fluency(job, self.fluency)
        near = _near(job) if self.tier == "near" else None
        phrases = phrase_finder(load_job_lexicons(job)) if "lexicon" in self.sources else None
        # No other source knows phrases, and a masked model would put one word for them.
        own = open_sources(("lexicon",), job, self.most, filters) if phrases is not None else None

        def looked_up(rows: list[Row]) -> Drawer:
            slots = [slot for row in rows for slot in slots_of(row)]
            if entities is not None:
                slots = [slot for slot in slots if not entities.names(slot)]
            offered = list(zip(slots, sources.offer(slots), strict=True))
            if fluency is not None:
                homes = {row.id: row for row in rows}
                offered = [
                    (slot, fluency.passing(*homes[slot.row].on_side(slot.token), words))
                    for slot, words in offered
                ]
            if near is not None:
                keys = {(row.id, token) for row in rows for token in row.key}
                offered = [
                    (slot, near(slot.word, words)[:_NEAREST] if (slot.row, slot.token) in keys else words)
                    for slot, words in offered
                ]
            offers = {(slot.row, slot.token): words for slot, words in offered if words}
            spread: Spread = {}
            if phrases is not None and own is not None:
                there = [phrase for row in rows for phrase in phrases_of(row, phrases)]
                words_of = own.offer([slot for slot, _ in there])
                for (slot, tokens), words in zip(there, words_of, strict=True):
                    if words:
                        for token in tokens:
                            offers.pop((slot.row, token), None)
                        offers[slot.row, slot.token] = words
                        spread[slot.row, slot.token] = tokens
            return partial(self.drawn, offers, spread)

        return looked_up

    def drawn(self, offers: Offers, spread: Spread, row: Row, rng: Chance, number: int) -> Draw | None:
        """Return tokens with their substitutes: the most important for the first sample on key, else some by chance.

        Of a phrase, the first token gives way to the substitute, and the others to nothing.
        """
        able = [token for token in row.free if (row.id, token) in offers]
        if not able:
            return None
        count = row.quota(self.share)
        chosen = able[:count] if self.on == "key" and number == 0 else rng.sample(able, count)
        words = {token: offers[row.id, token] for token in chosen}
        choice = {token: offered[rng.below(len(offered))] for token, offered in words.items()}
        for token in chosen:
            first, *others = spread.get((row.id, token), (token,))
            choice |= {first: choice.pop(token)} | dict.fromkeys(others, "")
        return Draw(row.edits(choice))


def _near(job: Job) -> Callable[[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the function that keeps of some words those near to a word in the model's embeddings."""
    from augment.candidates.neighbours import open_neighbours

    return cache(open_neighbours(job, _NEAREST).close)


def phrases_of(row: Row, find: PhraseFinder) -> list[tuple[Slot, tuple[int, ...]]]:
    """Return the places of a row's phrases that may be edited, each by its first free token, with all its tokens.

    Stop words may go with a phrase; negations, what is protected and words of the other kind (key or other) may not.
    """
    free, disjoint = set(row.free), []
    for side, text in ((0, row.text), (1, row.text_pair or "")):
        here = [token for token in range(len(row.tokens)) if row.side[token] == side]
        for phrase in find([row.tokens[token] for token in here]) if row.free else ():
            tokens = tuple(here[token] for token in phrase)
            able = [token for token in tokens if token in free]
            stay = [token for token in tokens if token in row.locked or is_content(row.tokens[token])]
            start, end = row.spans[tokens[0]][0], row.spans[tokens[-1]][1]
            # A phrase does not go on in the next line.
            if able and set(stay) <= free and not {*"\r\n"} & {*text[start:end]}:
                at = (row.text, row.text_pair, side, start, end, row.neighbour(tokens[0], -1))
                disjoint.append((Slot(row.id, able[0], *at), tokens))
    return disjoint
