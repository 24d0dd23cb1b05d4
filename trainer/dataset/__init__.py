"""Rows of chat to learn from: read, checked, split, before any GPU time."""

from trainer.dataset.parts import PARTS, BadData, prepare

__all__ = ["PARTS", "BadData", "prepare"]
