"""Measure which retriever finds the answers in your documents to your questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.extras import need_retrieval
from app.cli.options import as_of_option, json_option, rulebook_of, rules_option
from app.cli.problems import BadInput

if TYPE_CHECKING:
    from app.probe_inputs import Inputs
    from evidence.retrieval.retrievers._base import Retriever

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
USUAL = ("bm25", "embedding", "hybrid")
"""Measured where nothing is named, as far as they are installed."""
EXTRA = {"bm25": "retrieval", "endpoint": "judge"}
"""Retriever -> the extra that brings it; the others come with the extra ``embedding``."""
SHOWN = 20
"""Problems of files that are told one by one."""


@click.command("probe")
@click.option("--documents", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--questions", type=FILE, help="JSON Lines, JSON, CSV, or text with one a line.")
@click.option("--qrels", type=FILE, help="Judged relevance, TREC or BEIR; else it is guessed.")
@click.option("--log", type=FILE, help="Failure log: its questions, and what was in the prompt.")
@click.option("--retrievers", "names", help="Names, separated by commas.")
@click.option("--run", "run_file", type=FILE, help="Compare with a TREC run of your own search.")
@click.option("--endpoint", metavar="URL", help="Compare with your own search over HTTP.")
@click.option("--passage-tokens", type=click.IntRange(1), help="Tokens a passage.")
@click.option("--overlap", type=click.IntRange(0), help="Tokens that passages share.")
@click.option("--budget", type=click.IntRange(1), help="Tokens of passages that fit the prompt.")
@click.option("--price-per-hour", type=click.FloatRange(0), help="Of the machine that searches.")
@click.option(
    "--starter",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the retriever to begin with to this zip, as a small project of its own.",
)
@click.option("--details", is_flag=True, help="With --json: a line for each question too.")
@rules_option
@as_of_option
@json_option
def command(documents: Path, questions: Path | None, **given: Any) -> None:
    """Measure retrievers on the folder or file --documents with the questions of --questions.

    Says which retriever to use and whether the difference is more than noise, and why questions
    fail. Without --qrels a passage that holds the reference answer counts as relevant, and
    everything is marked weak. --run and --endpoint bring in the search that you have.
    """
    need_retrieval("formfact probe")
    if questions is None and given["log"] is None:
        raise BadInput("--questions: name a file of questions, or a failure log with --log")
    settings = _settings(given)
    if given["starter"] and not given["starter"].parent.is_dir():
        raise BadInput(f"--starter: there is no folder {given['starter'].parent}")
    names = _names(given["names"])
    inputs = _inputs(documents, questions, given)
    result = _measured(inputs, _retrievers(names, inputs, given), settings, given)
    click.echo(json.dumps(result) if given["as_json"] else _text(result))
    if given["names"] is None:
        _tell_absent()
    if given["starter"]:
        _hand_over(inputs, result, given["starter"])


def _hand_over(inputs: Inputs, result: dict[str, Any], path: Path) -> None:
    """Write the starter; raises BadInput where there is none for the verdict's retriever."""
    from app.starter import NoStarter, starter_of_probe

    try:
        made = starter_of_probe(result, inputs.documents, inputs.questions, inputs.qrels)
    except NoStarter as error:
        raise BadInput(f"--starter: {error}") from error
    made.save(path)
    click.echo(f"Written to {path}: {made.retriever} as a small project", err=True)


def _text(result: dict[str, Any]) -> str:
    from app.cli.probe_text import probe_text

    return probe_text(result)


