"""What a model folder may hold: never a pickle, never code of its own; anything else wrong is reported in three parts."""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from augment.config.sections import ModelConfig, RunConfig
from augment.errors import ModelError
from augment.models.model_folder import look, model_folder, resolve

RUN = RunConfig(device="cpu", threads=1)
CONFIG = {"model_type": "bert", "id2label": {"0": "差评", "1": "good"}}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no connection be made."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError("a test reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that looks like a model."""
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    (path / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    (path / "tokenizer.json").write_text("{}", encoding="utf-8")
    (path / "model.safetensors").write_bytes(bytes(range(256)))
    return path


def refused(path: Path | str, run: RunConfig = RUN) -> ModelError:
    """Return the error that the folder is refused with: three parts, exit code 6."""
    with pytest.raises(ModelError) as caught:
        model_folder(ModelConfig(path=str(path)), run)
    error = caught.value
    assert error.exit_code == 6
    assert all(part and "\n" not in part for part in (error.where, error.what, error.hint))
    return error


def test_a_model_folder_gives_its_kind_and_its_classes_in_order(folder: Path) -> None:
    result = model_folder(ModelConfig(path=str(folder)), RUN)
    assert (result.path, result.kind, result.names, result.classes) == (
        folder,
        "bert",
        ("差评", "good"),
        ("差评", "good"),
    )


def test_classes_are_ordered_by_number_not_by_spelling(folder: Path) -> None:
    names = {str(number): f"class {number}" for number in (10, 2, 0, 1, 11, 3, 4, 5, 6, 7, 8, 9)}
    (folder / "config.json").write_text(json.dumps(CONFIG | {"id2label": names}), encoding="utf-8")
    assert look(folder).classes == tuple(f"class {number}" for number in range(12))


def test_classes_without_numbers_are_refused(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(CONFIG | {"id2label": {"a": "good"}}), encoding="utf-8")
    assert "id2label" in refused(folder).what


def test_a_model_that_names_no_classes_has_two(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    assert (look(folder).names, look(folder).classes) == ((), ("LABEL_0", "LABEL_1"))


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "weights.ckpt", "tf_model.h5", "model.pkl"]
)
def test_weights_in_pickle_form_only_are_refused(folder: Path, name: str) -> None:
    (folder / "model.safetensors").rename(folder / name)
    error = refused(folder)
    assert error.where.endswith(name)
    assert "could run code" in error.what
    assert "safetensors" in error.hint


def test_a_pickle_next_to_safetensors_is_not_touched(folder: Path) -> None:
    before = look(folder).digest()
    (folder / "pytorch_model.bin").write_bytes(b"never read")
    assert look(folder).digest() == before


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_model_that_brings_code_is_refused(folder: Path, name: str) -> None:
    settings = json.loads((folder / name).read_text(encoding="utf-8"))
    settings["auto_map"] = {"AutoModel": "modeling_own.OwnModel"}
    (folder / name).write_text(json.dumps(settings), encoding="utf-8")
    error = refused(folder)
    assert error.where.endswith(name)
    assert "auto_map" in error.what


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "no model.safetensors" in refused(folder).what


def test_a_folder_without_a_config_is_refused(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert "no config.json" in refused(folder).what


@pytest.mark.parametrize("content", ["", "{", "{'model_type': 'bert'}", "[]", '"bert"', "\x00"])
@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_broken_json_is_refused_by_file(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    error = refused(folder)
    assert error.where.endswith(name)
    assert "JSON" in error.what


def test_json_in_another_encoding_is_refused(folder: Path) -> None:
    (folder / "config.json").write_bytes('{"model_type": "模型"}'.encode("gb18030"))
    assert "not valid JSON" in refused(folder).what


@pytest.mark.parametrize(
    "path", ["/nowhere/model", "./nowhere", "../nowhere", "~/nowhere", "models/zh/nowhere"]
)
def test_a_missing_folder_is_refused_without_a_look_at_the_hub(path: str) -> None:
    error = refused(path)
    assert (error.where, error.what) == (path, "no such folder")
    assert "augment train" in error.hint


@pytest.mark.parametrize(
    "path", ["nobody/no-such-model", "no-such-model", "not an id", "中文/模型", "a--b/c"]
)
def test_a_hub_id_that_is_not_in_the_cache_is_refused_without_download(path: str) -> None:
    error = refused(path)
    assert error.where == path
    assert "local cache" in error.what
    assert "run.allow_download=true" in error.hint


def test_a_file_is_no_model_folder(folder: Path) -> None:
    refused(folder / "config.json")


def test_a_folder_that_is_there_is_taken_before_any_hub_id(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert resolve("model", None, allow_download=True) == Path("model")


def weights(folder: Path) -> None:
    """Change one byte of the weights."""
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[100] ^= 1
    (folder / "model.safetensors").write_bytes(content)


def tokenizer(folder: Path) -> None:
    """Change the tokenizer."""
    (folder / "tokenizer.json").write_text("{ }", encoding="utf-8")


def words(folder: Path) -> None:
    """Add a word list."""
    (folder / "vocab.txt").write_text("好\n", encoding="utf-8")


@pytest.mark.parametrize("change", [weights, tokenizer, words])
def test_the_digest_changes_with_whatever_changes_the_answer(
    folder: Path, change: Callable[[Path], None]
) -> None:
    before = look(folder).digest()
    change(folder)
    assert look(folder).digest() != before


def test_the_digest_is_that_of_the_content_wherever_it_is(folder: Path, tmp_path: Path) -> None:
    before = look(folder).digest()
    (folder / "README.md").write_text("about", encoding="utf-8")
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert look(tmp_path / "elsewhere").digest() == look(folder).digest() == before
    assert len(before) == 64
