"""A data file of a package is found where it is installed, and only there; so is its version."""

from augment.text.packaged import installed_version, packaged_file


def test_a_file_of_an_installed_package_is_found() -> None:
    path = packaged_file("jieba", "dict.txt")
    assert path is not None
    assert path.is_file()


def test_a_package_or_file_that_is_not_there_is_none() -> None:
    assert packaged_file("jieba", "no-such-file.txt") is None
    assert packaged_file("no_such_package_of_ours", "dict.txt") is None


def test_the_version_of_what_is_not_installed_is_none() -> None:
    assert installed_version("no-such-package-of-ours") is None
    assert (installed_version("jieba") or "").startswith("0.")