def _settings(given: dict[str, Any]) -> Any:
    from evidence.retrieval.passages import OVERLAP, SIZE
    from evidence.retrieval.probe import Settings

    size = given["passage_tokens"] or SIZE
    overlap = given["overlap"] if given["overlap"] is not None else min(OVERLAP, size // 5)
    if overlap >= size:
        raise BadInput(f"--overlap {overlap}: has to be below the {size} tokens of a passage")
    return Settings(size, overlap, budget=given["budget"], price_per_hour=given["price_per_hour"])


def _names(text: str | None) -> list[str]:
    """The retrievers asked for; raises BadInput for one that is unknown or lacks its extra."""
    from evidence.retrieval.retrievers._base import retriever_modules

    modules = retriever_modules()
    if text is None:
        return [name for name in USUAL if name in modules and modules[name].available]
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    plain = [name for name in modules if name not in ("endpoint", "run_file")]
    problems = []
    for name in names:
        if name not in plain:
            problems.append(f"--retrievers {name[:80]}: there is {', '.join(plain)}{_hint(name)}")
        elif not modules[name].available:
            extra = EXTRA.get(name, "embedding")
            problems.append(
                f"--retrievers {name}: needs {modules[name].needs}, which is not installed: "
                f'pip install "formfact[{extra}]"'
            )
    if problems or not names:
        raise BadInput(*problems or ["--retrievers: name at least one"])
    return names


def _tell_absent() -> None:
    """Say which of the usual retrievers are not installed."""
    from evidence.retrieval.retrievers._base import retriever_modules

    modules = retriever_modules()
    absent = [name for name in USUAL if name in modules and not modules[name].available]
    if absent:
        extras = " and ".join(sorted({EXTRA.get(name, "embedding") for name in absent}))
        line = f"{', '.join(absent)}: not measured, the extra {extras} is not installed"
        click.echo(line, err=True)


def _hint(name: str) -> str:
    return {"endpoint": "; give its --endpoint URL", "run_file": "; give it as --run FILE"}.get(
        name, ""
    )


def _inputs(documents: Path, questions: Path | None, given: dict[str, Any]) -> Inputs:
    from app.probe_inputs import Unusable, read_inputs

    try:
        inputs = read_inputs(documents, questions, given["qrels"], given["log"])
    except Unusable as error:
        raise BadInput(str(error)) from error
    for problem in inputs.problems[:SHOWN]:
        line = f", line {problem.line}" if problem.line else ""
        click.echo(f"  {problem.source}{line}: {problem.why}", err=True)
    if len(inputs.problems) > SHOWN:
        click.echo(f"  and {len(inputs.problems) - SHOWN:,} more", err=True)
    return inputs


def _retrievers(names: list[str], inputs: Inputs, given: dict[str, Any]) -> list[Retriever]:
    from evidence.retrieval.retrievers._base import retriever_modules

    modules = retriever_modules()
    try:
        made = [modules[name].make() for name in names]
    except ValueError as error:  # no model is configured, or none can be had
        raise BadInput(f"--retrievers: {error}; or name others, such as bm25") from error
    if given["run_file"]:
        ids = {question.text: question.id for question in inputs.questions}
        made.append(modules["run_file"].make(path=given["run_file"], questions=ids))
    if given["endpoint"]:
        if not modules["endpoint"].available:
            raise BadInput('--endpoint: needs httpx2: pip install "formfact[judge]"')
        try:
            made.append(modules["endpoint"].make(url=given["endpoint"]))
        except ValueError as error:
            raise BadInput(f"--endpoint: {error}") from error
    return made


def _measured(
    inputs: Inputs, retrievers: list[Retriever], settings: Any, given: dict[str, Any]
) -> dict[str, Any]:
    from app.cli.stages import Stages
    from evidence.retrieval.probe import NothingToMeasure, probe
    from evidence.retrieval.retrievers.endpoint import SearchFailed
    from evidence.retrieval.retrievers.run_file import RunUnreadable

    book, stages = rulebook_of(given["folders"]), Stages()
    own = [item.name for item in retrievers if item.name in ("run_file", "endpoint")]
    try:
        result = probe(
            inputs.documents,
            inputs.questions,
            inputs.qrels,
            retrievers,
            book.limits(given["as_of"] or book.latest()),
            settings=settings,
            records=inputs.records,
            in_use=own[0] if own else None,
            tell=stages.at,
        )
    except (NothingToMeasure, RunUnreadable, SearchFailed) as error:
        raise BadInput(str(error)) from error
    finally:
        stages.end()
    if not given["details"]:
        del result["per_question"]
    result["repeated_documents"] = inputs.repeats
    result["problems"] = [
        {"source": item.source, "line": item.line, "why": item.why} for item in inputs.problems
    ]
    result["rulebook"] = {"version": book.version, "hash": book.hash}
    return result
