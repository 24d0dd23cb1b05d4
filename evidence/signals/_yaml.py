"""YAML, read by PyYAML's safe loader as far as its structure; aliases are never unfolded."""

from __future__ import annotations

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from evidence.signals._fence import fences, in_fence
from evidence.signals._parsed import Parsed, at, between

LIMIT = 20_000
"""Characters; the loader needs about a second for a million of them."""
MAX_BRACKETS = 500
"""Brackets; the loader needs seconds for thousands of them inside one another."""


def read_yaml(output: str) -> Parsed | None:
    """What parsing an output as YAML comes to; None where it is too long to look at."""
    if not output.strip():
        return Parsed("invalid", "The output is empty")
    if len(output) > LIMIT or output.count("[") + output.count("{") > MAX_BRACKETS:
        return None
    found = _composed(output)
    if isinstance(found, MappingNode | SequenceNode):
        return _structure(output, found)
    for block in fences(output):
        if isinstance(_composed(block.text), MappingNode | SequenceNode):
            return in_fence(output, block, "YAML")
    return _unstructured(output, found)


def _unstructured(output: str, found: Node | yaml.MarkedYAMLError | None) -> Parsed | None:
    if found is None:
        return None
    if isinstance(found, yaml.MarkedYAMLError):
        mark = found.problem_mark
        where = at(mark.index, output) if mark else ()
        return Parsed("invalid", f"Not YAML: {found.problem}", where)
    said = "Text without any YAML structure: neither keys nor a list"
    return Parsed("invalid", said, between(0, len(output)))


def _composed(text: str) -> Node | yaml.MarkedYAMLError | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        return error
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _structure(output: str, node: Node) -> Parsed:
    """Prose with a colon reads as a mapping, so one key with spaces in it proves little."""
    doubled = _doubled_key(node)
    if doubled is not None:
        said = f"The key {doubled.value!r:.80} stands more than once"
        return Parsed("suspect", said, at(doubled.start_mark.index, output))
    if isinstance(node, MappingNode) and any(_is_prose(key) for key, _ in node.value):
        return Parsed("suspect", "Prose that happens to read as YAML", between(0, len(output)))
    return Parsed("valid", "It is YAML")


def _is_prose(key: Node) -> bool:
    return isinstance(key, ScalarNode) and len(key.value.split()) > 4


def _doubled_key(node: Node) -> Node | None:
    if not isinstance(node, MappingNode):
        return None
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, ScalarNode):
            if key.value in seen:
                return key
            seen.add(key.value)
    return None
