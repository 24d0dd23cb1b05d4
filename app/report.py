"""The report of one piece of advice: a single offline HTML page, Markdown, or JSON.

The HTML holds everything in itself: style, pictures, no script, nothing from elsewhere. Every text
is escaped for its form, so that nothing typed into a case can change the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import templates
from advisor_rules.rulebook import Rulebook
from app import drawing
from app.log_reading import read_summary
from app.markdown import as_code, as_url, escaped, indented, spaces
from app.probe_reading import read_probe
from app.reading import read_advice
from app.run_reading import read_run
from app.words import fact_title, step_title, value_words

if TYPE_CHECKING:
    from app.advising import Difference

Form = Literal["html", "markdown", "json"]
MEDIA_TYPES: Mapping[Form, tuple[str, str]] = {
    "html": ("text/html; charset=utf-8", "html"),
    "markdown": ("text/markdown; charset=utf-8", "md"),
    "json": ("application/json", "json"),
}
"""Each form's media type and the ending of its files."""

TIMES = (
    *("seconds", "index_seconds", "queries_per_second", "index_mb"),
    "machine_hours_per_million_queries",
    *("tokens_per_second", "seconds_per_step"),
)
TEMPLATES = Path(templates.__path__[0])


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What the report says of the case that the advice is for."""

    name: str
    id: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured behind the advice, each as the part that measures it tells it."""

    log: Mapping[str, Any] | None = None
    """Summary of the failure log (``evidence.summary``)."""
    probe: Mapping[str, Any] | None = None
    """Result of the probe of retrieval (``evidence.retrieval.probe``)."""
    run: Mapping[str, Any] | None = None
    """Report of a training run (``trainer.contract.RunReport``)."""


def render(
    advice: Mapping[str, Any],
    book: Rulebook,
    *,
    form: Form,
    case: CaseSummary | None = None,
    what_changed: Difference | None = None,
    measured: Measured | None = None,
) -> str:
    """The report in one form. ``advice`` is what ``advisor_rules.serialize`` makes."""
    measured = measured or Measured()
    if form == "json":
        return _as_json(advice, case, what_changed, measured)
    environment, name = {
        "html": (html_environment, "report/report.html.j2"),
        "markdown": (markdown_environment, "report/report.md.j2"),
    }[form]
    context: dict[str, Any] = {
        "reading": read_advice(advice, book),
        "case": case,
        "log": read_summary(measured.log) if measured.log else None,
        "probe": read_probe(measured.probe) if measured.probe else None,
        "run": read_run(measured.run) if measured.run else None,
        "changed": changed_lines(what_changed, book) if what_changed else (),
        "facts_yaml": facts_yaml(advice),
        "facts_block": indented(facts_yaml(advice)),
        "replay": f"formfact recommend facts.yaml --as-of {advice['as_of']}",
    }
    if form == "html":
        style = _style()
        context |= {
            "style": Markup(style),  # noqa: S704  # our own file
            "style_hash": _digest(style),
            "ladder": drawing.ladder(advice, book),
            "evidence": drawing.net_evidence(advice, book),
        }
    return environment().get_template(name).render(context)


def changed_lines(difference: Difference, book: Rulebook) -> tuple[str, ...]:
    """What changed since the advice before, one sentence each: the step, the facts, the rules."""
    before, after = (step_title(book, step) for step in (difference.step_from, difference.step_to))
    moved = f"The step was “{before}” and is now “{after}”."
    lines = [moved if difference.step_changed else f"The step is the same: {after}."]
    for item in difference.facts_changed:
        fact = book.facts.get(item.fact)
        values = f"{value_words(fact, item.before)} before, {value_words(fact, item.after)} now"
        did_it = item.fact in (*difference.decisive, *difference.sufficient)
        alone = " This alone changes the step." if did_it else ""
        lines.append(f"{fact_title(book, item.fact)}: {values}.{alone}")
    if difference.rulebook_changed:
        alone = ", and that alone changes the step" if difference.rulebook_decisive else ""
        lines.append(f"The rulebook has changed{alone}.")
    return tuple(lines)


def facts_yaml(advice: Mapping[str, Any]) -> str:
    """The facts of the advice as a file that ``formfact recommend`` reads."""
    facts = {
        name: {key: value for key, value in stated.items() if value != ""}
        for name, stated in advice.get("facts", {}).items()
    }
    text: str = yaml.safe_dump({"facts": facts}, sort_keys=False, allow_unicode=True, width=96)
    return text


@lru_cache(maxsize=1)
def html_environment() -> Environment:
    """Templates whose every value is escaped for HTML."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def markdown_environment() -> Environment:
    """Templates whose every value is escaped for Markdown."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"code": as_code, "url": as_url, "spaces": spaces}
    return environment


@lru_cache(maxsize=1)
def _style() -> str:
    names = ("report/report.css", "static/drawing.css")
    return "\n" + "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def _digest(style: str) -> str:
    """The hash by which the page's own policy allows this style sheet and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _as_json(
    advice: Mapping[str, Any],
    case: CaseSummary | None,
    what_changed: Difference | None,
    measured: Measured,
) -> str:
    """The advice as it is, with the case, the change and what was measured beside it."""
    extra = {"case": case, "what_changed": what_changed}
    told = {name: asdict(cast(Any, value)) for name, value in extra.items() if value is not None}
    parts = {"failure_log": measured.log, "probe": measured.probe, "run": measured.run}
    told |= {name: _without_times(part) for name, part in parts.items() if part}
    return json.dumps({**advice, **told}, indent=2, ensure_ascii=False) + "\n"


def _without_times(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part without what differs from run to run: seconds, speeds, memory."""
    return {
        key: _without_times(value) if isinstance(value, Mapping) else value
        for key, value in part.items()
        if key not in TIMES
    }
