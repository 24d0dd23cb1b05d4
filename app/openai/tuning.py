"""Finetuning jobs as OpenAI's clients create them; `app.training` does the work."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.bodies import Body
from app.openai.errors import ApiError, missing
from app.openai.files import get_file, path_of
from app.openai.lists import after, one_more, page
from app.openai.names import KEPT, base_of, job_of
from app.openai.tuning_shapes import shown_job
from app.settings import Settings
from app.storage import TrainJob
from app.text import text_problem
from app.training.jobs import Launch, create_job
from trainer.contract import Data, TrainSpec
from trainer.methods._base import methods

METHODS = {"supervised": "sft", "dpo": "dpo", "reinforcement": "grpo"}
"""OpenAI's words for methods and ours. A method that OpenAI has no word for goes by our own."""
UNSEEKABLE = frozenset('"\\')
"""Characters that no path into JSON can hold on every database."""
LARGEST_SEED = 2**31 - 1
AUTO = "auto"
Json = dict[str, Any]


def _storable(text: str) -> str:
    if problem := text_problem(text, LONGEST_VALUE, lines=True):
        raise ValueError(problem)
    return text


LONGEST_VALUE = 512
Stored = Annotated[str, AfterValidator(_storable)]
Metadata = Annotated[
    dict[Annotated[Stored, Field(max_length=64)], Annotated[Stored, Field(max_length=512)]],
    Field(max_length=16),
]


class NewJob(Body):
    """What a job is created from."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Annotated[str, Field(min_length=1, max_length=500)]
    training_file: Annotated[str, Field(max_length=100)]
    validation_file: Annotated[str, Field(max_length=100)] | None = None
    method: dict[str, Any] | None = None
    hyperparameters: dict[str, Any] | None = None
    suffix: Annotated[Stored, Field(max_length=64)] | None = None
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] | None = None
    metadata: Metadata | None = None
    integrations: Annotated[list[Any], Field(max_length=5)] | None = None


def create(session: Session, settings: Settings, wanted: NewJob, key: str | None) -> TrainJob:
    """A new job, or the one that the same key made before. Raises ApiError or Invalid."""
    if wanted.integrations:
        words = "No integration is offered: figures stay on this server."
        raise ApiError(400, words, code="unsupported_parameter", param="integrations")
    word, given = _method_of(wanted)
    files = {"train": _data(session, settings, wanted.training_file, "training_file")}
    if wanted.validation_file:
        files["validation"] = _data(session, settings, wanted.validation_file, "validation_file")
    spec = TrainSpec(
        name=wanted.suffix or "",
        method=METHODS.get(word, word),
        model=_model_of(wanted.model),
        data=Data(train="train.jsonl", validation="validation.jsonl" if len(files) > 1 else ""),
        params=_params(METHODS.get(word, word), word, given),
        seed=_seed(wanted.seed, key),
    )
    kept = {
        "method": word,
        "hyperparameters": {name: given.get(name, AUTO) for name in COMMON},
        **wanted.model_dump(include={"training_file", "validation_file", "suffix", "metadata"}),
    }
    launch = Launch(
        spec=spec,
        files=files,
        client_key=key,
        accept_warnings=True,  # nobody is there to accept them: they are told as events
        extra={KEPT: kept},
    )
    return create_job(session, settings, launch)


def _data(session: Session, settings: Settings, file_id: str, param: str) -> Path:
    try:
        file = get_file(session, file_id)
    except ApiError as error:
        raise ApiError(400, error.message, code="file_not_found", param=param) from error
    if file.purpose != "fine-tune":
        words = f"The file must have the purpose fine-tune, and has {file.purpose}."
        raise ApiError(400, words, code="invalid_file_purpose", param=param)
    return path_of(settings, file.id)


def _model_of(name: str) -> str:
    """The base's id where the list knows it; else a folder or a hub name, which a run finds."""
    if name.startswith("ft:"):
        words = "A tuned model cannot be tuned further here: name its base model."
        raise ApiError(400, words, code="unsupported_model", param="model")
    entry = base_of(name)
    return entry.id if entry else name


def _seed(seed: int | None, key: str | None) -> int:
    """The seed that was asked for; else one of chance, for one key always the same."""
    if seed is not None:
        return seed
    if key is None:
        return secrets.randbelow(LARGEST_SEED)
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % LARGEST_SEED


# --- method and parameters --------------------------------------------------------------------

COMMON = ("n_epochs", "batch_size", "learning_rate_multiplier")
"""OpenAI's hyperparameters: how often, how many rows a step, and the factor on our own rate."""


