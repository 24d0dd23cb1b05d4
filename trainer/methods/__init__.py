"""One module a training method: its Params and how it is fitted; found by folder."""
