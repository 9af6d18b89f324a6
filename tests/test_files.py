"""One step or nothing."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from dnaconv_core.files import is_litter, write_atomic


def test_a_file_is_replaced_whole_with_the_users_own_permissions(tmp_path):
    path = tmp_path / ("x" * 255)  # as long as a name may be
    before = os.umask(0o077)
    try:
        write_atomic(path, b"one")
        write_atomic(path, b"two")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"two" and path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_names_the_file_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError) as told:
        write_atomic(tmp_path / "no" / "file", b"")
    assert told.value.filename == str(tmp_path / "no" / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomic(tmp_path / "folder", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_atomic(pipe, b"through")
    reader.join(10)
    assert read == [b"through"] and pipe.is_fifo()


@pytest.mark.parametrize(
    "name", ["__MACOSX/model/._config.json", "model/.DS_Store", "Thumbs.db", "a/desktop.ini", "._x"]
)
def test_litter_of_a_mac_or_windows_is_known(name):
    assert is_litter(name) and not is_litter("model/config.json")


def test_what_cannot_be_written_has_advice_that_can_be_followed():
    from dnaconv_core.files import not_written

    full, locked = (OSError(number, os.strerror(number)) for number in (errno.EDQUOT, errno.EROFS))
    assert not_written(Path("/h/x"), full) == "/h/x cannot be written (Disk quota exceeded): free some space there"
    assert not_written(Path("/h/x"), locked) == (
        "/h/x cannot be written (Read-only file system): make it writable, or set DNACONV_HOME to another"
    )
