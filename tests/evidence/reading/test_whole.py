import json

from evidence.reading.whole import read_whole
from evidence.records import Skipped
from tests.evidence.reading.conftest import Saved


def test_repeats_are_left_out_and_ids_used_twice_are_told(saved: Saved) -> None:
    rows = [("a", "x"), ("b", "x"), ("a", "y"), ("c", None)]
    lines = [json.dumps({"id": name, "input": "q", "output": out}) for name, out in rows]
    whole = read_whole(saved("a.jsonl", *lines))
    assert [record.id for record in whole.records] == ["a", "a#2"]
    assert whole.repeats == [Skipped(2, "says the same as 'a'")]
    assert [item.line for item in whole.warnings] == [3]
    assert whole.skipped == [Skipped(4, "output: field required")]
