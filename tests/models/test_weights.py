"""Weights come from safetensors of the folder itself, and nothing in it is a pipe, a device or another model."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import ModelError
from augment.models.model_folder import look

INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that looks like a model."""
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    (path / "tokenizer.json").write_text("{}", encoding="utf-8")
    (path / "model.safetensors").write_bytes(bytes(range(256)))
    return path


def sharded(folder: Path, *shards: str) -> None:
    """Name these shards in an index, and remove the whole file."""
    (folder / "model.safetensors").unlink(missing_ok=True)
    names = {f"layer.{number}.weight": shard for number, shard in enumerate(shards)}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": names}), encoding="utf-8")


def refused(folder: Path) -> ModelError:
    """Return the error that the folder is refused with: three lines, exit code 6."""
    with pytest.raises(ModelError) as caught:
        look(folder)
    error = caught.value
    assert error.exit_code == 6
    assert all(part and "\n" not in part for part in (error.where, error.what, error.hint))
    return error


def settings(folder: Path, **values: object) -> None:
    """Write keys into config.json."""
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", **values}), encoding="utf-8")


def test_shards_of_the_folder_are_read_and_each_is_in_the_digest(folder: Path) -> None:
    sharded(folder, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    for number in (1, 2):
        (folder / f"model-0000{number}-of-00002.safetensors").write_bytes(b"one")
    before = look(folder).digest()
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"two")
    assert look(folder).digest() != before


@pytest.mark.parametrize(
    "shard",
    ["weights.bin", "../x.safetensors", "a/b.safetensors", "a\\b.safetensors", "/x.safetensors", ".safetensors",
     "C:x.safetensors", "x.safetensors\n", "x.safetensors.bin", "model.SAFETENSORS.pkl", ""],
)  # fmt: skip
def test_a_shard_that_is_no_safetensors_file_of_the_folder_is_refused(folder: Path, shard: str) -> None:
    """Also next to a decoy: one file with the right suffix proves nothing of what an index names."""
    (folder / "decoy.safetensors").write_bytes(b"decoy")
    (folder / "weights.bin").write_bytes(b"pickle")
    sharded(folder, "decoy.safetensors", shard)
    error = refused(folder)
    assert error.where.endswith(INDEX)
    assert repr(shard) in error.what


@given(name=st.text(max_size=12))
def test_a_shard_of_any_other_name_is_refused(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    sharded(folder, name)
    refused(folder)


@pytest.mark.parametrize(
    "content", ["{}", '{"weight_map": {}}', '{"weight_map": ["a"]}', "[]", "{", "[" * 9000]
)
def test_an_index_that_names_no_weights_is_refused(folder: Path, content: str) -> None:
    (folder / INDEX).write_text(content, encoding="utf-8")
    refused(folder)


def test_weights_under_another_name_are_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "decoy.safetensors")
    assert "no model.safetensors" in refused(folder).what


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("transformers_weights", "weights.bin"),
        ("attn_implementation", "somebody/kernel"),
        ("_attn_implementation", {"": "somebody/kernel"}),
        ("use_kernels", True),
        ("quantization_config", {"quant_method": "bitsandbytes"}),
        ("auto_map", {"AutoModel": "own.Model"}),
    ],
)
def test_a_config_that_leads_elsewhere_is_refused(folder: Path, key: str, value: object) -> None:
    settings(folder, **{key: value})
    assert refused(folder).where.endswith("config.json")


def test_an_adapter_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "x/y"}', encoding="utf-8")
    assert "adapter" in refused(folder).what


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "vocab.txt", "spiece.model", "merges"]
)
@pytest.mark.parametrize("kind", ["pipe", "device", "nothing", "folder"])
def test_what_is_no_plain_file_is_refused_without_a_wait(folder: Path, name: str, kind: str) -> None:
    if name == "merges" and kind in ("folder", "nothing"):
        return
    (folder / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(folder / name)
    elif kind == "device":
        (folder / name).symlink_to("/dev/zero")
    elif kind == "nothing":
        (folder / name).symlink_to(folder / "nowhere")
    else:
        (folder / name).mkdir()
    error = refused(folder)
    if name != "config.json" or kind != "nothing":
        assert error.where.endswith(name)
        assert "not a plain file" in error.what


def test_links_to_files_are_files_as_in_the_cache_of_a_hub(folder: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for file in folder.iterdir():
        (snapshot / file.name).symlink_to(file)
    assert look(snapshot).digest() == look(folder).digest()


def test_a_text_file_larger_than_any_tokenizer_is_refused(folder: Path) -> None:
    with (folder / "vocab.txt").open("wb") as stream:
        stream.truncate(1 << 34)
    assert "MiB" in refused(folder).what


def test_names_of_classes_that_are_a_list_are_refused(folder: Path) -> None:
    settings(folder, id2label=["a", "b"])
    assert "id2label" in refused(folder).what