def _method_of(wanted: NewJob) -> tuple[str, Json]:
    """OpenAI's word for the method, or ours, and the hyperparameters that were given."""
    method = wanted.method or {"type": "supervised"}
    word = method.get("type")
    offered = [*(name for name, own in METHODS.items() if own in methods()), *_own_words()]
    if not isinstance(word, str) or word not in (*METHODS, *_own_words()):
        words = f"method.type: must be one of {', '.join(offered)}"
        raise ApiError(400, words, code="invalid_value", param="method.type")
    if word not in offered:
        words = f"The method {word} is not offered by this server; there is {', '.join(offered)}."
        raise ApiError(400, words, code="unsupported_method", param="method.type")
    config = method.get(word, {})
    if not isinstance(config, dict) or set(method) - {"type", word}:
        words = f"method: holds `type`, and `{word}` with its hyperparameters"
        raise ApiError(400, words, code="invalid_value", param="method")
    given = config.get("hyperparameters")
    given = wanted.hyperparameters if given is None else given
    if set(config) - {"hyperparameters"} or not isinstance(given, dict | None):
        where = f"method.{word}"
        words = f"{where}: holds `hyperparameters`, an object"
        raise ApiError(400, words, code="invalid_value", param=where)
    return word, given or {}


def _own_words() -> list[str]:
    return [name for name in methods() if name not in METHODS.values()]


def _params(method: str, word: str, given: Mapping[str, Any]) -> Json:
    """The method's own parameters for OpenAI's; ``auto`` leaves a choice to the method."""
    shape = methods()[method].Params
    said = {name: value for name, value in given.items() if value != AUTO}
    params = {name: value for name, value in said.items() if name not in COMMON}
    where = f"method.{word}.hyperparameters"
    if "n_epochs" in said:
        params["epochs"] = _number(said["n_epochs"], f"{where}.n_epochs", whole=True)
    if "batch_size" in said:
        size = _number(said["batch_size"], f"{where}.batch_size", whole=True)
        params["batch_size"] = int(size)
        at_once = shape.model_fields["micro_batch_size"].default
        params.setdefault("micro_batch_size", min(int(size), at_once))
    if "learning_rate_multiplier" in said:
        rate = params.get("learning_rate", shape.model_fields["learning_rate"].default)
        factor = said["learning_rate_multiplier"]
        params["learning_rate"] = rate * _number(factor, f"{where}.learning_rate_multiplier")
    try:
        shape(**params)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        words = f"{where}.{place}: {first['msg']}"
        raise ApiError(400, words, code="invalid_value", param=f"{where}.{place}") from error
    return params


def _number(value: object, where: str, *, whole: bool = False) -> float:
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value <= 1_000_000:
        words = f'{where}: must be "auto" or a {"whole " if whole else ""}number above 0'
        raise ApiError(400, words, code="invalid_value", param=where)
    return value


# --- finding ----------------------------------------------------------------------------------


def list_jobs(
    session: Session,
    settings: Settings,
    *,
    cursor: str | None,
    limit: int,
    metadata: Mapping[str, str],
) -> Json:
    """A page of jobs, newest first; with ``metadata`` those that hold all of it."""
    query = select(TrainJob).where(TrainJob.deleted_at.is_(None))
    for key, value in metadata.items():
        if UNSEEKABLE & set(key) or text_problem(key + value, 2 * LONGEST_VALUE, lines=True):
            words = f"metadata: jobs cannot be sought by {key!r}"
            raise ApiError(400, words, code="invalid_value", param="metadata")
        held = TrainJob.extra[(KEPT, "metadata", key)].as_string()
        query = query.where(held == value)
    start = job_of(session, cursor) if cursor else None
    found = one_more(session, after(query, TrainJob, start), limit)
    return page(found, limit, lambda job: shown_job(settings, job))


def delete_model(session: Session, job: TrainJob | None, name: str) -> Json:
    """Let a tuned model be found no more; its job keeps its report. Raises ApiError."""
    if job is None:
        words = "Only a tuned model can be deleted."
        raise ApiError(403, words, code="model_not_deletable", param="model")
    if ":ckpt-step-" in name:
        raise missing(f"model {name[:200]!r} to delete: its checkpoints go with the model")
    kept = {**job.extra.get(KEPT, {}), "model_deleted": True}
    job.extra = {**job.extra, KEPT: kept}
    return {"id": name, "object": "model", "deleted": True}
