"""The bundled real case: a helper bot for Python's standard library."""
