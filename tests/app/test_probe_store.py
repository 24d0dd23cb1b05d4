from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from app.probe_found import TOP
from app.probe_store import (
    LONGEST_DOCUMENT,
    MOST_HITS,
    OF_ONE,
    document_rows,
    hit_rows,
    kept_depth,
    kept_passages,
    passage_rows,
    read_snapshot,
    write_snapshot,
)
from evidence.retrieval.figures import Found
from evidence.retrieval.shapes import Document, Hit, Passage

ANY = st.text(max_size=40)


def passage(document: str, number: int, text: str = "words") -> Passage:
    start = 10 * number
    return Passage(f"{document}#{start}-{start + 10}", document, start, start + 10, text)


def found(passages: list[Passage], ranking: list[str]) -> Found:
    hits = [Hit(name, float(-rank)) for rank, name in enumerate(ranking)]
    return Found(
        documents=1,
        passages=len(passages),
        tokens=1,
        repeated=0,
        texts=passages,
        document_of={item.id: item.document for item in passages},
        rankings={"bm25": {"q": hits}},
        about={"bm25": {}},
    )


@given(questions=st.integers(1, 20_000), retrievers=st.integers(1, 5))
def test_hits_are_bounded_and_never_fewer_than_are_shown(questions: int, retrievers: int) -> None:
    depth = kept_depth(questions, retrievers)
    assert TOP <= depth <= 100
    assert depth == TOP or depth * questions * retrievers <= MOST_HITS


def test_what_is_shown_or_relevant_is_kept_and_nothing_else() -> None:
    passages = [passage("a", number) for number in range(200)]
    passages += [passage("b", number) for number in range(OF_ONE + 20)]
    names = [item.id for item in passages]
    kept = kept_passages(found(passages, names[:30]), {"q": {names[150]: 1, names[151]: 0, "b": 2}})
    assert [item.id for item in kept] == [*names[:TOP], names[150], *names[200 : 200 + OF_ONE]]


def test_hits_carry_their_rank_and_the_number_of_their_question() -> None:
    passages = [passage("a", number) for number in range(3)]
    rows = list(hit_rows("p", found(passages, [item.id for item in passages]), {"q": 7}))
    assert [(row["number"], row["rank"], row["passage"]) for row in rows] == [
        (7, rank, item.id) for rank, item in enumerate(passages, 1)
    ]


def test_a_long_document_is_cut_and_says_how_long_it_was() -> None:
    text = "x" * (LONGEST_DOCUMENT + 5)
    documents = {"a": Document("a", "A\0", text, "a\ud800.md", "text")}
    row = next(document_rows("p", [passage("a", 0)], documents))
    assert (len(row["text"]), row["characters"]) == (LONGEST_DOCUMENT, len(text))
    assert (row["title"], row["source"]) == ("A ", "a?.md")
    assert next(passage_rows("p", [passage("a", 0)], documents))["title"] == "A "


@given(texts=st.lists(ANY, max_size=5), title=ANY, source=ANY)
def test_passages_come_back_from_the_disk_as_they_were(
    texts: list[str], title: str, source: str
) -> None:
    documents = {"d": Document("d", title, "whole", source)}
    passages = [passage("d", number, text) for number, text in enumerate(texts)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "deep" / "p.jsonl.gz"
        write_snapshot(path, passages, documents)
        read = list(read_snapshot(path))
        assert [path.name for path in path.parent.iterdir()] == ["p.jsonl.gz"]
    assert [item for item, _ in read] == passages
    assert all((item.title, item.source) == (title, source) for _, item in read)
