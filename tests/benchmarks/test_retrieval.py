from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.common import MISSING
from benchmarks.retrieval import main

TEXTS = {
    "c": "The linker reports LNK2019 for an unresolved external symbol.",
    "b": "Bread is baked from flour, water, salt and yeast.",
    "x": "A compiler turns source code into object code.",
}


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    rows = [{"id": id_, "title": "", "text": text} for id_, text in TEXTS.items()]
    asked = [{"id": "1", "text": "unresolved symbol"}, {"id": "2", "text": "baking with yeast"}]
    for name, items in (("corpus", rows), ("queries", asked)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, items)), "utf-8")
    qrels = "query-id\tcorpus-id\tscore\n1\tc\t1\n2\tb\t1\n"
    (tmp_path / "qrels.tsv").write_text(qrels, "utf-8")
    return tmp_path


def test_a_collection_gives_one_object_with_bm25_beside_the_plain_library(
    collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--collection", str(collection), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["collections"][collection.name]["bm25"]
    assert found["ndcg@10"] == found["peers"]["rank_bm25"]["ndcg@10"] == 1.0
    assert found["ratio_to"]["rank_bm25"]["overlap@10"] == 1.0
    assert found["settings"]["tokenizer"]["stemmer"] == "english"


def test_where_there_is_no_collection_it_says_so(tmp_path: Path) -> None:
    assert main(["--collection", str(tmp_path)]) == MISSING
