"""One module a check of training data: ``find`` yields what it finds; found by folder."""
