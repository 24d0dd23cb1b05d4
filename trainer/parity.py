"""Whether adapter, merged weights and model server answer alike.

The adapter, loaded as evaluation loads it, answers fixed prompts greedily. The merged weights are
loaded afresh from disk by plain Transformers, with the tokenizer and template beside them, and read
the same answers: at every position the same token has to be the likeliest, with the same
log-probability within the tolerance of the precision. By induction over positions, equal likeliest
tokens are equal greedy answers. The model server answers for itself, and is compared token by
token.

Two tokens that are as likely within the tolerance are a tie: rounding alone decides which comes
first, and that is no difference.
"""

from __future__ import annotations

import gc
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Queue
from typing import Any

from trainer.card import write_cards
from trainer.chat_rows import read_rows
from trainer.context import Run
from trainer.contract import Parity
from trainer.dataset.rendering import Renderer
from trainer.dataset.rows import Row
from trainer.export import commands, is_head, load_trained
from trainer.generate import Answer, answers

PROMPTS, TOKENS = 8, 48
MOST_TOLD = 20
TOLERANCES = {"float32": 1e-3, "bfloat16": 0.25, "float16": 0.05}
"""Nats. Merging rounds each weight once more, to 24, 8 or 11 bits: about 64 times the rounding
of bfloat16 (2^-8) and float16 (2^-11), which layers add up; for float32, what different orders of
summing leave, generously. Our own choice."""


@dataclass
class Found:
    """What was compared so far."""

    tolerance: float
    worst: float = 0.0
    differences: list[str] = field(default_factory=list)

    def off(self, gap: float) -> bool:
        """Take in one difference of log-probabilities; whether it is too large."""
        self.worst = max(self.worst, gap)
        return not gap <= self.tolerance  # what is no number is too large as well

    def tell(self, words: str) -> None:
        """Keep a difference, unless there are many already."""
        if len(self.differences) < MOST_TOLD:
            self.differences.append(words)


def parity(run: Run) -> Parity | None:
    """Compare on fixed prompts; None where there is nothing to compare with."""
    rows = prompts_of(run)
    found = Found(TOLERANCES[run.device.dtype])
    compared = _heads(run, rows, found) if is_head(run) else _texts(run, rows, found)
    if not compared:
        return None
    result = Parity(
        agrees=not found.differences,
        dtype=run.device.dtype,
        tolerance=found.tolerance,
        worst=found.worst,
        differences=tuple(found.differences),
    )
    if not result.agrees:
        run.warn("parity", f"Exported weights do not answer alike: {result.differences[0]}")
    write_cards(run, commands(run), result)
    return result


def prompts_of(run: Run) -> list[Row]:
    """The fixed prompts: the first rows of test, else of validation, else of train."""
    part = next(one for one in ("test", "validation", "train") if run.part(one) or one == "train")
    return read_rows(run, part, PROMPTS)


# --- models that write ------------------------------------------------------------------------


def _texts(run: Run, rows: list[Row], found: Found) -> bool:
    said = _by_adapter(run, rows)
    merged = (run.folder.merged / "config.json").is_file()
    if merged:
        run.heed()
        _compare_merged(run, rows, said, found)
    served = importlib.util.find_spec("trainer.serving") is not None
    if served:
        run.heed()
        _compare_served(run, rows, said, found)
    return merged or served


def _by_adapter(run: Run, rows: list[Row]) -> list[Answer]:
    """What the adapter says, with log-probabilities read as those of the merged weights are."""
    model, tokenizer = load_trained(run), run.tokenizer()
    model.eval()
    renderer = Renderer(tokenizer)
    prompts = [renderer.prompt(row) for row in rows]
    most = min(TOKENS, run.spec.evaluation.max_new_tokens)
    said = answers(model, tokenizer, prompts, most=most, batch_size=1)
    read = [
        _read(model, _ids(tokenizer, prompt), one)
        for prompt, one in zip(prompts, said, strict=True)
    ]
    del model
    gc.collect()
    return [
        Answer(one.text, one.tokens, tuple(worth for worth, _, _ in places))
        for one, places in zip(said, read, strict=True)
    ]


def _ids(tokenizer: Any, prompt: str) -> list[int]:
    ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return ids


def _read(model: Any, prompt: list[int], said: Answer) -> list[tuple[float, int, float]]:
    """At each token of an answer: its log-probability, the likeliest token, and that one's."""
    import torch

    given = torch.tensor([[*prompt, *said.tokens]], device=model.device)
    with torch.inference_mode():
        scores = model(input_ids=given).logits[0, len(prompt) - 1 : -1].float().log_softmax(-1)
    worth = scores.gather(1, torch.tensor(said.tokens, device=scores.device)[:, None])[:, 0]
    top = scores.max(-1)
    return list(zip(worth.tolist(), top.indices.tolist(), top.values.tolist(), strict=True))


