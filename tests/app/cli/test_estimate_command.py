from __future__ import annotations

import json

from tests.app.cli.conftest import Formfact


def test_an_estimate_shows_every_part_and_names_its_convention(formfact: Formfact) -> None:
    done = formfact("estimate", "--model", "llama-3.1-8b", "--method", "sft", "--batch", "4")
    assert done.status == 0, done.err
    assert "41,943,040 parameters" in done.out
    assert "convention fp32" in done.out
    assert "weights" in done.out
    assert "█" in done.out


def test_what_does_not_fit_is_told_with_what_would(formfact: Formfact) -> None:
    done = formfact(
        *("estimate", "--model", "llama-2-13b", "--method", "lora", "--device", "l4"),
        *("--tokens", "1e6", "--price-per-hour", "0.8"),
    )
    assert "NVIDIA L4 (22.4 GiB): does not fit." in done.out
    assert "QLoRA: the base in 4 bits" in done.out
    assert "cost about" in done.out


def test_json_has_parts_interval_and_conventions(formfact: Formfact) -> None:
    done = formfact(
        "estimate", "--model", "qwen2.5-0.5b", "--method", "full", "--memory-gb", "24", "--json"
    )
    found = json.loads(done.out)
    assert found["fits"] == "yes"
    assert found["total"]["low"] <= found["total"]["bytes"] <= found["total"]["high"]
    assert found["trained_parameters"] == found["model"]["parameters"] == 494_032_768
    assert sum(part["bytes"] for part in found["parts"]) <= found["total"]["bytes"]
    assert found["bytes_a_parameter"]["pure_16bit"] == 8


def test_serving_counts_the_cache(formfact: Formfact) -> None:
    done = formfact(
        "estimate", "--model", "qwen3-8b", "--method", "inference", "--precision", "nf4"
    )
    assert "keys and values" in done.out


def test_bad_input_is_one_line_that_says_what_and_where(formfact: Formfact) -> None:
    for arguments, words in (
        (("--model", "nope", "--method", "sft"), "--model: there is no model nope"),
        (("--model", "llama-2-7b", "--method", "lora", "--targets", "x"), "--targets: target x"),
        (("--model", "bert-base", "--method", "sft", "--device", "abacus"), "--device: device"),
        (("--model", "bert-base", "--method", "full", "--precision", "nf4"), "--precision nf4"),
    ):
        done = formfact("estimate", *arguments)
        assert done.status == 2
        assert words in done.err
        assert len(done.err.splitlines()) == 1
