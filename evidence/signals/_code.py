"""Program code, read by Python's own parser or tree-sitter's grammars; never run."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache
from importlib import import_module
from textwrap import dedent

from tree_sitter import Language, Node, Parser

from evidence.signals._fence import fences
from evidence.signals._parsed import Parsed, Verdict, at, between, place_of

LIMIT = 50_000
MAX_BRACKETS = 5_000
GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "bash": ("tree_sitter_bash", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "php_only": ("tree_sitter_php", "language_php_only"),
}
ALIASES = {
    "py": "python", "python3": "python", "js": "javascript", "jsx": "javascript",
    "node": "javascript", "ts": "typescript", "golang": "go", "rs": "rust", "c++": "cpp",
    "cxx": "cpp", "c#": "csharp", "cs": "csharp", "c_sharp": "csharp", "sh": "bash",
    "shell": "bash", "rb": "ruby",
}  # fmt: skip
OTHER_PYTHON = re.compile(
    r"^\s*(?:type\s+\w+|(?:async\s+)?(?:def|class)\s+\w+\[|[!%]\w|>>>\s|print\s+[^\s(=])"
    r"|\bf[\"']|\bexcept\s+\w+\s*,|\bexec\s+[\"']",
    re.MULTILINE,
)
"""Signs of newer or older Python, notebooks or a console, which this parser may not read."""
LANGUAGES = frozenset(GRAMMARS) | {"python"}


def read_code(output: str, language: str) -> Parsed | None:
    """What parsing an output as code comes to; None where the language is unknown here.

    Code in fences is taken out of them: whoever asks for code takes it out as well.
    """
    blocks = [block for block in fences(output) if block.text.strip()]
    name = _known(language) or _known(blocks[0].language if blocks else "")
    if not name or len(output) > LIMIT:
        return None
    pieces = [(block.text, block.start) for block in blocks if _known(block.language) in ("", name)]
    for text, start in pieces or [(output, 0)]:
        found = (
            _python(output, text, start) if name == "python" else _other(output, text, start, name)
        )
        if found is None or found.verdict != "valid":
            return found
    said = f"It is {name}"
    return Parsed("valid_loosely" if pieces or name != "python" else "valid", said)


def _known(language: str) -> str:
    name = language.strip().lower()
    name = ALIASES.get(name, name)
    return name if name in LANGUAGES else ""


def _python(output: str, text: str, start: int) -> Parsed | None:
    if not text.strip():
        return Parsed("invalid", "There is no code in the output", between(0, len(output)))
    if text.count("(") + text.count("[") + text.count("{") > MAX_BRACKETS or "\x00" in text:
        return None
    tree = _tree(text)
    if isinstance(tree, SyntaxError):
        return _python_error(output, text, start, tree)
    if tree and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) and not _is_code(text):
        return Parsed("suspect", "A single expression, perhaps prose", between(0, len(output)))
    return Parsed("valid", "It is Python") if tree else None


def _tree(text: str) -> ast.Module | SyntaxError | None:
    """The syntax tree, or what is wrong; None where the parser gives up at a limit of its own."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape is no error
            return ast.parse(dedent(text))
    except SyntaxError as error:
        return None if "too many" in error.msg else error
    except (ValueError, MemoryError, RecursionError):
        return None


def _is_code(text: str) -> bool:
    """Whether a one-line text has a sign that only code has."""
    return any(sign in text for sign in "()=[]{}.")


def _python_error(output: str, text: str, start: int, error: SyntaxError) -> Parsed:
    indent = len(text) - len(text.lstrip(" "))
    column = (error.offset or 1) + (indent if dedent(text) != text else 0)
    place = start + place_of(text, error.lineno or 1, column)
    cut = "was never closed" in error.msg or "unterminated" in error.msg or "EOF" in error.msg
    at_end = place + 1 >= start + len(text.rstrip())
    if OTHER_PYTHON.search(text):
        said = f"Perhaps another version of Python: {error.msg}"
        return Parsed("suspect", said, at(place, output))
    verdict: Verdict = "cut_off" if (cut or at_end) and "(" in text else "invalid"
    return Parsed(verdict, f"Not Python: {error.msg}", at(place, output))


def _other(output: str, text: str, start: int, name: str) -> Parsed | None:
    if name == "php" and "<?" not in text:
        name = "php_only"
    parser = _parser(name)
    if parser is None or not text.strip():
        return None
    data = text.encode("utf-8", "replace")
    root = parser.parse(data).root_node
    if not root.has_error:
        return Parsed("valid", f"It is {name}")
    place = start + len(data[: _first_error(root)].decode("utf-8", "ignore"))
    return Parsed("suspect", f"Not {name}: it does not parse here", at(place, output))


def _first_error(root: Node) -> int:
    """The byte at which the first error of a tree begins."""
    node = root
    for _ in range(10_000):
        if node.is_error or node.is_missing:
            break
        inner = next(
            (child for child in node.children if child.has_error or child.is_missing), None
        )
        if inner is None:
            break
        node = inner
    return node.start_byte


@lru_cache(maxsize=32)
def _parser(name: str) -> Parser | None:
    module, function = GRAMMARS[name]
    try:
        return Parser(Language(getattr(import_module(module), function)()))
    except (ImportError, AttributeError, ValueError):
        return None
