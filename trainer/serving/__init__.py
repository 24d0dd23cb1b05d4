"""The model server: a process of its own that answers chats with a base model and its adapters.

``python -m trainer.serving`` reads `protocol.Ask` and `protocol.Cancel` from its standard input,
one JSON object a line, and writes what `protocol` calls answers to its standard output. Where that
input closes, whoever started it is gone, and it ends at once. It also ends after a while without
work, so that memory goes back; whoever needs it again starts it again.
"""
