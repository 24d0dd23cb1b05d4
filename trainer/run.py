"""The process of one job: ``python -m trainer.run FOLDER``.

Works through the stages in the folder; a stage that is done is not repeated. Two words on standard
input, ``pause`` and ``cancel``, are obeyed within one step; when the input closes, whoever
launched the job is gone, and the process ends at once.
"""

from __future__ import annotations
