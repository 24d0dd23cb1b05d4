"""An API that OpenAI's own client speaks: files, finetuning jobs, models, chat completions.

Shapes, error objects, pages and status words are those of OpenAI's published description; what
differs is in ``docs/openai.md``.
"""
