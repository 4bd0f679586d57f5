"""The bytes of a file of rows, unpacked while they are read if its name ends like a packed one: .gz, .bz2, .xz, .zst, .zip.

Nothing is written, so no name in an archive leads anywhere. A member of an archive has the path of a file in a folder.

    inner(Path("reviews.csv.xz"))                            # reviews.csv
    [path] = within(Path("reviews.zip"))                     # reviews.zip/reviews.csv
    with unpacked(path) as stream:
        stream.read(1000)
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

import pyarrow as pa

from augment.errors import DataError, RequestError, nearest

PACKED = (".gz", ".bz2", ".xz", ".zst")
# What a file may unpack to: text becomes a fifth or a tenth, a bomb a thousandth.
FREE, RATIO = 256 << 20, 100
_MARKS = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh91AY&SY": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"PK\x03\x04": "zip",
}
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException, RuntimeError)


class _Readable(Protocol):
    """What every unpacker gives."""

    def read(self, size: int, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A stream of what an unpacker gives, up to a limit; DataError beyond it, and for damage."""

    def __init__(self, path: Path, source: _Readable, limit: int) -> None:
        self._path, self._source, self._left = path, source, limit

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed has a wider buffer
        """Fill a buffer and return the number of bytes, 0 at the end."""
        try:
            block = self._source.read(len(buffer))
        except (OSError, *_DAMAGE) as error:
            raise _unreadable(self._path, error) from None
        self._left -= len(block)
        if self._left < 0:
            what = f"unpacks to more than {FREE >> 20} MiB and {RATIO} times its size"
            raise DataError(str(self._path), what, "unpack it yourself if it is what you expect")
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Give the bytes of a file or of a member of an archive; DataError if the packing is damaged."""
    file = on_disk(path)
    if not file.is_file():
        raise RequestError(str(file), "not a regular file", "name a file or a folder of files")
    try:
        stream = file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from None
    with stream:
        if path.suffix not in PACKED and file == path:
            _refuse_packed(path, stream)
            yield stream
            return
        limit = max(FREE, RATIO * file.stat().st_size)
        try:
            source = _unpacker(path, file, stream)
        except (OSError, *_DAMAGE) as error:
            raise _unreadable(path, error) from None
        with io.BufferedReader(_Bounded(path, source, limit), 1 << 17) as reader:
            yield cast(BinaryIO, reader)


def inner(path: Path) -> Path:
    """Return the path without the suffix of its packing."""
    return path.with_suffix("") if path.suffix.lower() in PACKED else path


def on_disk(path: Path) -> Path:
    """Return the file on the disk that a path is in: itself, or the archive of which it names a member."""
    archives = (above for above in path.parents if above.suffix.lower() == ".zip" and above.is_file())
    return path if path.exists() else next(archives, path)


def within(archive: Path) -> list[Path]:
    """Return the members of a zip archive as paths; what systems add, and folders, are none."""
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [one.filename for one in opened.infolist() if not one.is_dir()]
    except (OSError, *_DAMAGE) as error:
        raise _unreadable(archive, error) from None
    hidden = ("__MACOSX", ".")
    shown = [name for name in names if not any(part.startswith(hidden) for part in PurePosixPath(name).parts)]
    return [archive / name.lstrip("/") for name in shown or names]


def _unpacker(path: Path, file: Path, stream: BinaryIO) -> _Readable:
    """Return what unpacks a file or a member."""
    if file != path:
        return _member(path, file, stream)
    match path.suffix.lower():
        case ".gz":
            return gzip.GzipFile(fileobj=stream)
        case ".bz2":
            return bz2.BZ2File(stream)
        case ".xz":
            return lzma.LZMAFile(stream)
    return cast(_Readable, pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd"))


def _member(path: Path, file: Path, stream: BinaryIO) -> _Readable:
    """Return what unpacks a member of a zip archive; DataError if it is packed again."""
    if path.suffix.lower() in PACKED:
        raise DataError(str(path), "a packed file in an archive", "unpack the archive")
    archive = zipfile.ZipFile(stream)
    name = path.relative_to(file).as_posix()
    for member in archive.namelist():
        if member.lstrip("/") == name:
            return cast(_Readable, archive.open(member))
    raise RequestError(str(file), f"no file `{name}` in the archive", nearest(name, archive.namelist()))


def _refuse_packed(path: Path, stream: BinaryIO) -> None:
    """Raise DataError if a file is packed and its name has no such suffix."""
    start = stream.read(10)
    stream.seek(0)
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            raise DataError(
                str(path),
                f"packed with {name}, which its name does not show",
                "give it the ending of its packing",
            )


def _unreadable(path: Path, error: BaseException) -> DataError | RequestError:
    """Return the error to raise: a file that cannot be opened is another fault than one that is damaged."""
    if isinstance(error, OSError) and error.errno is not None:
        return RequestError(str(path), f"cannot be read: {error.strerror or error}", "check the permissions")
    if isinstance(error, RuntimeError) and "password" in str(error):
        return DataError(str(path), "an encrypted archive", "unpack it")
    kind = {".gz": "gzip", ".bz2": "bzip2", ".zst": "zstandard"}.get(path.suffix.lower(), path.suffix[1:])
    kind = kind if path.suffix.lower() in PACKED else "zip"
    return DataError(
        str(path), f"damaged {kind} file: {str(error) or 'it ends too early'}", "obtain it again"
    )
