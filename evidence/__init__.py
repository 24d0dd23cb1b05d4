"""What we measure: so far, failure logs and descriptions are read."""
