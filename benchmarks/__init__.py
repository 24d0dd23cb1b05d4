"""Measurements on real data: one file each, one JSON object out."""
