"""Builds, trains and asks sequence classifiers: Transformers' trainer with PEFT, resumable.

After training the scores are calibrated on the validation rows, and the temperature is put into the
head's own weights: wherever it is served, its probabilities mean the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    TrainingArguments,
)

from trainer.calibration import Floats, quality, temperature_for
from trainer.chat_rows import read_rows
from trainer.context import Run
from trainer.contract import write_whole
from trainer.dataset.rows import Row
from trainer.failures import RunFailure
from trainer.generate import Answer
from trainer.head_params import Params, params_from
from trainer.loop import Course, arguments, course, fit, rehearse
from trainer.models import load_as
from trainer.resumable import Resumable
from trainer.weights import replace_folder, weights_hash

LABELS, CALIBRATION = "labels.json", "calibration.json"
MOST_VALIDATED = 500
"""Rows that validation loss is computed on while training."""
AT_ONCE = 64
"""Texts that are read in one pass when nothing is trained."""
Before = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as tokens, and the place of each one's label."""

    ids: list[list[int]]
    labels: list[int]

    def dataset(self) -> Dataset:
        """For a trainer."""
        return Dataset.from_dict({"input_ids": self.ids, "labels": self.labels})

    def of(self, places: Sequence[int]) -> Texts:
        """Those at some places."""
        return Texts([self.ids[one] for one in places], [self.labels[one] for one in places])


# --- training ---------------------------------------------------------------------------------


def fit_head(run: Run) -> dict[str, Any]:
    """Train, calibrate, save, and say how it went."""
    params = params_from(run.spec.params)
    labels = labels_of(run)
    train, validation = (_texts(run, part, labels) for part in ("train", "validation"))
    way = course(params, len(train.ids))
    shown = validation.of(range(min(len(validation.ids), MOST_VALIDATED)))
    trainer, figures = fit(run, lambda root: _trainer(run, params, (train, shown), way, root))
    model: Any = trainer.model
    calibration = _calibrate(run, model, labels)
    _save(run, model, labels, calibration)
    return {
        **figures,
        "labels": len(labels),
        "calibration": calibration,
        "weights_hash": weights_hash(run.folder.adapter),
    }


