"""The words and pages that people read."""
