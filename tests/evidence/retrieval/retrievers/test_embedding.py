"""Passages embedded, kept on disk, and found by their cosine."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.models import EMBEDDING_VARIABLE, NoModel, embedding_place, load_embedding
from evidence.retrieval.retrievers._encoding import Floats, Places, batches, encode
from evidence.retrieval.retrievers._nearest import nearest
from evidence.retrieval.retrievers._vector_store import VectorStore, keys_of
from evidence.retrieval.retrievers.embedding import NEEDS, make
from evidence.retrieval.shapes import Passage

TEXTS = [
    "The museum opens every morning at nine.",
    "Bread.",
    "",
    "The linker reports LNK2019 for an unresolved external symbol. " * 30,
    "東京都の天気は晴れです。",
    "Bread is baked from flour, water, salt and yeast. " * 3,
    "def f(x):\n    return x ** 2",
]

installed = pytest.mark.skipif(
    find_spec(NEEDS) is None, reason="the extra `embedding` is not installed"
)


def passages(texts: list[str]) -> list[Passage]:
    return [Passage(f"p{at:03}", "d", 0, len(text), text) for at, text in enumerate(texts)]


@installed
def test_vectors_are_those_of_plain_sentence_transformers() -> None:
    model = load_embedding(embedding_place(), "cpu")
    plain = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert np.abs(encode(model, TEXTS, 300) - plain).max() < 5e-5


@installed
def test_what_is_kept_on_disk_is_not_embedded_again(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    first, second = make(cache=tmp_path), make(cache=tmp_path)
    first.index(passages(TEXTS[:4]))
    second.index(passages(TEXTS), lambda done, total: steps.append((done, total)))
    # three of seven were there, and the blank one has no vector
    assert steps[0] == (4, 7)
    assert steps[-1] == (7, 7)
    alone = make(cache="")
    alone.index(passages(TEXTS))
    kept, fresh = (one.search(["When does it open?"])[0] for one in (second, alone))
    assert [hit.passage for hit in kept] == [hit.passage for hit in fresh]
    assert not list(tmp_path.rglob("*.part"))


@installed
def test_work_that_is_called_off_leaves_what_was_done(tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(cache=tmp_path, tokens=1).index(passages(TEXTS), stop)
    steps: list[int] = []
    make(cache=tmp_path).index(passages(TEXTS), lambda done, _total: steps.append(done))
    assert steps[0] == 3


@installed
def test_a_broken_file_in_the_cache_is_passed_over(tmp_path: Path) -> None:
    make(cache=tmp_path).index(passages(TEXTS))
    for path in tmp_path.rglob("*.vectors.npy"):
        path.write_bytes(path.read_bytes()[:200])
    again = make(cache=tmp_path)
    again.index(passages(TEXTS))
    assert again.search(["bread"], 1)[0][0].passage in {"p001", "p005"}


@installed
def test_a_model_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(EMBEDDING_VARIABLE, str(tmp_path))
    with pytest.raises(NoModel, match=tmp_path.name):
        make(cache="").index(passages(TEXTS))


def test_without_any_model_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EMBEDDING_VARIABLE, raising=False)
    if embedding_place():
        pytest.skip("a model is packaged here")
    with pytest.raises(NoModel, match=EMBEDDING_VARIABLE):
        make()


@given(st.lists(st.integers(0, 300), max_size=50), st.integers(1, 1_000))
def test_batches_hold_every_text_once_within_the_budget(sizes: list[int], tokens: int) -> None:
    found = list(batches(np.array(sizes, np.int64), tokens))
    assert sorted(place for batch in found for place in batch) == list(range(len(sizes)))
    for batch in found:
        assert len(batch) == 1 or max(sizes[place] for place in batch) * len(batch) <= tokens


def unit(rows: int, seed: int) -> Floats:
    found = np.random.default_rng(seed).standard_normal((rows, 8)).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 70), st.integers(0, 5))
def test_the_nearest_are_those_of_a_full_sort(rows: int, block: int, k: int, seed: int) -> None:
    vectors = unit(rows, seed)
    vectors[rows // 2 :] = vectors[: rows - rows // 2]  # many are equal
    questions = unit(3, seed + 10)

    def blocks() -> Iterator[tuple[Places, Floats]]:
        places = np.random.default_rng(seed).permutation(rows)
        for start in range(0, rows, block):
            part = places[start : start + block]
            yield part, vectors[part]

    found = nearest(questions, blocks(), k)
    cosines = np.round(questions @ vectors.T, 5)
    for row in range(3):
        mine = found[1][found[0] == row]
        best = np.lexsort((np.arange(rows), -cosines[row]))[:k]
        assert cosines[row][mine].tolist() == cosines[row][best].tolist()
        assert len(set(mine.tolist())) == len(best)


def test_vectors_come_back_from_disk_wherever_they_were_written(tmp_path: Path) -> None:
    vectors = unit(9, 1)
    keys = keys_of(map(str, range(9)))
    VectorStore(tmp_path).add(keys[:4], vectors[:4])
    VectorStore(tmp_path).add(keys[6:], vectors[6:])
    store = VectorStore(tmp_path)
    assert store.missing(keys).tolist() == [4, 5]
    store.add(keys[4:6], vectors[4:6])
    wanted = np.array([8, 0, 0, 5, 3, 7])
    found = np.zeros((6, 8), np.float32)
    for shard, rows, places in store.blocks(keys[wanted]):
        found[places] = store.vectors(shard, rows)
    assert np.array_equal(found, vectors[wanted])


def test_a_text_without_a_vector_is_no_silent_zero(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        VectorStore(tmp_path).blocks(keys_of(["never seen"]))
