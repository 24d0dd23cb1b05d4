"""Run the bundled case offline, from answers to report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from advisor_rules.rulebook import Rulebook
    from app.demo.case import Answers
    from app.report import Form

NAMES: dict[Form, str] = {"json": "report.json", "markdown": "report.md", "html": "report.html"}
LABELLED = "labelled.jsonl"


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Folder for the report.",
)
def command(out: Path) -> None:
    """Run the main job on a bundled real case: a helper bot for Python's standard library.

    Reads the team's answers, diagnoses the failure log, measures the documents (the
    docstrings of this very Python), recommends, and writes the report and labelled.jsonl.
    """
    from advisor_rules import default_rulebook
    from app.cli.log_text import log_text
    from app.cli.screen import advice_text
    from app.demo.case import read_answers
    from app.reading import read_advice

    book, answers = default_rulebook(), read_answers()
    summary = _diagnosis(book, out)
    advice = _advise(answers, summary, book)
    written = _write(advice, summary, book, answers, out)
    click.echo(log_text(summary))
    click.echo()
    click.echo(advice_text(read_advice(advice, book)))
    click.echo()
    click.echo(f"Report: {written}")


def _diagnosis(book: Rulebook, out: Path) -> dict[str, Any]:
    """Diagnose the bundled failure log, and write a line for each of its records."""
    from app.demo.case import FAILURES
    from app.log_run import diagnose_file

    out.mkdir(parents=True, exist_ok=True)
    summary = diagnose_file(FAILURES, book, out / LABELLED)
    click.echo(f"Failure log: {summary['records']} records diagnosed", err=True)
    return summary


def _advise(answers: Answers, summary: dict[str, Any], book: Rulebook) -> dict[str, Any]:
    from advisor_rules import advise
    from advisor_rules.serialize import advice_to_dict
    from app.demo.case import FAILURES, measured_facts
    from app.demo.documents import standard_library_documents
    from evidence.reading.whole import read_whole

    click.echo(f"Case: {answers.title}, {len(answers.facts)} answers", err=True)
    documents = standard_library_documents()
    click.echo(f"Documents: {len(documents):,} docstrings", err=True)
    measured = measured_facts(summary, read_whole(FAILURES).records, documents, book)
    return advice_to_dict(advise({**answers.facts, **measured}, rulebook=book), book)


def _write(
    advice: dict[str, Any], summary: dict[str, Any], book: Rulebook, answers: Answers, out: Path
) -> Path:
    """Write the report in every form, all of them made before the first is written."""
    from app.files import write_atomically
    from app.report import CaseSummary, render

    case = CaseSummary(name=answers.title)
    texts = {form: render(advice, book, form=form, case=case, log=summary) for form in NAMES}
    for form, text in texts.items():
        write_atomically(out / NAMES[form], text)
    return out / NAMES["html"]
