"""The job: a process that reads a log, diagnoses its records and writes down what it finds.

Run as ``python -m app.diagnosing LOG_ID``. Records are written a thousand at a time, in one
transaction with the place that was reached: whatever stops the process, the next one goes on there.
"""

from __future__ import annotations
