"""Device, arithmetic and batch size of a run: what `auto` comes to."""

import os
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.models import device
from augment.models.bfloat16_products import Bfloat16Products
from augment.models.device import (
    PRODUCTS_ONLY,
    USUAL_BUDGET,
    Dtype,
    budget_of,
    device_of,
    dtype_of,
    fitting,
    products,
    reduced,
    remember_few_shapes,
)


def test_auto_is_the_best_device_there_is() -> None:
    assert device_of("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert device_of("cpu") == "cpu"


def test_auto_computes_in_float32_on_a_cpu() -> None:
    assert dtype_of(RunConfig(device="cpu", dtype="auto")) == "float32"
    assert dtype_of(RunConfig(device="cpu", dtype="tf32")) == "tf32"


@pytest.mark.parametrize("dtype", PRODUCTS_ONLY)
def test_products_in_bfloat16_are_refused_where_they_would_be_slower(
    monkeypatch: pytest.MonkeyPatch, dtype: Dtype
) -> None:
    run = RunConfig(device="cpu", dtype=dtype)
    monkeypatch.setattr(device, "multiplies_bfloat16", lambda: True)
    assert dtype_of(run) == dtype
    monkeypatch.setattr(device, "multiplies_bfloat16", lambda: False)
    with pytest.raises(ModelError, match="no instructions for bfloat16") as refused:
        dtype_of(run)
    assert f"run.dtype: {dtype}" in str(refused.value)
    assert "run.dtype: float32" in str(refused.value)


def test_products_in_bfloat16_are_refused_on_another_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(device, "device_of", lambda name: "cuda:1")
    with pytest.raises(ModelError, match=r"cuda:1.*\n?.*run\.dtype: bfloat16"):
        dtype_of(RunConfig(device="auto", dtype="bfloat16_products"))


def test_auto_never_chooses_products_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "multiplies_bfloat16", lambda: True)
    assert dtype_of(RunConfig(device="cpu", dtype="auto")) == "float32"


@pytest.mark.parametrize("dtype", PRODUCTS_ONLY)
def test_a_pass_without_gradients_is_in_float32_where_products_are_short(dtype: Dtype) -> None:
    with torch.no_grad():
        assert not isinstance(reduced(dtype, "cpu"), Bfloat16Products)
    with torch.enable_grad():
        context = reduced(dtype, "cpu")
    assert isinstance(context, Bfloat16Products)
    assert context.forward is (dtype == "bfloat16_products")


def test_a_budget_that_is_named_is_taken_and_a_cpu_is_not_tried() -> None:
    def trial(pieces: int) -> None:
        """Fail if it is called."""
        raise AssertionError(f"{pieces} pieces were tried")

    assert budget_of(300, "cpu", trial) == budget_of(300, "cuda", trial) == 300
    assert budget_of("auto", "cpu", trial) == USUAL_BUDGET


@given(st.integers(0, 1 << 40), st.floats(0, 1e9))
def test_a_budget_fits_half_of_the_memory_unless_that_is_very_little(free: int, each: float) -> None:
    pieces = fitting(free, each)
    assert pieces & (pieces - 1) == 0
    assert pieces == 4096 or pieces * each <= free / 2
    assert pieces == 1 << 20 or pieces * max(each, 1.0) * 4 > free


def test_a_little_less_memory_gives_the_same_budget() -> None:
    assert fitting(140 << 30, 200_000) == fitting(138 << 30, 200_000)


@pytest.mark.parametrize("dtype", get_args(Dtype))
def test_products_on_a_cpu_keep_all_digits_and_what_was_set_before_comes_back(dtype: Dtype) -> None:
    torch.set_float32_matmul_precision("medium")
    try:
        with products(dtype, "cpu"):
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_only_the_short_types_change_a_forward_pass() -> None:
    table = torch.ones(2, 2)
    with reduced("bfloat16", "cpu"):
        assert (table @ table).dtype == torch.bfloat16
    with reduced("float32", "cpu"), reduced("tf32", "cpu"):
        assert (table @ table).dtype == torch.float32


def test_a_user_may_set_how_many_shapes_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, "7")
    remember_few_shapes()
    assert os.environ[name] == "7"
    monkeypatch.delenv(name)
    remember_few_shapes()
    assert int(os.environ[name]) < 1024
