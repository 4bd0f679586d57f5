"""A key in a config is refused by its name or its value, and is never shown; names that only read alike are not."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from augment.config.job import read_job
from augment.config.llm import LlmConfig
from augment.config.secrets import secret_in
from augment.errors import RequestError

SERVER = {"server": "http://127.0.0.1:8000/v1", "model": "m"}


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        ({"api_key": "abc"}, "api_key"),
        ({"apiKey": 12345}, "apiKey"),
        ({"headers": {"X-Api-Key": "abc"}}, "headers.X-Api-Key"),
        ({"headers": {"Authorization": "abc"}}, "headers.Authorization"),
        ({"auth": {"user": "u"}}, "auth"),
        ({"a": [{"password": "p"}]}, "a.password"),
        ({"note": "Bearer abcdef0123"}, "note"),
        ({"user": "sk-proj-abcdefgh12345678"}, "user"),
        ({"tools": [{"url": "https://u:p@host/"}]}, "tools.url"),
        ({"x": "hf_abcdefghijklmnopqrstuv"}, "x"),
        ({"密钥": "eyJhbGciOiJI.eyJzdWIiOiIx.abc"}, "密钥"),
    ],
)
def test_a_key_is_seen_by_its_name_or_its_value(extra: dict[str, object], path: str) -> None:
    assert secret_in(extra) == path
    with pytest.raises(ValidationError, match="key_variable"):
        LlmConfig.model_validate({**SERVER, "extra": extra})


@pytest.mark.parametrize(
    "extra",
    [
        {"seed": 5, "stop": ["</s>"], "prompt_cache_key": "run", "stop_token_ids": [1], "min_tokens": 3},
        {"chat_template_kwargs": {"enable_thinking": False, "eos_token": "<e>"}, "top_k": 20},
        {"keywords": "不用密钥", "tokenizer": "skill-based", "logit_bias": {"50256": -100}, "api_key": None},
        {"system": "Basic sentences of the bearer, about SK-II化妆水真的很好用 and risk-averse people"},
    ],
)
def test_other_fields_are_taken(extra: dict[str, object]) -> None:
    assert LlmConfig.model_validate({**SERVER, "extra": extra}).extra == extra


@pytest.mark.parametrize("name", ["messages", "max_tokens", "n", "stream", "max_completion_tokens"])
def test_a_field_with_a_key_of_its_own_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is no further field"):
        LlmConfig.model_validate({**SERVER, "extra": {name: 100_000}})


@pytest.mark.parametrize(
    "lines",
    [
        "server: http://h/v1\n  model: m\n  extra: {api_key: hidden-value}",
        "server: http://h/v1\n  model: sk-hidden-value-123",
        "server: http://h/sk-hidden-value-123/v1\n  model: m",
        "server: https://user:hidden-value@h/v1\n  model: m",
    ],
)
def test_the_error_has_three_lines_and_shows_no_value(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"llm:\n  {lines}\n", encoding="utf-8")
    with pytest.raises(RequestError) as caught:
        read_job(path)
    assert "hidden-value" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3
    assert "key_variable" in caught.value.hint
