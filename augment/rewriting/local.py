"""A causal language model in a folder, run here: safetensors, no code of its own, no call to anybody.

Rewrites are drawn apart from each other, several at a time. With the full prompts the model writes what is between the quotes of JSON;
with the short ones it writes a line of plain text, which is what a small one is able to. The JSON around them is written by program.
"""

import json
from collections.abc import Sequence
from threading import Lock

import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerBase, StoppingCriteriaList

from augment.config.llm import LlmConfig
from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.models.classifier import load, positions
from augment.models.device import device_of
from augment.models.model_folder import ModelFolder, look, resolve
from augment.rewriting.answers import Answer
from augment.rewriting.checking import rewrites_in
from augment.rewriting.server import Message, NoAnswerError
from augment.seeding import key_of

_BEGIN = '{"rewrites": ["'
# Rewrites that are written at a time, by memory.
_AT_ONCE = 16


class LocalModel:
    """A model that writes one answer at a time; the same conversation has the same answer. Without chance an answer has one rewrite."""

    def __init__(self, config: LlmConfig, run: RunConfig) -> None:
        """Load the model; ModelError if it cannot write or knows no conversations."""
        folder = language_model(config)
        model, self._tokenizer = load(folder, AutoModelForCausalLM)
        if self._tokenizer.chat_template is None:
            raise ModelError(
                str(config.path),
                "its tokenizer has no chat template, so it was not trained to follow instructions",
                "name an instruct model in llm.path",
            )
        self._device = device_of(run.device)
        self._model = model.to(self._device).eval().requires_grad_(False)
        self._config, self._longest, self._lock = config, positions(model), Lock()
        self._special = frozenset(self._tokenizer.all_special_ids)

    def write(self, messages: Sequence[Message], count: int) -> Answer:
        """Return the answer to a conversation, with the draws for this many rewrites that ended in their room.

        NoAnswerError if the conversation is longer than the model reads.
        """
        draws = count * self._config.draws if self._config.temperature else 1
        given = self._tokenizer.apply_chat_template(
            [self._shown(message) for message in messages], add_generation_prompt=True, return_dict=True
        )
        prompt = [int(token) for token in given["input_ids"]]
        begun = [] if self._plain else self._tokens(_BEGIN)
        room = min(self._config.answer_tokens // draws, self._longest - len(prompt) - len(begun))
        if room < 1:
            raise NoAnswerError(
                "the prompt is longer than the model reads, or llm.answer_tokens is too small"
            )
        seed = key_of("rewrite", *(message["content"] for message in messages))
        made: list[list[int]] = []
        # One answer at a time: the generator that torch draws from belongs to the process.
        with self._lock, torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed & 0x7FFFFFFFFFFFFFFF)
            while len(made) < draws:
                made += self._drawn([*prompt, *begun], room, min(_AT_ONCE, draws - len(made)))
        lines = [self._line(tokens) for tokens in made]
        rewrites = [line for line in lines if line is not None]
        answer = json.dumps({"rewrites": rewrites}, ensure_ascii=False) if rewrites else _BEGIN
        return Answer(answer, len(prompt), sum(self._size(tokens) for tokens in made), bool(rewrites))

    @property
    def _plain(self) -> bool:
        """Whether the model answers in plain text."""
        return self._config.wording == "short"

    def _shown(self, message: Message) -> dict[str, str]:
        """Return a message as the model is given it: an answer of its own in the form that it wrote."""
        earlier = rewrites_in(message["content"]) if self._plain and message["role"] == "assistant" else None
        return {**message, "content": earlier[0]} if earlier else dict(message)

    def close(self) -> None:
        """Keep the model: loading it again would take longer than to keep it."""

    def _tokens(self, text: str) -> list[int]:
        """Return the tokens of a text by itself."""
        return [int(token) for token in self._tokenizer(text, add_special_tokens=False)["input_ids"]]

    def _drawn(self, tokens: Sequence[int], room: int, count: int) -> list[list[int]]:
        """Return what the model writes behind tokens, this many times, each up to the end of its line, its own end, or its room."""
        config = self._config
        choice: dict[str, object] = {"do_sample": False}
        if config.temperature:
            choice = {"do_sample": True, "temperature": config.temperature, "top_p": config.top_p or 1.0}
        ids = torch.tensor([tokens], device=self._device)
        made = self._model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=room,
            num_return_sequences=count,
            stopping_criteria=StoppingCriteriaList([_Ended(self._tokenizer, len(tokens), self._plain)]),
            **choice,
        )
        return [row[len(tokens) :].tolist() for row in made]

    def _size(self, tokens: Sequence[int]) -> int:
        """Return how many tokens come before the end: the first that is no text, as the filling behind a shorter text is none."""
        return next((at for at, token in enumerate(tokens) if token in self._special), len(tokens))

    def _line(self, tokens: Sequence[int]) -> str | None:
        """Return the rewrite that tokens hold; None if they were cut off."""
        size = self._size(tokens)
        line, ended = first_line(self._tokenizer.decode(tokens[:size], skip_special_tokens=True), self._plain)
        return line if ended or size < len(tokens) else None


class _Ended:
    """Whether each text that is written has its line."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, start: int, plain: bool) -> None:
        """Keep the tokenizer, where texts start, and their form."""
        self._tokenizer, self._start, self._plain = tokenizer, start, plain

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        """Return whether each text ends: [B] bool. input_ids: [B, T] int64; scores: [B, V] float32, not used."""
        texts = self._tokenizer.batch_decode(input_ids[:, self._start :], skip_special_tokens=True)
        ends = [first_line(text, self._plain)[1] for text in texts]
        return torch.tensor(ends, dtype=torch.bool, device=input_ids.device)


def first_line(text: str, plain: bool) -> tuple[str, bool]:
    r"""Return the rewrite at the beginning of what a model writes, and whether it has ended.

    plain: it is the first line that announces nothing; else it is what comes before a quote or a line break.

    >>> first_line("Here is another version:\nA fine room.\nI hope", True), first_line('A fine room", "An', False)
    (('A fine room.', True), ('A fine room', True))
    """
    if not plain:
        first = min((at for end in ('"', "\n") if (at := text.find(end)) >= 0), default=len(text))
        return text[:first].strip().rstrip("\\"), first < len(text)
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.strip().endswith((":", "：")):
            return line.strip(), line.endswith("\n")
    return "", False


def language_model(config: LlmConfig) -> ModelFolder:
    """Return what the folder of the language model holds; ModelError if it is not there or must not be loaded."""
    try:
        return look(resolve(str(config.path), None, False))
    except ModelError as error:
        raise ModelError(f"llm.path: {config.path}", error.what, error.hint) from None
