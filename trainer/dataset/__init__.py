"""Rows of chat to learn from: read, checked, split, before any GPU time."""
