"""The files of a model folder that a loader would open: plain files, and weights in safetensors only.

A name that a folder gives is never trusted. An index may name a pickle or a file elsewhere, a config may name its own
weights file, an adapter another model, an attention kernel code of a hub: each is a way past the check of the suffix.

    require_plain(path)                # no pipe, no device, no link to nothing
    require_safetensors(path, config)  # every file of weights is a `.safetensors` of this folder
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from augment.errors import ModelError

READ = ("*.safetensors", "*.json", "*.txt", "*.model")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
# A shard is a file of the folder itself.
_SHARD = re.compile(r"[^/\\:\0]+\.safetensors")
# The largest tokenizers have 35 MiB; JSON takes ten times its size in memory.
LARGEST = 256 << 20
_AGAIN = "fetch or save the model again"


def read_object(path: Path) -> dict[str, object]:
    """Return a JSON object; ModelError if the file holds none or is no plain file."""
    require_file(path)
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(str(path), f"not valid JSON: {error}", _AGAIN) from None
    if not isinstance(value, dict):
        raise ModelError(str(path), "not a JSON object", _AGAIN)
    return value


def require_plain(path: Path) -> None:
    """Raise ModelError if something in the folder is a pipe or a device, or what would be read there is no file.

    A link to a plain file is one, as in the cache of a hub.
    """
    for entry in sorted(path.iterdir()):
        special = entry.exists() and not entry.is_dir()
        if special or any(entry.match(pattern) for pattern in READ):
            require_file(entry)


def require_file(file: Path) -> None:
    """Raise ModelError if a file is not plain, or is text of a size that no model has."""
    if not file.is_file():
        raise ModelError(
            str(file), "not a plain file: a pipe, a device, a folder or a link to nothing", _AGAIN
        )
    if any(file.match(pattern) for pattern in READ[1:]) and file.stat().st_size > LARGEST:
        raise ModelError(str(file), f"larger than {LARGEST >> 20} MiB: no tokenizer or config is", _AGAIN)


def require_safetensors(path: Path, config: Mapping[str, object]) -> None:
    """Raise ModelError if any weights would come from a pickle, from elsewhere, or with code; `config` is config.json."""
    _refuse_detours(path, config)
    for index in sorted(path.glob("*.safetensors.index.json")):
        _require_shards(index)
    if not (path / _WEIGHTS).exists() and not (path / _INDEX).exists():
        _refuse_weights(path)


def _refuse_detours(path: Path, config: Mapping[str, object]) -> None:
    """Raise ModelError for what makes a loader open other weights than those of the folder, or code of a hub."""
    if (path / "adapter_config.json").exists():
        raise ModelError(
            str(path / "adapter_config.json"),
            "this is an adapter: it names another model to load",
            "merge it into its model (`merge_and_unload` of peft), and save that as safetensors",
        )
    if config.get("transformers_weights") is not None:
        raise ModelError(
            str(path / "config.json"),
            "`transformers_weights` names a file of weights of its own",
            f"name the file {_WEIGHTS} and remove the key",
        )
    kernels = [
        name for name in ("attn_implementation", "_attn_implementation") if "/" in str(config.get(name))
    ]
    if kernels or config.get("use_kernels"):
        raise ModelError(
            str(path / "config.json"),
            f"`{(*kernels, 'use_kernels')[0]}` runs code from a hub",
            "remove the key; remote code is never run here",
        )
    if config.get("quantization_config") is not None:
        raise ModelError(
            str(path / "config.json"),
            "the weights are quantised, which gives no gradients to integrate",
            "name the model in full precision",
        )


def _require_shards(index: Path) -> None:
    """Raise ModelError unless every shard that an index names is a safetensors file of its folder."""
    shards = read_object(index).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise ModelError(str(index), "it names no weights (`weight_map`)", _AGAIN)
    for shard in sorted({str(name) for name in shards.values()}):
        if not _SHARD.fullmatch(shard):
            raise ModelError(
                str(index),
                f"it names {shard!r} as weights, which is no safetensors file of this folder",
                "pickles and files elsewhere are never read: save the model as safetensors",
            )
        if not (index.parent / shard).exists():
            raise ModelError(str(index), f"it names {shard!r}, which is not there", _AGAIN)


def _refuse_weights(path: Path) -> None:
    """Raise ModelError for a folder without safetensors weights under the name that is loaded."""
    pickles = [file.name for pattern in _PICKLES for file in sorted(path.glob(pattern))]
    if pickles:
        raise ModelError(
            str(path / pickles[0]),
            "the weights are pickled: loading them could run code",
            f"convert them to {_WEIGHTS} and name that folder",
        )
    raise ModelError(
        str(path), f"the folder holds no {_WEIGHTS}", "train the model first, or name another folder"
    )
