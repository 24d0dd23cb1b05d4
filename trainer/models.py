"""Loads models and tokenizers: from a folder first, as safetensors, never with their own code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.catalogue import BaseModel, catalogue
from trainer.contract import TrainSpec
from trainer.device import DeviceChoice
from trainer.failures import RunFailure

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
PLAIN_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}"
    "{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
"""For base models that bring no chat template of their own."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a model is loaded from."""

    source: str
    """A folder or a hub name."""
    revision: str = ""
    entry: BaseModel | None = None

    @property
    def local(self) -> bool:
        """Whether it lies in a folder."""
        return Path(self.source).is_dir()


def find_model(name: str, revision: str = "") -> Found:
    """Where the model called ``name`` is: an id of the catalogue, a folder, or on the hub.

    Raises:
        RunFailure: ``missing_model`` where the name can be none of these.
    """
    entry = catalogue().get(name)
    if entry is not None:
        source = str(Path(entry.path).expanduser()) if entry.local else entry.hub or entry.path
        return Found(source, revision or entry.revision, entry)
    if (Path(name).expanduser() / "config.json").is_file():
        return Found(str(Path(name).expanduser()), revision)
    if HUB_NAME.fullmatch(name):
        return Found(name, revision)
    raise RunFailure(
        "missing_model",
        f"There is no model {name[:200]}: it is neither in the list of base models, nor a folder "
        "with a config.json, nor the name of one on a hub.",
    )


def load_base(spec: TrainSpec, device: DeviceChoice, **more: Any) -> PreTrainedModel:
    """The base as a causal language model on its device, in its precision.

    Raises:
        RunFailure: ``missing_model`` where it cannot be loaded.
    """
    from transformers import AutoModelForCausalLM

    model: PreTrainedModel = load_as(AutoModelForCausalLM, spec, device, **more)
    return model


def load_as(kind: Any, spec: TrainSpec, device: DeviceChoice, **more: Any) -> Any:
    """The base as a class of Transformers, such as AutoModelForSequenceClassification."""
    found = find_model(spec.model, spec.revision)
    settings = {
        "dtype": device.torch_dtype,
        "attn_implementation": device.attention,
        "use_safetensors": True,
        "trust_remote_code": False,
        **({"revision": found.revision} if found.revision and not found.local else {}),
        **more,
    }
    try:
        model = kind.from_pretrained(found.source, **settings)
    except (OSError, ValueError, KeyError) as error:
        raise missing(spec.model, error) from error
    return model if "device_map" in more else model.to(device.kind)


def load_tuned(spec: TrainSpec, device: DeviceChoice, adapter: Path) -> PreTrainedModel:
    """The trained causal model: base and adapter, or full weights where these were trained."""
    if (adapter / "adapter_config.json").is_file():
        from peft import PeftModel

        wrapped: Any = PeftModel.from_pretrained(load_base(spec, device), str(adapter))
        tuned: PreTrainedModel = wrapped.to(device.kind)
        return tuned
    return load_base(spec.model_copy(update={"model": str(adapter), "revision": ""}), device)


def load_tokenizer(spec: TrainSpec) -> PreTrainedTokenizerBase:
    """The base's tokenizer, made able to render chats and to pad.

    Raises:
        RunFailure: ``missing_model`` where it cannot be loaded.
    """
    from transformers import AutoTokenizer

    found = find_model(spec.model, spec.revision)
    revision = {"revision": found.revision} if found.revision and not found.local else {}
    try:
        tokenizer = AutoTokenizer.from_pretrained(found.source, trust_remote_code=False, **revision)
    except (OSError, ValueError, KeyError) as error:
        raise missing(spec.model, error) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE
    return tokenizer


def missing(name: str, error: Exception) -> RunFailure:
    """The failure to load a model, in words."""
    why = " ".join(str(error).split())[:300]
    return RunFailure(
        "missing_model",
        f"The model {name[:200]} could not be loaded. Give a folder with its safetensors, config "
        f"and tokenizer, or a hub name that this machine can reach. ({why})",
    )
