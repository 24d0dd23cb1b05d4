"""The retrievers that are compared: one module each, found by folder.

A module has a docstring that says what it does, ``NAME`` (what people choose it by), ``NEEDS`` (the
package without which it does not run, or '') and ``make(**settings) -> Retriever``. It imports
what is heavy inside functions. One conformance test runs on all of them.
"""
