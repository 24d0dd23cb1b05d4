"""Instructions that a program can check, such as "no commas" or "at least 300 words".

Looks at records whose format is of the type ``ifeval``: ``instruction_id_list`` and, for each of
them, ``kwargs``. The instructions are those of IFEval (Zhou et al., Instruction-Following
Evaluation for Large Language Models, arXiv 2311.07911), checked strictly, and those that M-IFEval
(arXiv 2502.04688) adds for Spanish, French and Japanese. Returns whether all of them were followed,
what kind of instruction was broken, and how many could not be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from evidence.signals._base import Observation
from evidence.signals._instructions_base import MAX_SPANS, Check, Reply, Verdict
from evidence.view import RecordView

SIGNALS = ("instructions_followed", "instruction_broken_kind", "instructions_not_measured")
MAX_CHARS = 200_000
"""Longer outputs are not measured."""
MAX_INSTRUCTIONS = 30
LANGUAGES = frozenset({"en", "es", "fr", "ja", "ca"})
KANA = ("ぁ", "ヺ")

KINDS: Mapping[str, str] = {
    "detectable_format:json_format": "malformed_output",
    "detectable_format": "format_not_followed",
    "startend": "format_not_followed",
    "length_constraints": "verbosity_or_length",
    "punctuation": "style",
    "change_case": "style",
    "language": "style",
}
OTHER_KIND = "instruction_not_followed"
GRAVEST_FIRST = (
    "malformed_output",
    "format_not_followed",
    "verbosity_or_length",
    "style",
    OTHER_KIND,
)
"""Where instructions of several kinds are broken, the one that a parser or reader meets first."""

Checked = tuple[str, Verdict | None]


def detect(view: RecordView) -> Iterator[Observation]:
    """Whether the instructions of the record's format were followed."""
    if view.format_type != "ifeval" or len(view.output) > MAX_CHARS:
        return
    checked = tuple(_checked(view))
    broken = [(name, verdict) for name, verdict in checked if verdict and not verdict.kept]
    unknown = [name for name, verdict in checked if verdict is None]
    if unknown:
        names = ", ".join(name[:60] for name in unknown)
        yield Observation("instructions_not_measured", len(unknown), f"not checked: {names}")
    if broken:
        yield from _broken(broken)
    elif checked and not unknown:
        yield Observation("instructions_followed", True, f"{len(checked)} instructions hold")


def _broken(broken: list[tuple[str, Verdict]]) -> Iterator[Observation]:
    detail = "; ".join(verdict.said for _, verdict in broken)
    spans = tuple(span for _, verdict in broken for span in verdict.spans)[:MAX_SPANS]
    yield Observation("instructions_followed", False, detail, spans)
    kind = min((kind_of(name) for name, _ in broken), key=GRAVEST_FIRST.index)
    yield Observation("instruction_broken_kind", kind, detail, spans)


def kind_of(name: str) -> str:
    """The kind of failure that breaking an instruction is; ``name`` is its id."""
    return KINDS.get(name) or KINDS.get(name.partition(":")[0], OTHER_KIND)


def _checked(view: RecordView) -> Iterator[Checked]:
    """Every instruction by its id and how it went; None where it could not be checked."""
    names, options = view.format.get("instruction_id_list"), view.format.get("kwargs")
    if not isinstance(names, list) or not 0 < len(names) <= MAX_INSTRUCTIONS:
        return
    given: Iterable[Any] = options if isinstance(options, list) else ()
    given = (*given, *({} for _ in names))
    usual = _usual_language(view)
    for name, chosen in zip(names, given, strict=False):
        if isinstance(name, str):
            yield _check(name, chosen if isinstance(chosen, dict) else {}, view.output, usual)
        else:
            yield "an instruction without a name", None


def _check(name: str, options: Mapping[str, Any], text: str, usual: str) -> Checked:
    prefix, _, rest = name.partition(":")
    language, bare = (prefix, rest) if prefix in LANGUAGES else (usual, name)
    check = checks().get(bare)
    return bare, check(Reply(text, language), options) if check else None


def _usual_language(view: RecordView) -> str:
    """The language of instructions whose ids do not say it; Japanese shows by its kana."""
    stated = view.format.get("language")
    if isinstance(stated, str) and stated in LANGUAGES:
        return stated
    if view.question.isascii():
        return "en"
    return "ja" if any(KANA[0] <= letter <= KANA[1] for letter in view.question[:2000]) else "en"


@lru_cache(maxsize=1)
def checks() -> Mapping[str, Check]:
    """Every check by the id of its instruction, from the modules ``_instructions_*``."""
    found: dict[str, Check] = {}
    for item in iter_modules([str(Path(__file__).parent)]):
        if item.name.startswith("_instructions_"):
            module = import_module(f"evidence.signals.{item.name}")
            found |= getattr(module, "CHECKS", {})
    return found
