"""Instructions that a program can check, such as "no commas" or "at least 300 words".

Looks at records whose format is of the type ``ifeval``: ``instruction_id_list`` and, for each of
them, ``kwargs``. The instructions are those of IFEval (Zhou et al., Instruction-Following
Evaluation for Large Language Models, arXiv 2311.07911), checked strictly, and those that M-IFEval
(arXiv 2502.04688) adds for Spanish, French and Japanese. Returns whether all of them were followed,
what kind of instruction was broken, and how many could not be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evidence.signals._base import Observation
from evidence.signals._instructions import Checked, checks, gravest_kind, spans_of_all
from evidence.signals._instructions_base import Reply, Verdict
from evidence.view import RecordView

SIGNALS = ("instructions_followed", "instruction_broken_kind", "instructions_not_measured")
MAX_CHARS = 200_000
"""Longer outputs are not measured."""
MAX_INSTRUCTIONS = 30
LANGUAGES = frozenset({"en", "es", "fr", "ja", "ca"})
KANA = ("ぁ", "ヺ")


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
    spans = spans_of_all(verdict for _, verdict in broken)
    yield Observation("instructions_followed", False, detail, spans)
    kind = gravest_kind(name for name, _ in broken)
    yield Observation("instruction_broken_kind", kind, detail, spans)


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
