from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.serving.tiny import make_model
from trainer.forgetting import CHARACTERS, PASSAGES, passages, reading

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")


def test_every_machine_has_the_passages() -> None:
    found = passages()
    assert 8 <= len(found) <= PASSAGES
    assert all(len(text) == CHARACTERS for text in found)
    assert len(set(found)) == len(found)
    assert found == passages()


def test_a_text_is_read_as_the_model_itself_reads_it(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = make_model(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = "The sky is blue."
    [(nats, count)] = reading(model, tokenizer, [text, ""])
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    assert count == ids.shape[1] - 1
    assert nats / count == pytest.approx(float(model(ids, labels=ids).loss), rel=1e-4)
