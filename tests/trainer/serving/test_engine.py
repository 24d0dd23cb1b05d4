from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from tests.trainer.serving.tiny import LABELS, make_windowed
from trainer.serving.engine import Answer, Engine
from trainer.serving.protocol import Ask, Cancel, Chance, Done, Ended, Piece, Refused
from trainer.serving.shelf import Shelf

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
QUESTION = "What is the colour of the sky?"
TOKENS = 12


class Desk:
    """Asks an engine, in this process."""

    def __init__(self, models: Path, most_bytes: int = 0) -> None:
        self.models = models
        self.shelf = Shelf("cpu", most_bytes)

    def ask(self, name: str, adapter: str = "", text: str = QUESTION, **more: Any) -> Ask:
        folder = str(self.models / adapter) if adapter else ""
        known = {"temperature": 0, "most_tokens": TOKENS, "adapter": folder}
        messages = [{"role": "user", "content": text}]
        base = str(self.models / "base")
        return Ask.model_validate(
            {"id": name, "model": base, "messages": messages, **known, **more}
        )

    def answers(
        self, *asks: Ask, then: Callable[[Answer, Queue[Any]], None] | None = None
    ) -> list[Answer]:
        """All that is answered; ``then`` may put more into the inbox at each answer."""
        inbox: Queue[Ask | Cancel | None] = Queue()
        for ask in asks:
            inbox.put(ask)
        told: list[Answer] = []

        def say(answer: Answer) -> None:
            told.append(answer)
            if then:
                then(answer, inbox)

        engine = Engine(inbox, say, self.shelf, idle=0.01)
        engine.run()
        assert engine.lanes == []
        assert all(base.rows == 0 for base in self.shelf.bases.values())
        return told


@pytest.fixture(scope="module")
def desk(models: Path) -> Desk:
    return Desk(models)


