from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.trainer.toy import make_base
from trainer.contract import Data, TrainSpec
from trainer.device import choose_device
from trainer.failures import RunFailure
from trainer.joining import keeps_apart
from trainer.models import find_model, load_base, load_tokenizer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


def spec(model: str) -> TrainSpec:
    return TrainSpec(model=model, data=Data(train="t"), device="cpu", threads=1)


def test_a_folder_comes_before_the_hub(base: Path) -> None:
    assert find_model(str(base)).local
    assert not find_model("Qwen/Qwen3-0.6B").local
    assert find_model("qwen3-0.6b").source == "Qwen/Qwen3-0.6B"


@pytest.mark.parametrize("name", ["../../etc", "/nowhere", "a b", "", "https://x.org/m", "a/b/c"])
def test_a_name_that_can_be_no_model_is_refused(name: str) -> None:
    with pytest.raises(RunFailure) as refused:
        find_model(name)
    assert refused.value.code == "missing_model"


def test_pickled_weights_are_not_loaded(base: Path, tmp_path: Path) -> None:
    for path in base.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    model = load_base(spec(str(base)), choose_device(spec(str(base))))
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(RunFailure) as refused:
        load_base(spec(str(tmp_path)), choose_device(spec(str(tmp_path))))
    assert refused.value.code == "missing_model"


def test_rows_in_one_line_do_not_read_one_another(base: Path) -> None:
    model = load_base(spec(str(base)), choose_device(spec(str(base))))
    assert keeps_apart(model)


def test_a_tokenizer_can_pad_and_render_chats(base: Path) -> None:
    tokenizer = load_tokenizer(spec(str(base)))
    assert tokenizer.pad_token_id is not None
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert str(text).endswith("<|im_start|>assistant\n")


def test_threads_of_an_earlier_start_are_kept() -> None:
    assert choose_device(spec("any"), threads=3).threads == 3
    assert choose_device(spec("any")).threads == 1
