from __future__ import annotations

from pathlib import Path

import pytest

from app.files import write_atomically


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("older and longer")
    write_atomically(path, "newer ✓\n")
    assert path.read_text(encoding="utf-8") == "newer ✓\n"
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_it_as_any_new_file(tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    write_atomically(tmp_path / "report.md", "x")
    assert (tmp_path / "report.md").stat().st_mode == ordinary.stat().st_mode


def test_failed_write_leaves_the_older_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("older")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "half \ud800")
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomically(tmp_path / "folder", "x")
    assert {item.name for item in tmp_path.iterdir()} == {"report.md", "folder"}