def texts(answers: list[Answer]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for answer in answers:
        if isinstance(answer, Piece):
            place = (answer.id, answer.choice)
            found[place] = found.get(place, "") + answer.text
    return found


def chances(answers: list[Answer]) -> list[Chance]:
    return [item for answer in answers if isinstance(answer, Piece) for item in answer.chances]


def refusal(answers: list[Answer]) -> Refused:
    [refused] = answers
    assert isinstance(refused, Refused)
    return refused


def by_transformers(models: Path, adapter: str, text: str) -> tuple[str, list[float]]:
    """The oracle: what Transformers and PEFT write by themselves, and with which chances."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(models / "base")
    model: Any = AutoModelForCausalLM.from_pretrained(models / "base")
    if adapter:
        model = PeftModel.from_pretrained(model, models / adapter)
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    made = model.generate(
        **inputs, max_new_tokens=TOKENS, do_sample=False, output_logits=True,
        return_dict_in_generate=True,
    )  # fmt: skip
    new = made.sequences[0, inputs["input_ids"].shape[1] :]
    told = [
        float(torch.log_softmax(logits[0], -1)[token])
        for logits, token in zip(made.logits, new, strict=True)
    ]
    return str(tokenizer.decode(new, skip_special_tokens=True)), told


@pytest.mark.parametrize("adapter", ["", "one", "two", "dora"])
def test_the_likeliest_text_is_what_transformers_writes(
    desk: Desk, models: Path, adapter: str
) -> None:
    text, told = by_transformers(models, adapter, QUESTION)

    answers = desk.answers(desk.ask("x", adapter, chances=True, top=3))

    assert texts(answers)["x", 0] == text
    found = chances(answers)
    assert [item.chance for item in found] == pytest.approx(told[: len(found)], abs=1e-4)
    assert all(item.top[0].chance == pytest.approx(item.chance) for item in found)
    assert all(len(item.top) == 3 for item in found)


def alone_and_together(
    desk: Desk, asks: list[Ask], late: Ask
) -> tuple[dict[tuple[str, int], str], list[Answer]]:
    """The texts of requests one by one, and all answers to them in a batch that ``late`` joins."""
    alone: dict[tuple[str, int], str] = {}
    for ask in (*asks, late):
        alone |= texts(desk.answers(ask))
    sent: list[str] = []

    def join_after_some_text(answer: Answer, inbox: Queue[Any]) -> None:
        if isinstance(answer, Piece) and not sent:
            sent.append(answer.id)
            inbox.put(late)

    return alone, desk.answers(*asks, then=join_after_some_text)


def test_rows_of_a_model_that_looks_back_a_little_get_what_they_get_alone(tmp_path: Path) -> None:
    desk = Desk(make_windowed(tmp_path / "base").parent)
    asks = [desk.ask("a", text="Blue?"), desk.ask("b"), desk.ask("c", text="Is it the sky?")]

    alone, together = alone_and_together(desk, asks, desk.ask("late", text="What?"))

    assert texts(together) == alone
    assert alone["b", 0] == by_transformers(tmp_path, "", QUESTION)[0]
    assert len(set(alone.values())) > 1


def test_requests_with_several_adapters_share_a_batch_and_get_what_they_get_alone(
    desk: Desk,
) -> None:
    asks = [
        desk.ask("base", text="Blue?"),
        desk.ask("one", "one", "What is the colour of it?"),
        desk.ask("two", "two"),
        desk.ask("dora", "dora"),
    ]
    alone, together = alone_and_together(desk, asks, desk.ask("late", "two", "Is it?"))

    assert texts(together) == alone
    assert len(set(alone.values())) > 3  # the adapters do change what is said
    assert {answer.id for answer in together if isinstance(answer, Done)} == {
        "base", "one", "two", "dora", "late",
    }  # fmt: skip


def test_choices_are_drawn_by_their_seed(desk: Desk) -> None:
    ask = desk.ask("x", temperature=1.0, seed=5, choices=3)
    first, again = texts(desk.answers(ask)), texts(desk.answers(ask))
    other = texts(desk.answers(ask.model_copy(update={"seed": 9})))

    assert first == again
    assert len(set(first.values())) == 3
    assert first != other


def test_a_small_top_p_leaves_the_likeliest_token_alone(desk: Desk) -> None:
    greedy = texts(desk.answers(desk.ask("x")))
    assert texts(desk.answers(desk.ask("x", temperature=2.0, top_p=1e-6))) == greedy


def test_penalties_and_bias_change_which_token_is_taken(desk: Desk) -> None:
    plain = texts(desk.answers(desk.ask("x")))
    penalised = texts(desk.answers(desk.ask("x", frequency_penalty=2.0, presence_penalty=2.0)))
    biased = texts(desk.answers(desk.ask("x", bias={40: 1000.0})))

    assert penalised != plain
    assert len(set(biased["x", 0])) == 1


def test_a_stop_ends_the_text_before_it(desk: Desk) -> None:
    whole = texts(desk.answers(desk.ask("x")))["x", 0]
    stop = whole[3:5]

    answers = desk.answers(desk.ask("x", stop=(stop,), chances=True))

    assert texts(answers)["x", 0] == whole[: whole.find(stop)]
    assert [answer.reason for answer in answers if isinstance(answer, Ended)] == ["stop"]


def test_a_cancelled_request_is_told_nothing_more_and_others_go_on(desk: Desk) -> None:
    def cancel_at_first_word(answer: Answer, inbox: Queue[Any]) -> None:
        if isinstance(answer, Piece) and answer.id == "gone":
            inbox.put(Cancel(id="gone"))

    answers = desk.answers(
        desk.ask("gone", most_tokens=400), desk.ask("stays"), then=cancel_at_first_word
    )

    assert [answer.id for answer in answers if isinstance(answer, Done)] == ["stays"]


def test_it_stops_where_the_context_is_full(desk: Desk) -> None:
    answers = desk.answers(desk.ask("x", text="blue " * 100, most_tokens=None))

    done = answers[-1]
    assert isinstance(done, Done)
    assert done.prompt_tokens + done.completion_tokens == 512


def test_what_cannot_be_served_is_refused_in_words(
    desk: Desk, models: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (broken / "adapter_model.bin").write_bytes(b"a pickle, perhaps")
    head = tmp_path / "head"
    head.mkdir()
    (head / "adapter_config.json").write_text('{"task_type": "SEQ_CLS"}')
    (head / "adapter_model.safetensors").write_bytes(b"")
    forbidden = [{"role": "forbidden", "content": "x"}]

    assert refusal(desk.answers(desk.ask("x", text="x" * 3000))).code == "too_long"
    assert refusal(desk.answers(desk.ask("x", messages=forbidden))).code == "bad_request"
    assert "no such role" in refusal(desk.answers(desk.ask("x", messages=forbidden))).words
    assert refusal(desk.answers(desk.ask("x", model="/nowhere"))).code == "missing_model"
    assert refusal(desk.answers(desk.ask("x", adapter=str(broken)))).code == "missing_model"
    assert refusal(desk.answers(desk.ask("x", adapter=str(head)))).code == "unsupported_model"


def test_a_classifier_answers_with_its_likeliest_label(desk: Desk, models: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    kind: Any = AutoModelForSequenceClassification
    model: Any = PeftModel.from_pretrained(
        kind.from_pretrained(models / "base", num_labels=len(LABELS)), models / "head"
    ).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(models / "base")
    ids = tokenizer(QUESTION, return_tensors="pt", truncation=True, max_length=6)
    with torch.inference_mode():
        worth = model(**ids).logits[0].log_softmax(-1)

    asked = desk.ask("x", "head", chances=True, top=2, temperature=1.0, choices=2, most_read=6)
    told = desk.answers(asked)

    label = LABELS[int(worth.argmax())]
    assert texts(told) == {("x", 0): label, ("x", 1): label}
    [first, _] = chances(told)
    assert first.chance == pytest.approx(float(worth.max()), abs=1e-4)
    assert [item.text for item in first.top] == [LABELS[one] for one in worth.topk(2).indices]
    assert told[-1] == Done(id="x", prompt_tokens=6, completion_tokens=2)


def test_the_least_recently_used_model_makes_room(models: Path) -> None:
    probe = Desk(models)
    probe.answers(probe.ask("x", "one"))
    used = probe.shelf.held
    [base] = probe.shelf.bases.values()
    small = Desk(models, most_bytes=used + 4_000)  # less than an adapter has

    for adapter in ("one", "two", "one"):
        assert texts(small.answers(small.ask("x", adapter)))
        [kept] = small.shelf.bases.values()
        assert list(kept.adapters) == [str(models / adapter)]
        assert small.shelf.held <= used + 4_000
    assert base.bytes < used

    tight = Desk(models, most_bytes=base.bytes - 1)
    assert refusal(tight.answers(tight.ask("x"))).code == "out_of_memory"