def rehearse_head(run: Run, steps: int) -> dict[str, Any]:
    """Train steps that are forgotten: the first on the longest texts, the others on usual ones."""
    params = params_from(run.spec.params)
    labels = labels_of(run)
    train = _texts(run, "train", labels)
    way = replace(course(params, len(train.ids)), steps=steps, warmup=0)
    each = way.micro * way.accumulate
    order = sorted(range(len(train.ids)), key=lambda place: -len(train.ids[place]))
    middle = order[max(0, len(order) // 2 - each // 2) :]
    places = [order[one % len(order)] for one in range(each)]
    places += [middle[one % len(middle)] for one in range(each * (steps - 1))]
    some = train.of(places)

    def build(root: Path) -> Resumable:
        trainer = _trainer(run, params, (some, Texts([], [])), way, root, keep=False)
        trainer.group_rows = 0
        return trainer

    found = rehearse(run, build)
    shutil.rmtree(run.folder.root / ".rehearsal", ignore_errors=True)
    return {**found, "longest": len(train.ids[order[0]]), "labels": len(labels)}


def _trainer(
    run: Run,
    params: Params,
    data: tuple[Texts, Texts],
    way: Course,
    root: Path,
    *,
    keep: bool = True,
) -> Resumable:
    train, validation = data
    settings = arguments(run, params, way, root) | {
        "label_names": ["labels"],
        **({} if validation.ids else {"eval_strategy": "no"}),
        **({} if keep else {"save_strategy": "no"}),
    }
    torch.manual_seed(run.spec.seed)  # the head begins at random
    trainer = Resumable(
        model=_untrained(run, params),
        args=TrainingArguments(**settings),
        train_dataset=train.dataset(),
        eval_dataset=validation.dataset() if validation.ids else None,
        data_collator=DataCollatorWithPadding(run.tokenizer()),
        processing_class=run.tokenizer(),
    )
    trainer.group_rows = way.micro
    return trainer


def _untrained(run: Run, params: Params) -> Any:
    if params.adapter == "full":
        return head_of(_exactly(run))
    from peft import LoraConfig, TaskType, get_peft_model

    settings = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=params.rank,
        lora_alpha=params.alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
    )
    return get_peft_model(head_of(run), settings)


def _exactly(run: Run) -> Run:
    """The run with all weights in float32: steps drown in fewer bits."""
    return replace(run, device=replace(run.device, dtype="float32"))


def head_of(run: Run, labels: Sequence[str] | None = None) -> Any:
    """The base with an untrained head for the labels, those of the training rows by default."""
    names = list(labels or labels_of(run))
    model = load_as(
        AutoModelForSequenceClassification,
        run.spec,
        run.device,
        num_labels=len(names),
        id2label=dict(enumerate(names)),
        label2id={name: place for place, name in enumerate(names)},
    )
    model.config.pad_token_id = run.tokenizer().pad_token_id
    return model


def labels_of(run: Run) -> list[str]:
    """The labels: every target of the training rows, in order of names.

    Raises:
        RunFailure: ``bad_data`` where the targets are no labels.
    """
    targets = [row.target.strip() for row in read_rows(run, "train")]
    names = sorted(set(targets))
    if len(names) < 2:
        raise RunFailure("bad_data", "A classification head needs rows of two labels or more.")
    if len(names) > len(targets) / 2:
        raise RunFailure(
            "bad_data",
            f"There are {len(names):,} different answers in {len(targets):,} rows: these are texts "
            "and no labels. Take supervised finetuning, or answer with labels alone.",
        )
    return names


def _texts(run: Run, part: str, labels: Sequence[str]) -> Texts:
    """A part as tokens; rows with a label that is not learnt are left out."""
    places = {name: place for place, name in enumerate(labels)}
    rows = [row for row in read_rows(run, part) if row.target.strip() in places]
    return Texts(tokens_of(run, rows), [places[row.target.strip()] for row in rows])


def tokens_of(run: Run, rows: Sequence[Row]) -> list[list[int]]:
    """The question of each row as tokens, cut to the longest length."""
    if not rows:
        return []
    params = params_from(run.spec.params)
    made = run.tokenizer()(
        [row.question for row in rows], truncation=True, max_length=params.max_length
    )
    ids: list[list[int]] = made["input_ids"]
    return ids


# --- calibrating ------------------------------------------------------------------------------


def _calibrate(run: Run, model: Any, labels: Sequence[str]) -> dict[str, Any] | None:
    """Find the temperature on validation, put it into the head, and say what it did on test."""
    validation = _texts(run, "validation", labels)
    if not validation.ids:
        run.warn("calibration", "No validation rows: the probabilities are not calibrated.")
        return None
    scores = scores_of(run, model, validation.ids)
    temperature = temperature_for(scores, np.array(validation.labels))
    test = _texts(run, "test", labels)
    part, seen = ("test", test) if test.ids else ("validation", validation)
    scores = scores if seen is validation else scores_of(run, model, seen.ids)
    truth = np.array(seen.labels)
    _divide(model, temperature)
    return {
        "temperature": temperature,
        "fitted_on": len(validation.ids),
        "measured_on": part,
        "before": asdict(quality(scores, truth)),
        "after": asdict(quality(scores, truth, temperature)),
    }


def _divide(model: Any, temperature: float) -> None:
    """Divide the scores by the temperature, in the weights of the layer that makes them."""
    count = model.config.num_labels
    layers = [
        layer
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear)
        and layer.out_features == count
        and layer.weight.requires_grad
    ]
    with torch.no_grad():
        for value in layers[-1].parameters():
            value.div_(temperature)


