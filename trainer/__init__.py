"""What we train: nothing yet; the package keeps the place and the direction of imports."""
