"""A causal language model in a folder, run here: safetensors, no code of its own, no call to anybody.

The JSON around the rewrites is written by program, and the model writes what is between the quotes: a small one, which seldom writes
JSON by itself, gives an answer of the requested form every time.
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
from augment.rewriting.server import Message, NoAnswerError
from augment.seeding import key_of

_BEGIN, _NEXT = '{"rewrites": ["', '", "'
# What ends a rewrite, where the model does not end it itself.
_ENDS = ['"', "\n"]


class LocalModel:
    """A model that writes one answer at a time; the same conversation has the same answer."""

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

    def write(self, messages: Sequence[Message], count: int) -> Answer:
        """Return the answer to a conversation, with this many rewrites if there is room; NoAnswerError if it is longer than the model reads."""
        given = self._tokenizer.apply_chat_template(
            [dict(message) for message in messages], add_generation_prompt=True, return_dict=True
        )
        prompt = [int(token) for token in given["input_ids"]]
        room = min(self._config.answer_tokens, self._longest - len(prompt))
        if room < 1:
            raise NoAnswerError("the prompt is longer than the model reads")
        seed = key_of("rewrite", *(message["content"] for message in messages))
        rewrites: list[str] = []
        written = self._tokens(_BEGIN)
        # One at a time: the generator that torch draws from belongs to the process.
        with self._lock, torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed & 0x7FFFFFFFFFFFFFFF)
            while len(rewrites) < count and len(written) < room:
                text, ended = self._continued([*prompt, *written], room - len(written))
                if not ended:
                    break
                rewrites.append(text)
                written = self._tokens(_BEGIN + _NEXT.join(map(_inside, rewrites)) + _NEXT)
        answer = json.dumps({"rewrites": rewrites}, ensure_ascii=False) if rewrites else _BEGIN
        return Answer(answer, len(prompt), min(len(written), room), len(rewrites) == count)

    def close(self) -> None:
        """Keep the model: loading it again would take longer than to keep it."""

    def _tokens(self, text: str) -> list[int]:
        """Return the tokens of a text by itself."""
        return [int(token) for token in self._tokenizer(text, add_special_tokens=False)["input_ids"]]

    def _continued(self, tokens: Sequence[int], room: int) -> tuple[str, bool]:
        """Return what the model writes behind tokens, up to a quote, the end of the line or its own end, and whether one came."""
        config = self._config
        choice: dict[str, object] = {"do_sample": False}
        if config.temperature:
            choice = {"do_sample": True, "temperature": config.temperature, "top_p": config.top_p or 1.0}
        ids = torch.tensor([tokens], device=self._device)
        made = self._model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=room,
            stopping_criteria=StoppingCriteriaList([_Ended(self._tokenizer)]),
            **choice,
        )[0, len(tokens) :]
        text = self._tokenizer.decode(made, skip_special_tokens=True)
        first = min((at for end in _ENDS if (at := text.find(end)) >= 0), default=len(text))
        return text[:first].strip().rstrip("\\"), first < len(text) or len(made) < room


class _Ended:
    """Whether the last token has what ends a rewrite."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Keep the tokenizer."""
        self._tokenizer = tokenizer

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        """Return whether each text ends: [B] bool. input_ids: [B, T] int64; scores: [B, V] float32, not used."""
        last = self._tokenizer.decode(input_ids[0, -1:])
        ends = any(end in last for end in _ENDS)
        return torch.full((input_ids.shape[0],), ends, dtype=torch.bool, device=input_ids.device)


def language_model(config: LlmConfig) -> ModelFolder:
    """Return what the folder of the language model holds; ModelError if it is not there or must not be loaded."""
    try:
        return look(resolve(str(config.path), None, False))
    except ModelError as error:
        raise ModelError(f"llm.path: {config.path}", error.what, error.hint) from None


def _inside(text: str) -> str:
    """Return a text as it is between the quotes of JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
