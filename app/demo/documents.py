"""The documents of the bundled case: docstrings of the running Python's standard library."""

import importlib
import inspect
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

# Chosen for what people ask a helper bot about. Left out: modules that act when
# imported (this, antigravity), that need a display (tkinter, idlelib, turtle) and
# those that newer versions of Python have dropped.
MODULES = (
    *("builtins", "abc", "argparse", "array", "ast", "asyncio", "base64", "bisect"),
    *("calendar", "codecs", "collections", "concurrent.futures", "configparser"),
    *("contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib"),
    *("enum", "fnmatch", "fractions", "functools", "getpass", "glob", "graphlib"),
    *("gzip", "hashlib", "heapq", "hmac", "html", "importlib", "inspect", "io"),
    *("ipaddress", "itertools", "json", "logging", "math", "mimetypes", "operator"),
    *("os", "os.path", "pathlib", "pickle", "platform", "pprint", "queue", "random"),
    *("re", "secrets", "shlex", "shutil", "socket", "sqlite3", "statistics", "string"),
    *("struct", "subprocess", "sys", "tarfile", "tempfile", "textwrap", "threading"),
    *("time", "tomllib", "traceback", "types", "typing", "unicodedata", "urllib.parse"),
    *("urllib.request", "uuid", "warnings", "weakref", "xml.etree.ElementTree", "zipfile"),
    "zoneinfo",
)

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_HOMES = {"builtins": ("builtins", "io")}  # `open` is defined in io
_MEMBER_KINDS = (classmethod, staticmethod, property, cached_property)


@dataclass(frozen=True)
class Document:
    """One documented name: its dotted id, its title (id and signature) and its text."""

    id: str
    title: str
    text: str


def standard_library_documents() -> list[Document]:
    """Return a document for every documented public name of `MODULES`.

    A name is a module, a class, a function, or a public method or property of a class;
    names of `builtins` go without their module (`str.split`). Where several names share
    one signature and one text, only the first is kept. Modules that this platform lacks
    are skipped. The order is that of `MODULES`, in each the functions by name and then the
    classes, bases before subclasses; it is the same in every run of one Python.
    """
    kept: dict[tuple[str, str], Document] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for name, module in _importable_modules():
            for document in _module_documents(name, module):
                content = (document.title.removeprefix(document.id), document.text)
                kept.setdefault(content, document)
    return list(kept.values())


def _importable_modules() -> Iterator[tuple[str, ModuleType]]:
    for name in MODULES:
        try:
            yield name, importlib.import_module(name)
        except ImportError:
            continue


def _module_documents(name: str, module: ModuleType) -> Iterator[Document]:
    yield from _document(name, module, "")
    prefix = "" if name == "builtins" else f"{name}."
    for public in _public_names(module):
        value = getattr(module, public, None)
        if _is_documented(value):
            yield from _document(prefix + public, value, _signature(value))
        if isinstance(value, type):
            yield from _member_documents(prefix + public, value)


def _public_names(module: ModuleType) -> list[str]:
    """Return the names of `module.__all__`, or else its own, that have no leading underscore."""
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [name for name in vars(module) if _is_own(module, name)]
    public = (name for name in listed if not name.startswith("_"))
    # Bases before subclasses, so that an inherited method goes by the base's name.
    return sorted(public, key=lambda name: (_depth(getattr(module, name, None)), name))


def _depth(value: object) -> int:
    return len(value.__mro__) if isinstance(value, type) else 0


def _is_own(module: ModuleType, name: str) -> bool:
    home = getattr(getattr(module, name), "__module__", None) or module.__name__
    homes = _HOMES.get(module.__name__, (module.__name__,))
    return home.strip("_") in homes


def _is_documented(value: object) -> bool:
    # An instance without a docstring of its own shows its type's.
    return callable(value) and (isinstance(value, type) or value.__doc__ is not type(value).__doc__)


def _member_documents(prefix: str, owner: type) -> Iterator[Document]:
    for name in sorted(dir(owner)):
        static = inspect.getattr_static(owner, name, None)
        if name.startswith("_") or not (
            inspect.isroutine(static) or isinstance(static, _MEMBER_KINDS)
        ):
            continue
        bound = getattr(owner, name, static)
        value = bound if callable(bound) else static
        yield from _document(f"{prefix}.{name}", value, _signature(value))


def _document(name: str, value: object, signature: str) -> Iterator[Document]:
    text = _docstring(value)
    if text:
        yield Document(name, name + signature, text)


def _docstring(value: object) -> str:
    """Return the cleaned docstring, for a class with that of its `__init__`, or ""."""
    parts = [value.__doc__]
    constructor = inspect.getattr_static(value, "__init__")
    if isinstance(value, type) and inspect.isfunction(constructor):
        parts.append(constructor.__doc__)
    return "\n\n".join(inspect.cleandoc(part) for part in parts if isinstance(part, str) and part)


def _signature(value: object) -> str:
    try:
        signature = str(inspect.signature(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    # Addresses change from run to run.
    return _ADDRESS.sub("", signature)