def _compare_merged(run: Run, rows: list[Row], said: list[Answer], found: Found) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = str(run.folder.merged)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=run.device.torch_dtype,
        attn_implementation=run.device.attention,
        use_safetensors=True,
    )
    model.to(run.device.kind).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    renderer, original = Renderer(tokenizer), Renderer(run.tokenizer())
    for number, (row, one) in enumerate(zip(rows, said, strict=True), start=1):
        prompt = _ids(tokenizer, renderer.prompt(row))
        if prompt != _ids(run.tokenizer(), original.prompt(row)):
            found.tell(f"prompt {number}: the merged tokenizer renders it otherwise")
            continue
        _compare_read(number, _read(model, prompt, one), one, tokenizer, found)
    del model
    gc.collect()


def _compare_read(
    number: int,
    places: Sequence[tuple[float, int, float]],
    said: Answer,
    tokenizer: Any,
    found: Found,
) -> None:
    """The first difference of one prompt is told; what follows it follows from it."""
    pairs = zip(places, said.tokens, said.logprobs, strict=True)
    for place, ((worth, top, best), token, before) in enumerate(pairs, start=1):
        other = top != token and found.off(best - worth)
        if found.off(abs(worth - before)) or other:
            first, second = tokenizer.decode([token]), tokenizer.decode([top])
            found.tell(
                f"prompt {number}, token {place}: the adapter writes {first!r} ({before:.4f}), "
                f"the merged weights {second!r} ({best:.4f})"
            )
            return


# --- the model server -------------------------------------------------------------------------


def _compare_served(run: Run, rows: list[Row], said: list[Answer], found: Found) -> None:
    from trainer.serving.engine import Engine
    from trainer.serving.protocol import Ask, Piece, Refused
    from trainer.serving.shelf import Shelf

    inbox: Queue[Any] = Queue()
    for number, row in enumerate(rows, start=1):
        asked = {
            "id": str(number),
            "model": run.spec.model,
            "revision": run.spec.revision,
            "adapter": str(run.folder.adapter),
            "messages": list(row.prompt),
            "tools": list(row.tools) or None,
            "most_tokens": min(TOKENS, run.spec.evaluation.max_new_tokens),
            "temperature": 0,
            "chances": True,
        }
        inbox.put(Ask.model_validate(asked))
    told: dict[str, list[Any]] = {}

    def say(answer: Any) -> None:
        if isinstance(answer, Refused):
            found.tell(f"prompt {answer.id}: the model server refuses it: {answer.words}")
        elif isinstance(answer, Piece):
            told.setdefault(answer.id, []).extend(answer.chances)

    shelf = Shelf(run.device.kind)
    found.tolerance = max(found.tolerance, TOLERANCES[shelf.device.dtype])
    Engine(inbox, say, shelf, idle=0.01).run()
    for number, one in enumerate(said, start=1):
        _compare_chances(number, told.get(str(number), []), one, run.tokenizer(), found)


def _compare_chances(
    number: int, chances: Sequence[Any], said: Answer, tokenizer: Any, found: Found
) -> None:
    # the server does not tell the token that ends an answer
    for place, (chance, token, before) in enumerate(
        zip(chances, said.tokens, said.logprobs, strict=False), start=1
    ):
        gap = abs(chance.chance - before)
        text = tokenizer.decode([token])
        if found.off(gap):
            found.tell(
                f"prompt {number}, token {place}: the adapter writes {text!r} ({before:.4f}), "
                f"the model server {chance.text!r} ({chance.chance:.4f})"
            )
            return
        if chance.text != text:
            return  # a tie: from here on the two write different texts


# --- heads ------------------------------------------------------------------------------------


def _heads(run: Run, rows: list[Row], found: Found) -> bool:
    if not (run.folder.merged / "config.json").is_file():
        return False
    from transformers import AutoModelForSequenceClassification

    merged: Any = AutoModelForSequenceClassification.from_pretrained(
        str(run.folder.merged), dtype=run.device.torch_dtype, use_safetensors=True
    )
    merged.to(run.device.kind)
    names = merged.config.id2label
    before, after = (_label_chances(run, model, rows) for model in (load_trained(run), merged))
    for number, (one, other) in enumerate(zip(before, after, strict=True), start=1):
        gaps = (one - other).abs()
        label = int(gaps.argmax())
        if found.off(float(gaps.max())):
            found.tell(
                f"prompt {number}, label {names[label]!r}: the adapter gives "
                f"{float(one[label]):.4f}, the merged weights {float(other[label]):.4f}"
            )
    return True


def _label_chances(run: Run, model: Any, rows: list[Row]) -> Any:
    """Log-probabilities: shape (prompts, labels)."""
    import torch

    from trainer.heads import scores_of, tokens_of

    return torch.tensor(scores_of(run, model, tokens_of(run, rows))).log_softmax(-1)
