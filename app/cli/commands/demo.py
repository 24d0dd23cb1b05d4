"""Run the bundled case offline, from answers to report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.extras import need_retrieval, need_training

if TYPE_CHECKING:
    from advisor_rules.rulebook import Rulebook
    from app.demo.case import Answers
    from app.report import Form, Measured

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
@click.option(
    "--train",
    is_flag=True,
    help="Also train a tiny model on the form that failed: minutes, more the first time.",
)
def command(out: Path, train: bool) -> None:
    """Run the main job on a bundled real case: a helper bot for Python's standard library.

    Reads the team's answers, diagnoses the failure log, probes the documents (the docstrings of
    this very Python) with every retriever that is installed, recommends, and writes the report
    and labelled.jsonl.
    """
    from advisor_rules import default_rulebook
    from app.cli.log_text import log_text
    from app.cli.probe_text import probe_text
    from app.cli.screen import advice_text
    from app.demo.case import read_answers
    from app.reading import read_advice
    from app.report import Measured

    need_retrieval("formfact demo")
    book, answers = default_rulebook(), read_answers()
    summary = _diagnosis(book, out)
    probed = _probed(answers, book)
    advice = _advise(answers, summary, probed, book)
    run = _trained(out) if train else None
    written = _write(advice, Measured(summary, probed, run), book, answers, out)
    for text in (log_text(summary), probe_text(probed), advice_text(read_advice(advice, book))):
        click.echo(f"{text}\n")
    click.echo(f"Report: {written}")


def _diagnosis(book: Rulebook, out: Path) -> dict[str, Any]:
    """Diagnose the bundled failure log, and write a line for each of its records."""
    from app.demo.case import FAILURES
    from app.log_run import diagnose_file

    out.mkdir(parents=True, exist_ok=True)
    summary = diagnose_file(FAILURES, book, out / LABELLED)
    click.echo(f"Failure log: {summary['records']} records diagnosed", err=True)
    return summary


def _probed(answers: Answers, book: Rulebook) -> dict[str, Any]:
    """Search the documents for the questions of the log, with every retriever that can run."""
    from app.cli.stages import Stages
    from app.demo.case import records
    from app.demo.documents import standard_library_documents
    from app.demo.retrieval import COMPARED, installed, probe_docstrings
    from evidence.retrieval.verdict import limits_within

    documents, names, stages = standard_library_documents(), installed(), Stages()
    click.echo(f"Documents: {len(documents):,} docstrings, with {', '.join(names)}", err=True)
    if absent := [name for name in COMPARED if name not in names]:
        click.echo(f"Not installed: {', '.join(absent)} (the extra embedding)", err=True)
    limits = limits_within(book.limits(book.latest()), answers.facts["context_window_tokens"])
    result = probe_docstrings(documents, records(), names, limits, stages.at)
    stages.end()
    return result


def _trained(out: Path) -> dict[str, Any]:
    """Train an adapter on the form that failed, and measure whether it helped."""
    from app.cli.problems import BadInput
    from app.cli.train_text import Teller
    from app.demo.case import records
    from app.demo.documents import standard_library_documents
    from app.demo.training import NotTrained, build_tiny_model, trained

    need_training("formfact demo --train")
    try:
        click.echo("Tiny model: made once, some minutes", err=True)
        build_tiny_model()
        report = trained(standard_library_documents(), records(), out / "training", Teller().tell)
    except NotTrained as error:
        raise BadInput(f"--train: {error}") from error
    if report.verdict:
        click.echo(report.verdict.because, err=True)
    return report.model_dump(mode="json")


def _advise(
    answers: Answers, summary: dict[str, Any], probed: dict[str, Any], book: Rulebook
) -> dict[str, Any]:
    from advisor_rules import advise
    from advisor_rules.serialize import advice_to_dict
    from app.demo.case import measured_facts

    click.echo(f"Case: {answers.title}, {len(answers.facts)} answers", err=True)
    measured = measured_facts(summary, probed, book)
    return advice_to_dict(advise({**answers.facts, **measured}, rulebook=book), book)


def _write(
    advice: dict[str, Any], measured: Measured, book: Rulebook, answers: Answers, out: Path
) -> Path:
    """Write the report in every form, all of them made before the first is written."""
    from app.files import write_atomically
    from app.report import CaseSummary, render

    case = CaseSummary(name=answers.title)
    texts = {form: render(advice, book, form=form, case=case, measured=measured) for form in NAMES}
    for form, text in texts.items():
        write_atomically(out / NAMES[form], text)
    return out / NAMES["html"]
