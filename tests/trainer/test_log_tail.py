from __future__ import annotations

from pathlib import Path

import pytest

from trainer.log_tail import HIDDEN, LENGTH, log_tail, without_secrets


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("pulling with hf_abcdefghijklmnop1234", "hf_abcdefghijklmnop1234"),
        ("OPENAI sk-proj-abcdefghij1234567890", "sk-proj-abcdefghij1234567890"),
        ("Authorization: Bearer abc.def-123456", "abc.def-123456"),
        ("postgresql://user:hunter22@db/jobs", "hunter22"),
        ("api_key='s3cr3t-value'", "s3cr3t-value"),
        ("key AKIAABCDEFGHIJKLMNOP in use", "AKIAABCDEFGHIJKLMNOP"),
    ],
)
def test_secrets_are_hidden(text: str, secret: str) -> None:
    shown = without_secrets(text)
    assert secret not in shown
    assert HIDDEN in shown


def test_the_environment_s_secrets_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANY_TOKEN", "open sesame")
    assert without_secrets("said open sesame aloud") == f"said {HIDDEN} aloud"


def test_ordinary_words_stay(tmp_path: Path) -> None:
    text = "step 5 of 18: loss 5.73, 124 tokens a second\n/tmp/job/checkpoints"
    assert without_secrets(text) == text


def test_the_tail_is_the_end(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("begin\n" + "line\n" * 5000 + "the end\n", encoding="utf-8")
    assert log_tail(log).endswith("the end")
    assert len(log_tail(log)) <= LENGTH
    assert log_tail(tmp_path / "none") == ""
