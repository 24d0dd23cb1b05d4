"""The hash of trained weights, and safetensors on disk."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path


def weights_hash(folder: Path) -> str:
    """SHA-256 over all tensors of a folder's safetensors by name: name, kind, shape, bytes."""
    import torch
    from safetensors import safe_open

    total = hashlib.sha256()
    tensors: dict[str, Path] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            tensors |= dict.fromkeys(file.keys(), path)
    for name in sorted(tensors):
        with safe_open(tensors[name], framework="pt") as file:
            tensor = file.get_tensor(name).contiguous()
        total.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        total.update(tensor.view(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def replace_folder(draft: Path, final: Path) -> None:
    """Put a finished folder in its place; whoever looks finds the old one, none, or the new one."""
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    draft.rename(final)
    shutil.rmtree(old, ignore_errors=True)
