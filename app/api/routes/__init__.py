"""The endpoints: one module each, with a `router`; found by folder."""