def _save(run: Run, model: Any, labels: list[str], calibration: dict[str, Any] | None) -> None:
    """Leave adapter and head with tokenizer and labels, whole or not at all."""
    draft = run.folder.root / ".adapter"
    shutil.rmtree(draft, ignore_errors=True)
    model.save_pretrained(str(draft))
    run.tokenizer().save_pretrained(str(draft))
    write_whole(draft / LABELS, json.dumps(labels, ensure_ascii=False))
    if calibration:
        write_whole(draft / CALIBRATION, json.dumps(calibration))
    replace_folder(draft, run.folder.adapter)


# --- asking -----------------------------------------------------------------------------------


def tuned_head(run: Run) -> Any:
    """The trained classifier on the run's device."""
    folder = run.folder.adapter
    labels = json.loads((folder / LABELS).read_text(encoding="utf-8"))
    if not (folder / "adapter_config.json").is_file():
        return head_of(_based_on(run, folder), labels)
    from peft import PeftModel

    return PeftModel.from_pretrained(head_of(run, labels), str(folder)).to(run.device.kind)


def _based_on(run: Run, folder: Path) -> Run:
    return replace(run, spec=run.spec.model_copy(update={"model": str(folder), "revision": ""}))


def labelled(run: Run, rows: Sequence[Row], before: Before) -> list[Answer]:
    """The likeliest label of each row by the trained head, with its log-probability."""
    labels = json.loads((run.folder.adapter / LABELS).read_text(encoding="utf-8"))
    ids = tokens_of(run, rows)
    scores = torch.tensor(scores_of(run, tuned_head(run), ids, before)).log_softmax(-1)
    found = zip(scores.amax(-1).tolist(), scores.argmax(-1).tolist(), strict=True)
    return [Answer(labels[place], (place,), (worth,)) for worth, place in found]


def scores_of(
    run: Run, model: Any, ids: list[list[int]], before: Before = lambda done: None
) -> Floats:
    """The head's scores: shape (texts, labels)."""
    model.eval()
    found = np.zeros((len(ids), model.config.num_labels))
    for places, batch in _batches(run, ids, before):
        with torch.inference_mode():
            found[places] = model(**batch).logits.float().cpu().numpy()
    return found


def nearest(run: Run, rows: Sequence[Row], before: Before) -> list[Answer]:
    """The label whose name is nearest to the text, by cosine of the untrained encoder's means."""
    labels = labels_of(run)
    model = load_as(AutoModel, run.spec, run.device)
    model.eval()
    names = run.tokenizer()([_spoken(label) for label in labels], truncation=True, max_length=64)
    known = _embedded(run, model, names["input_ids"], lambda done: None)
    asked = _embedded(run, model, tokens_of(run, rows), before)
    return [Answer(labels[place]) for place in (asked @ known.T).argmax(axis=1).tolist()]


def _spoken(label: str) -> str:
    """A label as words: what programs write with underscores and hyphens."""
    return label.replace("_", " ").replace("-", " ").strip()


def _embedded(run: Run, model: Any, ids: list[list[int]], before: Before) -> Floats:
    """Means of the last layer over each text's tokens, of length 1: shape (texts, width)."""
    found = np.zeros((len(ids), model.config.hidden_size))
    for places, batch in _batches(run, ids, before):
        with torch.inference_mode():
            last = model(**batch).last_hidden_state.float()
        mask = batch["attention_mask"].unsqueeze(-1)
        mean = (last * mask).sum(1) / mask.sum(1)
        found[places] = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
    return found


def _batches(run: Run, ids: list[list[int]], before: Before) -> Iterator[tuple[list[int], Any]]:
    """Texts of like length together, longest first, with their places."""
    order = sorted(range(len(ids)), key=lambda place: (-len(ids[place]), place))
    for start in range(0, len(order), AT_ONCE):
        before(start)
        places = order[start : start + AT_ONCE]
        padded = run.tokenizer().pad(
            {"input_ids": [ids[place] for place in places]}, return_tensors="pt"
        )
        yield places, padded.to(run.device.kind)
