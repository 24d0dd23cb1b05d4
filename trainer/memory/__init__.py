"""What fits: bytes by part, per method and precision, and by whose convention."""
