from __future__ import annotations

from typing import Any

import pytest

from advisor_rules import default_rulebook
from app import log_words
from evidence.diagnose import Diagnosed
from evidence.summary import summarise

BOOK = default_rulebook()


def summary(**labels: int) -> dict[str, Any]:
    """What a log says that has so many records of each class."""
    items = [
        Diagnosed(f"{label}-{number}", label, "", "strong", (), ())  # type: ignore[arg-type]
        for label, count in labels.items()
        for number in range(count)
    ]
    return summarise(items, BOOK)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_headline_names_the_larger_share_first_with_its_interval() -> None:
    words = plain(log_words.headline(summary(information=31, behavior=17, neither=4)))

    assert words == (
        "Of 48 failing records, 65% (50 to 77) are a matter of information and 35% (23 to 50) of "
        "behaviour."
    )


def test_the_headline_says_where_shares_overlap() -> None:
    words = plain(log_words.headline(summary(behavior=6, both=3)))

    assert words.startswith("Of 9 failing records, 100%")
    assert words.endswith("; some are both.")


def test_the_headline_of_a_log_without_failures_claims_none() -> None:
    assert log_words.headline(summary(neither=3)) == "None of the 3 records is known to fail."
    assert log_words.headline(summary()) == "No record of this log could be read."


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"information": 80, "behavior": 10}, "More failures are of information"),
        ({"information": 5, "behavior": 4}, "more failing records to decide between"),
        ({"information": 5, "behavior": 5}, "equally often"),
        ({"uncertain": 5}, "nothing is known to fail yet"),
    ],
)
def test_what_is_still_to_label_is_said_in_words(labels: dict[str, int], words: str) -> None:
    assert words in log_words.needed_words(summary(**labels))


@pytest.mark.parametrize(
    ("kappa", "word"),
    [
        (-0.3, "no agreement"),
        (0.1, "slight"),
        (0.3, "fair"),
        (0.5, "moderate"),
        (0.7, "substantial"),
        (0.9, "almost perfect"),
    ],
)
def test_agreement_is_named_as_landis_and_koch_do(kappa: float, word: str) -> None:
    words = log_words.agreement_words(kappa, 40)

    assert f"Kappa {kappa:.2f} on 40 records labelled by both" in words
    assert word in words


def test_agreement_that_cannot_be_known_is_not_made_up() -> None:
    assert "No record has been labelled by two people" in log_words.agreement_words(None, 0)
    assert "Both gave every record the same class" in log_words.agreement_words(None, 5)


def test_kinds_are_named_and_unknown_ones_stand_for_themselves() -> None:
    titles = log_words.subtype_titles(BOOK, "wrong_fact+style+gone_since")

    assert titles == "Wrong fact, Wrong style and gone_since"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "not known yet"),
        (0.2, "under a second"),
        (1, "1 second"),
        (75, "75 seconds"),
        (300, "5 minutes"),
        (9_000, "2 hours"),
    ],
)
def test_time_is_told_as_people_do(seconds: float | None, words: str) -> None:
    assert log_words.seconds_words(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "of unknown size"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (2_070_000, "2.07 MB"),
        (3_000_000_000, "3 GB"),
    ],
)
def test_sizes_are_told_as_people_do(size: int | None, words: str) -> None:
    assert log_words.size_words(size) == words
