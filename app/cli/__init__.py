"""The command ``formfact``. Nothing heavy is imported before a command is chosen."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; exit 0 done, 1 a check failed, 2 bad input."""
    from app.cli.program import run

    sys.exit(run(sys.argv[1:]))
