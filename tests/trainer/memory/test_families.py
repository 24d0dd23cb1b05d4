from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.memory.shapes import CONFIGS, LLAMA
from trainer.memory import UnknownShape, find_shape, read_shape
from trainer.memory.families import FAMILIES
from trainer.memory.known import architectures

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")

# PEFT asks Transformers by a name that goes with its version 6.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.is_gradient_checkpointing. is deprecated", "ignore:fan_in_fan_out is set to False"
)


def built(config: dict[str, Any]) -> Any:
    """The very model of Transformers, without memory for its weights."""
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    kinds: dict[str, Any] = {"t5": AutoModelForSeq2SeqLM, "bert": AutoModel, "roberta": AutoModel}
    kind = kinds.get(config["model_type"], AutoModelForCausalLM)
    with torch.device("meta"):
        return kind.from_config(AutoConfig.for_model(**config))


@pytest.mark.parametrize("words", CONFIGS)
def test_parameters_are_those_of_the_real_model(words: str) -> None:
    model, shape = built(CONFIGS[words]), read_shape(CONFIGS[words])
    assert shape.parameters == sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize("words", CONFIGS)
def test_an_adapter_on_all_linear_layers_is_as_large_as_pefts(words: str) -> None:
    peft = pytest.importorskip("peft")
    from trainer.memory import lora_parameters

    shape = read_shape(CONFIGS[words])
    targets: Any = "all-linear"
    if not shape.causal:
        targets = ["query", "key", "value", "dense"]
    settings = peft.LoraConfig(r=8, target_modules=targets)
    with torch.device("meta"):
        model = peft.get_peft_model(built(CONFIGS[words]), settings)
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    pooled = 8 * 2 * shape.hidden if shape.pooler else 0  # the pooler's own is named dense too
    assert lora_parameters(shape, 8) == trained - pooled


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("llama-2-7b", 6_738_415_616),
        ("meta-llama/Llama-3.1-8B", 8_030_261_248),
        ("Qwen2.5-0.5B", 0),
        ("qwen/qwen2.5-0.5b", 494_032_768),
        ("HuggingFaceTB/SmolLM2-135M", 134_515_008),
        ("bert-large", 335_141_888),
        ("t5-large", 737_668_096),
    ],
)
def test_well_known_models_are_found_by_name(name: str, parameters: int) -> None:
    assert find_shape(name).parameters == (parameters or 494_032_768)


def test_every_well_known_architecture_can_be_read() -> None:
    assert all(read_shape(config).parameters > 1e6 for config in architectures().values())


def test_a_folder_and_its_configuration_are_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    wanted = read_shape(LLAMA)
    assert find_shape(str(tmp_path)) == find_shape(str(tmp_path / "config.json")) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "JSON object"),
        ("{", "not JSON"),
        ('{"model_type": "mamba"}', "there is"),
        ('{"model_type": "llama", "hidden_size": "many"}', "whole number"),
        ('{"model_type": "llama", "hidden_size": 1e400}', "whole number"),
        ('{"model_type": "llama", "hidden_size": 64}', "lacks num_attention_heads"),
        ('{"model_type": "llama", "num_local_experts": 8}', "mixtures of experts"),
    ],
)
def test_a_configuration_that_cannot_be_used_says_why(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UnknownShape, match=words):
        find_shape(str(tmp_path))


def test_an_unknown_family_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownShape, match=", ".join(sorted(FAMILIES)[:3])):
        read_shape({"model_type": "rwkv"})
