"""What errors of Python, the system and the libraries amount to."""

import errno

import pytest

from augment.errors import DataError, DiskFullError, RequestError, as_ours

FULL: tuple[Exception, ...] = (
    OSError(errno.ENOSPC, "No space left on device", "runs/a"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError(errno.EFBIG, "File too large"),
    RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
)
WRONG = (errno.EACCES, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EPERM)


@pytest.mark.parametrize("error", FULL, ids=str)
def test_no_room_is_code_7(error: Exception) -> None:
    assert isinstance(as_ours(error, "augment run"), DiskFullError)


@pytest.mark.parametrize("number", WRONG)
def test_a_path_that_the_system_refuses_is_code_2_and_named(number: int) -> None:
    result = as_ours(OSError(number, "refused", "runs/评论"), "augment run")
    assert isinstance(result, RequestError)
    assert result.where == "runs/评论"


def test_what_an_error_was_raised_from_counts() -> None:
    error = ValueError("cannot write")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "runs/a")
    result = as_ours(error, "augment run")
    assert isinstance(result, DiskFullError)
    assert result.where == "runs/a"


def test_our_own_errors_stay_and_faults_of_augment_are_none() -> None:
    ours = DataError("a", "b", "c")
    assert as_ours(ours, "augment run") is ours
    assert as_ours(KeyError("x"), "augment run") is None
