"""Base models that jobs may start from, as configured."""
