"""The settings of `run` on this machine: device, dtype and how much fits into a forward pass.

`auto` is resolved here and nowhere else, so that two parts of a run cannot resolve it differently.

    device = device_of("auto")                  # "cuda" where there is one
    dtype_of(RunConfig(dtype="auto"))           # "bfloat16" on a device that computes in it, else "float32"
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

import torch

from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.models.bfloat16_products import Bfloat16Products, multiplies_bfloat16

Dtype = Literal["float32", "tf32", "bfloat16", "float16", "bfloat16_products", "bfloat16_gradients"]

# Pieces in a forward pass where nothing is known of memory: enough for the matrix products of a CPU.
USUAL_BUDGET = 4096
_LEAST, _MOST = 4096, 1 << 20
# Part of the free memory that batches may take; the rest is for what is kept of the paths, and for other processes.
_SHARE = 0.5
_REDUCED = {"bfloat16": torch.bfloat16, "float16": torch.float16}
# Only the products are short: those of both passes, or of the backward pass.
PRODUCTS_ONLY = ("bfloat16_products", "bfloat16_gradients")


def device_of(name: str) -> str:
    """Return a torch device name; ModelError if the device is not there."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(
            f"run.device: {name}",
            f"torch cannot use it: {first}",
            "use auto, cpu, or a device this machine has",
        ) from None
    return name


def remember_few_shapes() -> None:
    """Let oneDNN keep what it compiled for a few shapes only, unless the user has set for how many.

    It keeps 1,024 otherwise, and batches come in enough shapes that a worker grows by hundreds of mebibytes over a
    large corpus. It reads the setting when it computes for the first time.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")


def dtype_of(run: RunConfig) -> Dtype:
    """Return the arithmetic of a run: `auto` is bfloat16 on a CUDA device built for it, else float32.

    ModelError for one whose instructions this machine does not have, so that nothing becomes slower unnoticed.
    """
    if run.dtype in PRODUCTS_ONLY:
        _require_products(run.dtype, device_of(run.device))
    if run.dtype != "auto":
        return run.dtype
    device = device_of(run.device)
    built = device.startswith("cuda") and torch.cuda.get_device_capability(device) >= (8, 0)
    return "bfloat16" if built else "float32"


def _require_products(dtype: str, device: str) -> None:
    """Raise ModelError unless the device is a CPU that multiplies bfloat16."""
    if torch.device(device).type != "cpu":
        what = f"it is for CPUs, and the run's device is {device}"
        raise ModelError(f"run.dtype: {dtype}", what, "use `run.dtype: bfloat16`, or `run.device: cpu`")
    if not multiplies_bfloat16():
        what = (
            "this processor has no instructions for bfloat16 (AVX512-BF16, AMX-BF16, AArch64's BF16), or this torch is built "
            "without oneDNN, which uses them: it would be slower than float32"
        )
        raise ModelError(f"run.dtype: {dtype}", what, "use `run.dtype: float32`")


@contextmanager
def products(dtype: Dtype, device: str) -> Iterator[None]:
    """Multiply float32 matrices as a run asks within the block, backward passes included.

    tf32 is a way CUDA devices multiply float32 numbers, of which 10 bits are kept; elsewhere it is float32.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if dtype == "tf32" and device.startswith("cuda") else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def reduced(dtype: Dtype, device: str) -> AbstractContextManager[object]:
    """Return a context in which a forward pass computes in fewer digits, its weights and sums in float32.

    bfloat16, float16: all that autocast covers; bfloat16_products: products with weights, in this pass and its backward pass;
    bfloat16_gradients: in its backward pass alone. Of the last two a pass without gradients is in float32: answers, and both
    ends of a path, keep all digits, so that the gap of scores shows what the products lost. In the others nothing changes.
    """
    if dtype in PRODUCTS_ONLY:
        return Bfloat16Products(dtype == PRODUCTS_ONLY[0]) if torch.is_grad_enabled() else nullcontext()
    kind = _REDUCED.get(dtype)
    return nullcontext() if kind is None else torch.autocast(torch.device(device).type, kind)


def budget_of(wanted: int | Literal["auto"], device: str, trial: Callable[[int], None]) -> int:
    """Return how many pieces go into one forward pass.

    `auto` is what half of a CUDA device's free memory holds, by what `trial(pieces)` takes of it; 4,096 elsewhere, and
    where even the trial does not fit. What turns out too much is halved as the run goes.
    """
    if wanted != "auto":
        return wanted
    if not device.startswith("cuda"):
        return USUAL_BUDGET
    try:
        trial(_LEAST)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        trial(_LEAST)
    except torch.OutOfMemoryError:
        return USUAL_BUDGET
    taken = torch.cuda.max_memory_allocated(device) - before
    return fitting(torch.cuda.mem_get_info(device)[0], taken / _LEAST)


def fitting(free: int, each: float) -> int:
    """Return how many pieces of `each` bytes a batch may have where `free` bytes are: a power of two.

    The same device and model give the same number, although another process may hold a little of its memory.
    """
    pieces = max(int(_SHARE * free / max(each, 1.0)), 1)
    return min(max(1 << (pieces.bit_length() - 1), _LEAST), _MOST)
