from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.trainer.measured import QUESTIONS
from tests.trainer.serving.tiny import make_adapter, make_model
from trainer.failures import Stopped
from trainer.generate import Answer, answers, context_of, ends_of

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
MOST = 12


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def loaded(base: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)


def prompts(tokenizer: Any) -> list[str]:
    return [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], add_generation_prompt=True, tokenize=False
        )
        for text in QUESTIONS
    ]


def test_a_batch_says_what_each_says_alone(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    asked = prompts(tokenizer)
    together = answers(model, tokenizer, asked, most=MOST, batch_size=3)
    for prompt, found in zip(asked, together, strict=True):
        [alone] = answers(model, tokenizer, [prompt], most=MOST)
        assert alone.text == found.text
        assert alone.tokens == found.tokens
        assert alone.logprobs == pytest.approx(found.logprobs, abs=1e-4)


def test_answers_are_those_of_transformers_with_their_log_probabilities(
    loaded: tuple[Any, Any],
) -> None:
    import torch

    model, tokenizer = loaded
    prompt = prompts(tokenizer)[0]
    [found] = answers(model, tokenizer, [prompt], most=MOST)
    given = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        ids = torch.cat([given, torch.tensor([found.tokens])], dim=1)
        worth = model(ids).logits[0, given.shape[1] - 1 : -1].log_softmax(-1)
    assert found.tokens == tuple(worth.argmax(-1).tolist())
    assert found.logprobs == pytest.approx(worth.amax(-1).tolist(), abs=1e-4)


def test_habits_of_a_model_are_left_aside_and_given_back(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    asked = prompts(tokenizer)
    plain = answers(model, tokenizer, asked, most=MOST)
    model.generation_config.repetition_penalty = 30.0
    try:
        assert answers(model, tokenizer, asked, most=MOST) == plain
        assert model.generation_config.repetition_penalty == 30.0
    finally:
        model.generation_config.repetition_penalty = None


def test_an_answer_ends_with_its_end_token(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    [long] = answers(model, tokenizer, prompts(tokenizer)[:1], most=MOST)
    before = model.generation_config.eos_token_id
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, long.tokens[2]]
    try:
        [short] = answers(model, tokenizer, prompts(tokenizer)[:1], most=MOST)
    finally:
        model.generation_config.eos_token_id = before
    assert short.tokens == long.tokens[: long.tokens.index(long.tokens[2]) + 1]
    assert tokenizer.eos_token_id in ends_of(model, tokenizer)


def test_a_prompt_longer_than_the_context_loses_its_beginning(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    prompt = prompts(tokenizer)[0]
    long = "the sky is blue. " * context_of(model) + prompt
    [found] = answers(model, tokenizer, [long], most=MOST)
    assert found.tokens


def test_an_adapter_changes_what_is_said(base: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    plain = answers(
        AutoModelForCausalLM.from_pretrained(base), tokenizer, prompts(tokenizer), most=MOST
    )
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base), make_adapter(base, tmp_path / "one", 1)
    )
    assert answers(model, tokenizer, prompts(tokenizer), most=MOST) != plain


def test_whoever_stops_it_is_asked_before_each_batch(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    seen: list[int] = []

    def before(done: int) -> None:
        seen.append(done)
        if done:
            raise Stopped("pause")

    with pytest.raises(Stopped):
        answers(model, tokenizer, prompts(tokenizer), most=2, batch_size=3, before=before)
    assert seen == [0, 3]


def test_nothing_asked_is_nothing_said(loaded: tuple[Any, Any]) -> None:
    assert answers(*loaded, [], most=MOST) == []
    assert Answer("x").tokens == ()
