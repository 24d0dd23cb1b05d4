"""How many parameters LoRA trains: r × (d_in + d_out) for every adapted matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trainer.memory.shapes import Matrix, ModelShape, UnknownShape

ALL_LINEAR = "all-linear"
"""As in PEFT: every linear layer except the language model's head."""
ROLES = {"query": "q", "key": "k", "value": "v", "attention output": "o"}
"""Other words for what a matrix is there for."""


def adapted(shape: ModelShape, targets: str | Iterable[str]) -> tuple[Matrix, ...]:
    """The matrices that LoRA adapts; of a fused one only the parts that are named by role.

    A target is the name of a module (``q_proj``), or a role (``q``, ``value``, ``down``).

    Raises:
        UnknownShape: a target that the model does not have.
    """
    if targets == ALL_LINEAR:
        return shape.matrices
    names = [targets] if isinstance(targets, str) else list(targets)
    found = [one for name in names for one in _named(shape, name)]
    return tuple(dict.fromkeys(found))


def _named(shape: ModelShape, target: str) -> Iterator[Matrix]:
    name = target.rpartition(".")[2]
    matches = [one for one in shape.matrices if one.name == name]
    matches = matches or [_part(one, ROLES.get(name, name)) for one in _holders(shape, name)]
    if not matches:
        there = ", ".join(dict.fromkeys(one.name for one in shape.matrices))
        raise UnknownShape(f"target {target[:60]}: the model has {there}")
    yield from matches


def _holders(shape: ModelShape, name: str) -> Iterator[Matrix]:
    return shape.by_role(ROLES.get(name, name))


def _part(matrix: Matrix, role: str) -> Matrix:
    """The part of a fused matrix that has a role, as an adapter of its own would see it."""
    if role not in matrix.parts:
        return matrix
    return Matrix(f"{matrix.name}:{role}", matrix.d_in, matrix.parts[role], matrix.count, role)


def lora_parameters(shape: ModelShape, rank: int, targets: str | Iterable[str] = ALL_LINEAR) -> int:
    """Parameters of adapters of a rank on these targets."""
    return sum(
        parameters_on(one.d_in, one.d_out, rank, one.count) for one in adapted(shape, targets)
    )


def parameters_on(d_in: int, d_out: int, rank: int, count: int = 1) -> int:
    """Parameters of ``count`` adapters on matrices of one size: A is r × d_in, B is d_out × r."""
    return count * rank * (d_in + d_out)
