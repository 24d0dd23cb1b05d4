"""Say how much memory, time and money a training job takes, without a GPU."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import json_option
from app.cli.problems import BadInput

if TYPE_CHECKING:
    from trainer.memory import JobEstimate

METHODS = ("sft", "lora", "qlora", "full", "classification_head", "inference")
PRECISIONS = ("float32", "bfloat16", "float16", "int8", "nf4", "nf4_double")
CONVENTIONS = ("pure_16bit", "qlora_paper", "fp32", "zero_16", "zero", "amp")
AT_LEAST_1 = click.IntRange(1, 2**31)


@click.command("estimate")
@click.option("--model", required=True, help="Name, folder, or config.json of the base model.")
@click.option(
    "--method",
    required=True,
    type=click.Choice(METHODS),
    help="sft and classification_head train an adapter (lora) as jobs do by default.",
)
@click.option("--rank", type=AT_LEAST_1, default=16, show_default=True, help="Of LoRA.")
@click.option(
    "--targets",
    default="all-linear",
    show_default=True,
    help="Matrices that LoRA adapts, separated by commas: q_proj, or a role such as q.",
)
@click.option("--batch", type=AT_LEAST_1, default=1, show_default=True, help="Rows at once.")
@click.option("--length", type=AT_LEAST_1, default=1024, show_default=True, help="Tokens a row.")
@click.option("--precision", type=click.Choice(PRECISIONS), default="bfloat16", show_default=True)
@click.option("--recompute/--keep", default=True, help="Compute activations again, or keep them.")
@click.option(
    "--accumulate/--no-accumulate", default=False, help="Gradients of several batches are summed."
)
@click.option(
    "--optimizer",
    type=click.Choice(["adamw", "adamw_8bit", "momentum", "sgd"]),
    default="adamw",
    show_default=True,
)
@click.option(
    "--convention", type=click.Choice(CONVENTIONS), help="What is counted where all is trained."
)
@click.option("--labels", type=AT_LEAST_1, help="Classes, with classification_head.")
@click.option("--device", help="An accelerator such as l4, a100-80gb or h100.")
@click.option("--memory-gb", type=click.FloatRange(0), help="Of your device, in 10^9 bytes.")
@click.option("--tflops", type=click.FloatRange(0), help="Peak of your device.")
@click.option("--price-per-hour", type=click.FloatRange(0), help="Of the device.")
@click.option(
    "--tokens", type=click.FloatRange(0), help="Trained on in all: rows × length × epochs."
)
@json_option
def command(model: str, **given: Any) -> None:
    """Estimate what training --model with --method takes: memory by part, whether it fits, time.

    The memory is that of one device at the moment that needs most. Names the convention that
    weights are counted by: published figures for one model differ by more than a factor of two.
    """
    found = _judged(model, given)
    click.echo(
        json.dumps(_json(model, given["method"], found))
        if given["as_json"]
        else _text(model, found)
    )


def _judged(model: str, given: dict[str, Any]) -> JobEstimate:
    from trainer.memory import UnknownDevice, UnknownShape, judge, shape_of

    try:
        shape = shape_of(model)
        return judge(shape, _plan(given), _device(given), tokens=given["tokens"])
    except UnknownShape as error:
        option = "--targets" if str(error).startswith("target ") else "--model"
        raise BadInput(f"{option}: {error}") from error
    except UnknownDevice as error:
        raise BadInput(f"--device: {error}; or give --memory-gb and --tflops") from error


def _plan(given: dict[str, Any]) -> Any:
    from trainer.memory import Plan

    method, precision = given["method"], given["precision"]
    tuning = {"sft": "lora", "classification_head": "lora"}.get(method, method)
    if tuning == "full" and precision in ("int8", "nf4", "nf4_double"):
        raise BadInput(f"--precision {precision}: all weights cannot be trained in so few bits")
    compute: Any = precision if precision in ("float32", "float16") else "bfloat16"
    targets = tuple(part.strip() for part in given["targets"].split(",") if part.strip())
    return Plan(
        tuning=tuning,
        precision=precision,
        compute=compute,
        autocast=compute != "float32" and given["convention"] != "pure_16bit",
        adapter="bfloat16" if tuning == "qlora" else "float32",
        convention=given["convention"] or "",
        optimizer=given["optimizer"],
        rank=given["rank"],
        targets="all-linear" if targets == ("all-linear",) else targets,
        batch=given["batch"],
        length=given["length"],
        checkpointing="full" if given["recompute"] else "none",
        gradients_stay=given["accumulate"],
        labels=(given["labels"] or 2) if method == "classification_head" else 0,
    )


def _device(given: dict[str, Any]) -> Any:
    from dataclasses import replace

    from trainer.memory import Device, device_named

    device = device_named(given["device"]) if given["device"] else Device(name="your device")
    return replace(
        device,
        memory=given["memory_gb"] * 1e9 if given["memory_gb"] is not None else device.memory,
        tflops=device.tflops if given["tflops"] is None else given["tflops"],
        price=given["price_per_hour"] or 0,
    )


def _text(model: str, found: JobEstimate) -> str:
    from app.cli.estimate_text import estimate_text

    return estimate_text(model, found)


def _json(model: str, method: str, found: JobEstimate) -> dict[str, Any]:
    from trainer.memory.conventions import CONVENTIONS as KNOWN

    memory, shape = found.memory, found.shape
    return {
        "model": {"name": model, "family": shape.family, "parameters": memory.parameters},
        "method": method,
        "plan": asdict(found.plan),
        "parts": [
            {"part": one.name, "bytes": int(one.bytes), "words": one.words} for one in memory.parts
        ],
        "total": {"bytes": int(memory.total), "low": int(memory.low), "high": int(memory.high)},
        "allocated_bytes": int(memory.allocated),
        "trained_parameters": memory.trained,
        "convention": asdict(memory.convention),
        "bytes_a_parameter": {name: one.total for name, one in KNOWN.items()},
        "device": asdict(found.device),
        "fits": found.fits,
        "remedies": [
            {"change": one.words, "bytes": int(one.estimate.total), "fits": one.fits}
            for one in found.remedies
        ],
        "duration": asdict(found.duration) if found.duration else None,
    }
