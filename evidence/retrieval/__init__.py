"""Which retriever finds the answers in a team's own documents, measured on its own questions."""
