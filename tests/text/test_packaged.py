"""A data file of a package is found where it is installed, and only there."""

from augment.text.packaged import packaged_file


def test_a_file_of_an_installed_package_is_found() -> None:
    path = packaged_file("jieba", "dict.txt")
    assert path is not None
    assert path.is_file()


def test_a_package_or_file_that_is_not_there_is_none() -> None:
    assert packaged_file("jieba", "no-such-file.txt") is None
    assert packaged_file("no_such_package_of_ours", "dict.txt") is None
