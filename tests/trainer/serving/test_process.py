from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from trainer.serving.protocol import ANSWER, Ask, Done

COMMAND = [sys.executable, "-m", "trainer.serving", "--device", "cpu"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def test_the_process_answers_and_ends_when_nobody_is_there_any_more(models: Path) -> None:
    messages = [{"role": "user", "content": "Blue?"}]
    ask = Ask(id="x", model=str(models / "base"), messages=messages, most_tokens=3)
    with subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"not an order\n" + ask.model_dump_json().encode() + b"\n")
        process.stdin.flush()
        while not isinstance(answer := ANSWER.validate_json(process.stdout.readline()), Done):
            assert answer.kind in ("piece", "ended")
        long = ask.model_copy(update={"id": "y", "most_tokens": None, "choices": 32})
        process.stdin.write(long.model_dump_json().encode() + b"\n")
        process.stdin.close()

        assert process.wait(timeout=10) == 0
        assert b"cannot be read" in process.stderr.read()


def test_the_process_goes_where_there_is_nothing_to_do() -> None:
    done = subprocess.run(
        [*COMMAND, "--idle", "0.1"], stdin=subprocess.PIPE, timeout=60, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0
