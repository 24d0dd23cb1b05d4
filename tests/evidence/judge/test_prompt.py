"""The words that a judge gets: all of the record, fairly shortened, as data."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evidence.judge.prompt import Prompt, ask, default_prompt, fair_shares, shortened
from evidence.records import FailureRecord, FormatSpec, Message


def words(record: FailureRecord, prompt: Prompt | None = None) -> str:
    """What the judge reads of a record."""
    return ask(prompt or default_prompt(), record).messages[1]["content"]


def test_every_part_of_a_record_is_shown_and_empty_ones_are_not() -> None:
    asked_for = FormatSpec.model_validate({"type": "choice", "choices": ["a", "b"]})
    record = FailureRecord(
        id="r",
        input=[Message(role="system", content="Be brief."), Message(role="user", content="Why?")],
        output="OUTPUT",
        reference="REFERENCE",
        context=["PASSAGE 1", "PASSAGE 2"],
        format_spec=asked_for,
    )
    text = words(record)
    for part in (
        "[system] Be brief.",
        "[user] Why?",
        "OUTPUT",
        "REFERENCE",
        "PASSAGE 2",
        '"choices"',
    ):
        assert part in text
    assert "reviewer" not in text


def test_a_long_context_takes_no_room_from_a_short_output() -> None:
    record = FailureRecord(id="r", input="Why?", output="Because.", context="x" * 500_000)
    text = words(record)
    assert "Because." in text
    assert "characters left out" in text
    assert len(text) < default_prompt().record_chars + 2_000


def test_hidden_and_broken_characters_are_taken_out() -> None:
    record = FailureRecord(id="r", input="a\u202eb\x00c", output="d\u200be\ud800f")
    text = words(record)
    assert "abc" in text
    assert "def" in text
    assert text.encode()


def test_other_words_are_another_judge() -> None:
    prompt = default_prompt()
    other = prompt.model_copy(update={"system": prompt.system + "Be strict."})
    assert prompt.id != other.id
    assert prompt.id == default_prompt().id


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8), st.integers(0, 20_000))
def test_room_is_shared_fairly(lengths: list[int], total: int) -> None:
    shares = fair_shares(lengths, total)
    assert all(share <= length for share, length in zip(shares, lengths, strict=True))
    assert sum(shares) <= total
    cut = [share for share, length in zip(shares, lengths, strict=True) if share < length]
    if cut:
        assert max(shares) - min(cut) <= len(lengths)
    else:
        assert sum(shares) == sum(lengths)


@given(st.text(max_size=300), st.integers(0, 200))
def test_a_shortened_text_keeps_its_beginning_and_its_end(text: str, limit: int) -> None:
    short = shortened(text, limit)
    if len(text) <= limit:
        assert short == text
    else:
        assert short.startswith(text[: limit // 2])
        assert short.endswith(text[len(text) - limit // 3 :])
        assert f"{len(text) - limit:,} characters left out" in short
