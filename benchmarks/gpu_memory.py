"""Predicted against measured peak memory, for models with random weights on the device here."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.training_material import full_rows, labelled_rows, random_model, write_rows

Json = dict[str, Any]
LABELS = 5
STEPS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One configuration: a model, its settings, and the precision of its base."""

    model: str
    params: Mapping[str, Any] = field(default_factory=dict)
    batch: int = 4
    length: int = 1024
    dtype: str = "bfloat16"
    method: str = "sft"

    @property
    def words(self) -> str:
        """The case in words."""
        given = ", ".join(f"{name} {value}" for name, value in self.params.items())
        return f"{self.model}, {self.dtype}, {self.batch} × {self.length}, {given or 'defaults'}"


def _llama(hidden: int, ffn: int, layers: int, heads: int, kv: int, vocab: int) -> Json:
    return {
        "model_type": "llama",
        "hidden_size": hidden,
        "intermediate_size": ffn,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv,
        "vocab_size": vocab,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
    }


MODELS: dict[str, Json] = {
    "llama 135M": _llama(576, 1536, 30, 9, 3, 49152),
    "llama 0.5B": _llama(1024, 4096, 24, 16, 4, 49152),
    "llama 1.2B": _llama(2048, 8192, 16, 32, 8, 128256),
    "qwen2 1.5B": {**_llama(1536, 8960, 28, 12, 2, 151936), "model_type": "qwen2"},
    "bert 110M": {
        "model_type": "bert",
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "vocab_size": 30522,
    },
}
OFF, FULL = {"recompute": "off"}, {"adapter": "full"}
GROUPED = {"packing": "off"}
HEAD = "classification_head"
CASES: Sequence[Case] = (
    Case("llama 135M", OFF, 16, 512),
    Case("llama 135M", {**FULL, **OFF}, 8, 512, "float32"),
    Case("llama 0.5B"),
    Case("llama 0.5B", OFF),
    Case("llama 0.5B", {**OFF, **GROUPED}),
    Case("llama 0.5B", {}, 4, 1024, "float32"),
    Case("llama 0.5B", FULL),
    Case("llama 0.5B", {**FULL, **OFF, **GROUPED}),
    Case("llama 1.2B", {}, 8, 1024),
    Case("llama 1.2B", {**OFF, **GROUPED}, 8, 1024),
    Case("llama 1.2B", FULL, 2, 1024),
    Case("llama 1.2B", {**OFF, "rank": 64}, 1, 4096),
    Case("qwen2 1.5B", GROUPED, 4, 2048),
    Case("qwen2 1.5B", OFF, 1, 2048),
    Case("bert 110M", {}, 64, 256, "bfloat16", HEAD),
    Case("bert 110M", FULL, 64, 256, "float32", HEAD),
)
SMALL = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "vocab_size": 512}
TINY = {"llama": _llama(64, 176, 2, 4, 2, 512), "bert": {**MODELS["bert 110M"], **SMALL}}
SMOKE: Sequence[Case] = (
    Case("llama", OFF, 2, 64, "float32"),
    Case("llama", {**FULL, **GROUPED}, 2, 64, "float32"),
    Case("bert", {}, 4, 64, "float32", HEAD),
)


def measured(folder: Path, smoke: bool = False) -> Iterator[Json]:
    """Every case with its predicted and measured peak, one by one, as they are measured."""
    models = TINY if smoke else MODELS
    for case in SMOKE if smoke else CASES:
        place = folder / case.model.replace(" ", "-")
        if not place.exists():
            random_model(place, models[case.model], "float32" if smoke else "bfloat16")
        begun = time.perf_counter()
        try:
            found = _measure(case, place, folder / "memory-work")
        except Exception as error:  # one case that fails must not cost the others
            found = {"failed": f"{type(error).__name__}: {error}"[:500]}
        yield {"case": case.words, **found, "seconds": round(time.perf_counter() - begun, 1)}


def _measure(case: Case, model: Path, work: Path) -> Json:
    import torch

    from trainer.context import Run
    from trainer.contract import Data, RunFolder, TrainSpec
    from trainer.device import choose_device
    from trainer.events import Journal
    from trainer.memory import Device, estimate_for
    from trainer.methods._base import methods

    shutil.rmtree(work, ignore_errors=True)
    rows = full_rows(case.batch, case.length)
    if case.method == HEAD:
        rows = labelled_rows(4 * case.batch, LABELS) + _long(case)
    write_rows(work / "data" / "train.jsonl", rows)
    spec = TrainSpec(
        method=case.method,
        model=str(model),
        data=Data(train="train.jsonl"),
        params={
            "batch_size": case.batch,
            "micro_batch_size": case.batch,
            "max_length": case.length,
            **case.params,
        },
        dtype=case.dtype,  # type: ignore[arg-type]
    )
    device, place = choose_device(spec), RunFolder(work)
    run = Run(spec, place, device, Journal(place.events))
    found = methods()[case.method].rehearse(run, STEPS)
    here = Device(kind=device.kind, memory=device.memory_bytes, bfloat16=case.dtype == "bfloat16")
    made = estimate_for(spec, device=here, longest=case.length, labels=LABELS)
    gc.collect()
    left = 0
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        left = torch.cuda.memory_allocated()
    return {
        "predicted_bytes": made.total_bytes,
        "measured_bytes": found["measured_bytes"],
        "ratio": round(made.total_bytes / max(found["measured_bytes"], 1), 3),
        "parts": {part.name: int(part.bytes) for part in made.memory.parts},
        "seconds_per_step": round(found["seconds_per_step"], 4),
        "left_bytes": left,
    }


def _long(case: Case) -> list[Json]:
    """Labelled rows whose question is longer than the longest length."""
    rows = full_rows(case.batch, case.length)
    for place, row in enumerate(rows):
        asked, answered = row["messages"]
        asked["content"], answered["content"] = answered["content"], f"kind {place % LABELS}"
    return rows


def summary(rows: Sequence[Json]) -> Json:
    """How near the predictions came, over all cases that ran."""
    ratios = sorted(row["ratio"] for row in rows if "ratio" in row)
    if not ratios:
        return {"cases": len(rows), "ran": 0}
    return {
        "cases": len(rows),
        "ran": len(ratios),
        "median_ratio": ratios[len(ratios) // 2],
        "lowest_ratio": ratios[0],
        "highest_ratio": ratios[-1],
        "within_10_percent": sum(abs(ratio - 1) <= 0.1 for ratio in ratios),
        "within_20_percent": sum(abs(ratio - 1) <= 0.2 for ratio in ratios),
    }
