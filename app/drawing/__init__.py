"""Accessible SVG pictures: they read in words, in shapes and in light or dark."""

from app.drawing.interval import interval
from app.drawing.ladder import ladder
from app.drawing.net_evidence import net_evidence
from app.drawing.over_time import over_time
from app.drawing.saturation import saturation

__all__ = ["interval", "ladder", "net_evidence", "over_time", "saturation"]
