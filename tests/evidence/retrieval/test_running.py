from __future__ import annotations

import pytest

from evidence.retrieval.retrievers.bm25 import make
from evidence.retrieval.running import BATCH, Cancelled, Run, Watch, resident_mb, run
from evidence.retrieval.shapes import Passage, Question

PASSAGES = [Passage(f"d{n}#0-5", f"d{n}", 0, 5, f"word {n}") for n in range(5)]
QUESTIONS = [Question(f"q{n}", f"word {n % 5}") for n in range(2 * BATCH + 1)]


def test_every_question_gets_its_ranking_and_the_time_is_told() -> None:
    done = run(make(), PASSAGES, QUESTIONS, Watch(), depth=3)

    assert list(done.rankings) == [question.id for question in QUESTIONS]
    assert done.rankings["q6"][0].passage == "d1#0-5"
    assert all(len(ranking) <= 3 for ranking in done.rankings.values())
    assert done.speed()["queries_per_second"] > 0


def test_progress_comes_after_each_batch_and_calling_off_ends_the_work() -> None:
    told: list[tuple[str, int, int]] = []

    run(make(), PASSAGES, QUESTIONS, Watch(lambda *news: told.append(news)))

    total = len(QUESTIONS)
    searched = [done for stage, done, _ in told if stage == "search bm25"]
    assert searched == [0, BATCH, 2 * BATCH, total]
    with pytest.raises(Cancelled, match="index bm25"):
        run(make(), PASSAGES, QUESTIONS, Watch(cancelled=lambda: True))


def test_a_million_questions_cost_what_the_hours_cost() -> None:
    done = Run({f"q{n}": [] for n in range(100)}, 1.0, 3.6, None)

    speed = done.speed(price_per_hour=0.5)

    assert speed["machine_hours_per_million_queries"] == 10
    assert speed["cost_per_million_queries"] == 5
    assert speed["index_mb"] is None


def test_memory_is_that_of_this_process() -> None:
    found = resident_mb()

    assert found is None or 10 < found < 100_000
