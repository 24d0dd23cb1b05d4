from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from trainer.tiny import build as building
from trainer.tiny.conversations import TASKS, conversations
from trainer.tiny.shape import TINY, make_untrained

WORDS = ["alpha", "beta", "gamma", "delta", "river", "stone", "cloud", "paper", "seven", "tiger"]


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same way with hardly any rows: seconds."""
    monkeypatch.setattr(building, "CONVERSATIONS", 40)
    monkeypatch.setattr(building, "DESCRIPTIONS", 8)
    monkeypatch.setattr(building, "HELD_OUT", 4)
    monkeypatch.setattr(building, "PARAMS", building.PARAMS | {"checkpoint_steps": 2})


@pytest.mark.usefixtures("brief")
@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.*:FutureWarning")  # TRL's own
def test_the_tiny_model_is_made_once_and_can_be_linked_to(tmp_path: Path) -> None:
    final = tmp_path / "tiny-model"
    assert building.build(final)
    assert {"config.json", "made.json", "model.safetensors", "tokenizer.json"} <= {
        path.name for path in final.iterdir()
    }
    assert not building.build(final), "it is there already"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny-model"], "nothing else is left"
    for _ in range(2):
        building.link(final, tmp_path / "build" / "tiny-model")
    assert (tmp_path / "build" / "tiny-model" / "config.json").is_file()


def test_generated_conversations_are_those_of_their_seed_and_hold_no_json() -> None:
    rows = list(conversations(300, 3))
    assert rows == list(conversations(300, 3))
    assert rows != list(conversations(300, 4))
    assert not any("{" in said for pair in rows for said in pair)


def test_every_kind_of_conversation_has_a_question_and_an_answer() -> None:
    draw = random.Random(1)
    for task in dict.fromkeys(TASKS):
        question, answer = task(draw)
        assert question
        assert answer


def test_the_network_copies_before_it_is_trained(tmp_path: Path) -> None:
    assert _copied(tmp_path) > 0.5


def _copied(folder: Path) -> float:
    """The share of tokens, from the second on, that are foreseen when words come once more."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    draw = random.Random(2)
    texts = [" ".join(draw.choices(WORDS, k=8)) for _ in range(200)]
    make_untrained(folder, texts, TINY)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    once = tokenizer(" " + " ".join(WORDS)).input_ids
    with torch.inference_mode():
        foreseen = model(torch.tensor([once + once])).logits[0, len(once) : -1].argmax(-1)
    return float((foreseen == torch.tensor(once[1:])).float().mean())
