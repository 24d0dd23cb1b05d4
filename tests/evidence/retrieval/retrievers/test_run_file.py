from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.retrieval.retrievers.run_file import RunUnreadable, make, read_run
from evidence.retrieval.shapes import Hit, Passage

PASSAGES = [
    Passage("guide#0-9", "guide", 0, 9, "Linking."),
    Passage("guide#9-20", "guide", 9, 20, "Compiling."),
    Passage("faq#0-5", "faq", 0, 5, "Bread"),
]


def found(tmp_path: Path, text: str, question: str = "1", **chosen: Any) -> list[Hit]:
    path = tmp_path / "ours.run"
    path.write_text(text, "utf-8")
    retriever = make(path=path, **chosen)
    retriever.index(PASSAGES)
    return retriever.search([question])[0]


def test_hits_come_by_score_whatever_the_rank_says(tmp_path: Path) -> None:
    hits = found(tmp_path, "1 Q0 faq#0-5 1 0.5 t\n1\tQ0\tguide#9-20\t2\t7e0\tt\n")
    assert hits == [Hit("guide#9-20", 7.0), Hit("faq#0-5", 0.5)]


def test_a_document_is_stood_for_by_its_first_passage(tmp_path: Path) -> None:
    assert found(tmp_path, "1 Q0 guide 1 2 t\n") == [Hit("guide#0-9", 2.0)]


def test_what_two_ids_stand_for_counts_once_with_the_better_score(tmp_path: Path) -> None:
    run = "1 Q0 guide 1 2 t\n1 Q0 guide#0-9 2 3 t\n"
    assert found(tmp_path, run) == [Hit("guide#0-9", 3.0)]


def test_their_ids_may_be_mapped_to_ours(tmp_path: Path) -> None:
    hits = found(tmp_path, "1 Q0 17 1 2 t\n", ids={"17": "faq"})
    assert hits == [Hit("faq#0-5", 2.0)]


def test_an_id_that_is_not_ours_keeps_its_rank(tmp_path: Path) -> None:
    hits = found(tmp_path, "1 Q0 gone 1 2 t\n1 Q0 faq 2 1 t\n")
    assert [hit.passage for hit in hits] == ["gone", "faq#0-5"]


def test_a_question_is_looked_up_by_its_text(tmp_path: Path) -> None:
    run = "q7 Q0 faq 1 2 t\n"
    assert found(tmp_path, run, "How is bread baked?", questions={"How is bread baked?": "q7"})
    assert found(tmp_path, run, "Anything else?", questions={"How is bread baked?": "q7"}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "1 Q0 d 1 2\n",
        "1 Q0 d 1 high t\n",
        "1 Q0 d 1 nan t\n",
        "1 Q0 d 1 inf t\n",
        "x" * 50_000,
        '{"id": 1}\n',
    ],
)
def test_what_is_no_run_is_told_with_its_line(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(RunUnreadable, match=r"ours\.run, line 2"):
        found(tmp_path, "1 Q0 faq 1 2 t\n" + wrong)


def test_a_binary_or_missing_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.run").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunUnreadable, match="not text"):
        read_run(tmp_path / "b.run")
    with pytest.raises(RunUnreadable, match="cannot be read"):
        read_run(tmp_path / "none.run")


def test_the_tag_names_the_run(tmp_path: Path) -> None:
    (tmp_path / "a.run").write_text("\n\ufeff1 Q0 d 1 2 bm25-k1\n"[1:], "utf-8")
    retriever = make(path=tmp_path / "a.run")
    retriever.index(PASSAGES)
    assert retriever.describe() == {"retriever": "run_file", "file": "a.run", "tag": "bm25-k1"}
