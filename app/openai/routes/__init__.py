"""The endpoints of the OpenAI-compatible API, each module with a ``router``."""
