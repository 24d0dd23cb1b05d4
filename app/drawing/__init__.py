"""Accessible SVG pictures of advice: they read in words, in shapes and in light or dark."""

from app.drawing.ladder import ladder
from app.drawing.net_evidence import net_evidence

__all__ = ["ladder", "net_evidence"]
