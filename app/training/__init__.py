"""Training jobs: launched, queued, run by workers, watched, compared; trainer does the training."""
