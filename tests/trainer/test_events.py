from __future__ import annotations

from pathlib import Path

from trainer.events import Journal, read_events


def test_of_two_events_with_one_key_the_first_counts_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for loss in (1.0, 2.0):
        journal = Journal(path)
        journal.tell("metric", "metric:1", {"loss": loss}, 1)
        journal.tell("metric", "metric:1", {"loss": loss + 1}, 1)
        journal.close()
    assert [event.data["loss"] for event in read_events(path)] == [1.0]


def test_a_line_that_a_killed_process_left_is_ended_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    journal = Journal(path)
    journal.tell("message", "one", {"text": "1"})
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"key":"two","kind":"mess')
    assert [event.key for event in read_events(path)] == ["one"]
    journal = Journal(path)
    journal.tell("message", "two", {"text": "2"})
    journal.close()
    assert [event.key for event in read_events(path)] == ["one", "two"]
    assert path.read_bytes().count(b"\n") == 3


def test_events_are_read_while_the_journal_is_open(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events.jsonl")
    journal.tell("warning", "careful", {"text": "höflich\u2028"})
    assert [event.data["text"] for event in read_events(journal.path)] == ["höflich\u2028"]
    journal.close()
