"""Work outside requests: a thread that starts a process for each log that waits, one at a time."""

from __future__ import annotations
