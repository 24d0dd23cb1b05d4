from __future__ import annotations

from advisor_rules.rulebook import Rulebook
from app.intake import current_facts
from app.probe_facts import apply_probe, facts_of
from app.probe_questions import Asking
from app.settings import Settings
from app.storage import Database, Probe
from tests.app.probing import TOPICS, asked, case_with, probed_here, queued_probe

QRELS = {f"q{number}": {f"gadget{number}.md": 1} for number in range(TOPICS)}


def test_a_fact_that_a_probe_does_not_establish_any_more_is_taken_back(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_with(database, settings)
    probe = probed_here(database, settings, case_id, Asking(listed=asked(), judged=QRELS))
    with database.writing() as session:
        assert set(facts_of(session, book, case_id, probe.id)) == set(probe.applied)
        assert not apply_probe(session, book, case_id, probe.id).changes
        row = session.get_one(Probe, probe.id)
        assert row.result is not None
        row.result = row.result | {"questions": 1}
        session.flush()
        gone = {change.fact for change in apply_probe(session, book, case_id, probe.id).changes}
        facts = current_facts(session, case_id)
    assert gone
    assert gone == set(probe.applied) - {"corpus_tokens"}
    assert all(facts[name].value is None for name in gone if name in facts)
    assert facts["corpus_tokens"].value
    assert queued_probe(database, case_id).applied == {}
