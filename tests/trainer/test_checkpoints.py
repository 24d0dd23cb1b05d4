from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from trainer.checkpoints import (
    KEPT,
    clear_unfinished,
    complete,
    is_whole,
    newest,
    prune,
    step_of,
    told,
)


def write(root: Path, step: int, *, whole: bool = True) -> Path:
    folder = root / f"checkpoint-{step}"
    (folder / "inner").mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(bytes(range(50)) * 10)
    (folder / "inner/state.json").write_text("{}", encoding="utf-8")
    if whole:
        complete(folder, {"seconds": 1.5})
    return folder


def test_only_whole_checkpoints_count(tmp_path: Path) -> None:
    write(tmp_path, 4)
    write(tmp_path, 8, whole=False)
    found = newest(tmp_path)
    assert found is not None
    assert step_of(found) == 4
    assert told(found)["seconds"] == 1.5


def test_a_folder_without_any_has_no_newest(tmp_path: Path) -> None:
    assert newest(tmp_path / "nothing") is None


@given(place=st.integers(0, 499), value=st.integers(0, 255))
def test_a_changed_byte_is_noticed(tmp_path_factory: object, place: int, value: int) -> None:
    root: Path = tmp_path_factory.mktemp("run")  # type: ignore[attr-defined]
    older, newer = write(root, 9), write(root, 10)
    path = newer / "weights.safetensors"
    content = bytearray(path.read_bytes())
    changed = content[place] != value
    content[place] = value
    path.write_bytes(content)
    assert is_whole(newer) is not changed
    assert newest(root) == (older if changed else newer)


def test_a_missing_file_is_noticed(tmp_path: Path) -> None:
    folder = write(tmp_path, 3)
    (folder / "inner/state.json").unlink()
    assert newest(tmp_path) is None


def test_steps_are_ordered_as_numbers_and_the_newest_are_kept(tmp_path: Path) -> None:
    for step in (2, 10, 9, 100):
        write(tmp_path, step)
    prune(tmp_path)
    assert KEPT == 2
    assert {step_of(path) for path in tmp_path.iterdir()} == {10, 100}


def test_what_was_left_unfinished_is_cleared_away(tmp_path: Path) -> None:
    whole = write(tmp_path, 4)
    write(tmp_path, 8, whole=False)
    clear_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == [whole]
