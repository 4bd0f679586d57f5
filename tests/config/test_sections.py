"""A key of a config that does nothing is an error which names it and its line."""

from pathlib import Path

import pytest

from augment.config.job import read_job
from augment.errors import RequestError


@pytest.mark.parametrize(
    ("config", "line", "key"),
    [
        ("corpus:\n  files: a.jsonl\n  format: jsonl\n  delimiter: ';'\n", 4, "delimiter"),
        ("corpus:\n  files: a.parquet\n  format: parquet\n  quoted: false\n", 4, "quoted"),
        ("corpus:\n  files: 数据\n  format: datasets\n  columns: [text, label]\n", 4, "columns"),
        ("train:\n  layers: 2\n", 2, "layers"),
        ("train:\n  start: bert-base\n  vocabulary: 500\n", 3, "vocabulary"),
        ("train:\n  vectors: e5\n  vocabulary: 500\n", 3, "vocabulary"),
        ("run:\n  workers: 4\n", 2, "workers"),
        ("run:\n  executor: rank\n  workers: 4\n", 3, "workers"),
        ("output:\n  soft_share: 0.2\n", 2, "soft_share"),
        ("judge:\n  path: a\n  calibration: b.json\n", 1, "judge"),
    ],
)
def test_a_key_of_a_config_that_does_nothing_is_refused_with_its_line(
    tmp_path: Path, config: str, line: int, key: str
) -> None:
    path = tmp_path / "配置.yaml"
    path.write_text(config, encoding="utf-8")
    with pytest.raises(RequestError, match="it does nothing") as caught:
        read_job([path])
    assert caught.value.where == f"{path}:{line}"
    assert f"`{key}` cannot be" in caught.value.what
