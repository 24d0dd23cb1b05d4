"""The process: orders on standard input, answers on standard output, all else on standard error."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from queue import Queue
from typing import BinaryIO

from pydantic import ValidationError

from trainer.device import spin_briefly
from trainer.serving.engine import Answer, Engine
from trainer.serving.protocol import ORDER, Ask, Cancel
from trainer.serving.shelf import Shelf

Inbox = Queue[Ask | Cancel | None]


def main() -> int:
    """Serve until the input closes, or there was nothing to do for ``--idle`` seconds."""
    options = _options()
    spin_briefly()
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    out = _own_output()
    inbox: Inbox = Queue()
    listener = threading.Thread(target=listen, args=(sys.stdin.buffer, inbox), daemon=True)
    listener.start()

    def say(answer: Answer) -> None:
        out.write(answer.model_dump_json().encode() + b"\n")
        out.flush()

    Engine(inbox, say, Shelf(options.device, options.memory), options.idle or None).run()
    return 0


def listen(orders: BinaryIO, inbox: Inbox) -> None:
    """Put every order into the inbox; end the process where nobody is there to order any more."""
    for line in orders:
        try:
            inbox.put(ORDER.validate_json(line))
        except ValidationError as error:
            print(f"an order that cannot be read: {error.errors()[:1]}", file=sys.stderr)
    os._exit(0)  # whoever asked is gone: nobody reads what the main thread may be computing


def _own_output() -> BinaryIO:
    """Standard output for answers alone: what libraries print goes to standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trainer.serving", description=__doc__)
    parser.add_argument("--memory", type=int, default=0, help="bytes of weights at most; 0: auto")
    parser.add_argument("--idle", type=float, default=0, help="seconds; 0: stay for ever")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
