"""Signals: what can be observed on one failure record, one detector a module.

A detector is a module of this folder (not starting with an underscore) with

- a docstring: what it looks at and what it returns;
- ``SIGNALS``: the ids of the signals that it measures, each described in
  ``advisor_rules/knowledge/signals``, its words for what it cannot see included;
- ``detect(view)``: yields an ``Observation`` for each signal that could be measured. One that it
  does not yield is *not measured*, which is never the same as false;
- optionally ``NEEDS``: the package of an extra without which nothing is measured, and ``SLOW =
  True`` where it loads a model and runs only when asked for.

Detectors are found by folder; there is no list to add one to.
"""

from evidence.signals._base import Detector, Observation, Span, detectors, observe

__all__ = ["Detector", "Observation", "Span", "detectors", "observe"]
