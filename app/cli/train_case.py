"""A run started by hand for a case: what its advice says first, and what the run says to it."""

from __future__ import annotations

from app.cli.desk import desk
from app.cli.problems import BadInput
from trainer.contract import RunReport


def ask_gate(case_id: str, reason: str) -> None:
    """Refuse to train where the advice for a case speaks against it and no reason is given.

    Raises BadInput with a line for each flag, or NotFound.
    """
    from app.cases import get_case
    from app.errors import AgainstAdvice
    from app.training.gate import check_gate

    with desk() as (session, book):
        get_case(session, case_id)
        try:
            check_gate(session, book, case_id, reason)
        except AgainstAdvice as error:
            lines = [f"{item.where}: {item.message}" for item in error.problems]
            said = "The advice for this case speaks against training. --override-reason goes on"
            raise BadInput(*lines, said) from error


def tell_case(case_id: str, report: RunReport, name: str) -> str:
    """Write the verdict of a run to its case as measured facts; what became of it, in words."""
    from app.training.outcomes import record_verdict
    from app.words import step_title

    with desk() as (session, book):
        changes, advice = record_verdict(session, book, case_id, report.verdict, name)
        if not changes:
            return "The case: nothing new is established."
        facts = ", ".join(change.fact for change in changes)
        step = f" The advice is now: {step_title(book, advice.step)}." if advice else ""
        return f"Written to the case: {facts}.{step}"
