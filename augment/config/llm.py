"""The section `llm` of a config: which language model rewrites texts, where it is, and what it may cost.

Without `server` nothing is ever sent. The key of a server is read from the environment when a call is made, and is in no file.
"""

from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from augment.config.secrets import secret_in
from augment.config.sections import Section
from augment.errors import RequestError

# What a server alone has: a folder is read here, calls nobody and costs nothing.
_OF_SERVERS = ("model", "key_variable", "concurrency", "timeout", "tries", "json_mode", "extra")
_LOCAL = ("127.0.0.1", "::1", "localhost")
_OF_FOLDERS = ("draws",)
# What `extra` may not give, and what to use in its place: else a call could cost more than it is booked at, or have no answer of ours.
_OWN_FIELDS = {
    "model": "llm.model",
    "messages": "the prompts of the stage",
    "temperature": "llm.temperature",
    "top_p": "llm.top_p",
    "max_tokens": "llm.answer_tokens",
    "max_completion_tokens": "llm.answer_tokens",
    "response_format": "llm.json_mode",
    "n": "`samples` of the stage",
    "best_of": "`samples` of the stage",
    "stream": "nothing: whole answers are read",
}


class LlmConfig(Section):
    """A language model that rewrites texts: a server that the config names, or a folder. The stage `rewrite` calls it."""

    server: str | None = Field(
        default=None,
        description="address of a server with OpenAI's interface, as http://127.0.0.1:8000/v1; texts are sent there and nowhere else",
    )
    model: str | None = Field(default=None, description="name that the server has the model under")
    path: str | None = Field(
        default=None,
        description="folder of a causal language model with safetensors, in place of a server; nothing is sent",
    )
    key_variable: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="environment variable with the key of the server; without it no key is sent",
    )
    temperature: float = Field(
        default=0.8, ge=0, le=2, description="of the model's choices; 0: the likeliest"
    )
    top_p: float | None = Field(
        default=None, gt=0, le=1, description="share of the likeliest tokens chosen among"
    )
    wording: Literal["full", "short"] = Field(
        default="full",
        description="prompts: full, with all rules, or short, for small models; a model in a folder then answers in plain text",
    )
    draws: int = Field(
        default=1,
        ge=1,
        le=64,
        description="rewrites that a model in a folder writes for each that is requested, by chance; the first that fit are taken",
    )
    answer_tokens: int = Field(default=1024, ge=16, description="tokens of an answer, at most")
    concurrency: int = Field(default=8, ge=1, le=1024, description="calls at a time, of each worker")
    timeout: float = Field(default=120.0, gt=0, description="seconds until a call is given up")
    tries: int = Field(
        default=6,
        ge=1,
        description="calls for one answer while the server is busy or cannot be reached; between them it waits as long as the server wants. "
        "A run stops after as many that find no server",
    )
    json_mode: Literal["schema", "object", "none"] = Field(
        default="schema",
        description="how the server is to hold the model to JSON: a schema, any object, or not at all, for servers without that",
    )
    extra: dict[str, Any] = Field(
        default_factory=dict, description="further fields of a request, as the server takes them"
    )
    most_rows: int = Field(
        default=10_000,
        ge=1,
        description="rows that are rewritten, at most; more are refused before the first call",
    )
    most_tokens: int = Field(
        default=5_000_000, ge=1, description="tokens read and written in all calls of a run together, at most"
    )
    most_money: float | None = Field(
        default=None, ge=0, description="cost of all calls together, at most; needs the prices"
    )
    price_read: float = Field(default=0.0, ge=0, description="price of a million tokens that the model reads")
    price_written: float = Field(default=0.0, ge=0, description="price of a million tokens that it writes")
    error_rate: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="share of calls without an answer above which a run stops, from 20 calls on; below 1 also where none has an answer",
    )
    answers: Path | None = Field(
        default=None,
        description="file that keeps every answer, so that none is requested twice; default: answers.sqlite in the folder of the run",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, given: object) -> object:
        """Refuse what looks like a key: the section is kept in the manifest. Its value is not shown."""
        secret = secret_in(
            {name: given[name] for name in ("server", "model", "extra") if name in given}
            if isinstance(given, dict)
            else None
        )
        if secret is not None:
            raise ValueError(
                f"`{secret}` looks like a key or a password, and what is given here is kept in the manifest: remove it, "
                "and name the environment variable that has it in `key_variable`"
            )
        return given

    @field_validator("extra")
    @classmethod
    def _further_fields(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Refuse fields of a request that have keys of their own here."""
        for name in value.keys() & _OWN_FIELDS.keys():
            raise ValueError(f"`{name}` is no further field: use {_OWN_FIELDS[name]}")
        return value

    @field_validator("server")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        """Refuse what is no address of a server, and one with a password in it, which would be printed."""
        if value is None:
            return None
        if "@" in value or "?" in value or "#" in value:
            raise ValueError(
                "no key or password may be in the address: name an environment variable in `key_variable`"
            )
        if not _is_whole(value):
            raise ValueError(f"`{value}` is no address: write it as http://127.0.0.1:8000/v1")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        """Refuse a server and a folder together, what does nothing for a folder, and a price limit without prices."""
        if self.server is not None and self.path is not None:
            raise ValueError("give either `server` or `path`")
        idle = _OF_FOLDERS if self.path is None else _OF_SERVERS
        for key in idle:
            if getattr(self, key) != type(self).model_fields[key].get_default(call_default_factory=True):
                where = "a server" if self.path is None else "`path`, a model in a folder"
                raise ValueError(f"`{key}` does nothing with {where}: leave it out")
        if self.draws > 1 and not self.temperature:
            raise ValueError("`draws` does nothing with `temperature: 0`, where all of them are the same")
        if self.most_money is not None and not self.price_read and not self.price_written:
            raise ValueError("`most_money` needs `price_read` and `price_written`")
        return self

    @property
    def is_local(self) -> bool:
        """Whether texts stay on this machine."""
        return self.server is None or urlsplit(self.server).hostname in _LOCAL

    @property
    def destination(self) -> str:
        """Where texts go, for a notice."""
        if self.server is None:
            return f"the model in {self.path}, on this machine: nothing is sent"
        plain = self.server.startswith("http://") and not self.is_local
        return f"{self.server} (model {self.model}{', not encrypted' if plain else ''})"

    def deciding(self) -> dict[str, object]:
        """Return what decides the answers, for the fingerprint of a run: not where the server is, or what it may cost."""
        names = {"model", "temperature", "top_p", "answer_tokens", "json_mode", "extra", "wording", "draws"}
        return self.model_dump(mode="json", include=names)

    def money(self, read: int, written: int) -> float:
        """Return what it costs to have some tokens read and some written."""
        return (read * self.price_read + written * self.price_written) / 1e6

    def require_model(self) -> "LlmConfig":
        """Return the section; RequestError if it names no model, so that nothing can be requested."""
        if self.server is None and self.path is None:
            raise RequestError(
                "llm",
                "no model is named",
                "give `server` and `model`, or `path`, the folder of a language model",
            )
        if self.server is not None and not self.model:
            raise RequestError(
                "llm.model", "the server has models by name", "give the name, as `model: Qwen/Qwen3-8B`"
            )
        return self


def _is_whole(address: str) -> bool:
    """Return whether an address has a scheme of ours, a host and, if any, a port that there is."""
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and address.isprintable() and " " not in address
