"""One command a module; the first line of its docstring is its line in ``formfact --help``."""
