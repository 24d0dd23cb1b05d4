"""What we measure: failure logs, retrieval quality and experiments, with intervals."""
