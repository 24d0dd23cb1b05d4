"""Bytes to text: UTF-8 first, then the encoding that fits best, and a stated last resort."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence.retrieval.reading._base import Limits, too_large
from evidence.retrieval.shapes import Problem

SAMPLE_BYTES = 65_536
LAST_RESORT = "windows-1252"
"""What is assumed where nothing fits: the most common encoding of Western text after UTF-8."""
BROKEN_SHARE = 0.002
"""Up to this share of bytes that are not UTF-8, a text is UTF-8 with damaged places."""
CONTROL_SHARE = 0.02
"""With more control characters than this it is no text: random bytes have 0.1, writing none."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAGIC = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or an Office file",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "compressed with gzip",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"SQLite format 3": "a database",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"PAR1": "a Parquet table",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and what a person should know of how it was decoded ('' where nothing)."""

    text: str
    note: str = ""


def read_text(
    path: Path, source: str, limits: Limits, most: int = 0
) -> Iterator[Decoded | Problem]:
    """The text of a file with its line ends as newlines, or why there is none; a doubt comes too.

    ``most`` is the limit in bytes where ``limits.file_bytes`` is not.
    """
    try:
        data = _bounded(path, most or limits.file_bytes)
    except OSError as error:
        yield Problem(source, f"cannot be opened: {error.strerror}")
        return
    if isinstance(data, str):
        yield Problem(source, data)
        return
    if why := not_text(data[:SAMPLE_BYTES]):
        yield Problem(source, why)
        return
    decoded = decode(data)
    if decoded.note:
        yield Problem(source, decoded.note)
    yield decoded


def _bounded(path: Path, most: int) -> bytes | str:
    if why := too_large(path.stat().st_size, most):
        return why
    with path.open("rb") as file:
        data = file.read(most + 1)  # a file may grow, and some say that they hold nothing
    return too_large(len(data), most) or data


@contextmanager
def as_utf8(path: Path, source: str, limits: Limits) -> Iterator[tuple[Path, Problem | None]]:
    """The file, or where it is text but not UTF-8 a copy that is, with what should be known.

    A file over ``limits.file_bytes`` is given as it is. Raises OSError.
    """
    data = _bounded(path, limits.file_bytes)
    if isinstance(data, str) or _is_utf8(data) or not_text(data[:SAMPLE_BYTES]):
        yield path, None
        return
    decoded = decode(data)
    with TemporaryDirectory(prefix="documents-") as folder:
        copy = Path(folder) / f"copy{path.suffix}"
        copy.write_text(decoded.text, encoding="utf-8", newline="\n")
        yield copy, Problem(source, decoded.note) if decoded.note else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def not_text(head: bytes) -> str | None:
    """Why the beginning of a file is not that of a text, or None where it may be."""
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            return (
                f"is {what}, not text, in spite of its name: give it its own ending, or unpack it"
            )
    if head.startswith(tuple(_MARKS)) or not head:
        return None
    if b"\0" in head or len(_CONTROL.findall(head)) > CONTROL_SHARE * len(head):
        return "holds binary data, not text"
    return None


def decode(data: bytes) -> Decoded:
    """The text of some bytes, with its line ends as newlines."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            text = data.decode(encoding, "replace")
            return Decoded(_clean(text), _damage(text.count("�"), encoding.removesuffix("-sig")))
    try:
        return Decoded(_clean(data.decode("utf-8")))
    except UnicodeDecodeError:
        return _other(data)


def _other(data: bytes) -> Decoded:
    text = data.decode("utf-8", "replace")
    broken = text.count("�")
    whole = sum(1 for char in text[:SAMPLE_BYTES] if char > "\x7f" and char != "�")
    if broken <= BROKEN_SHARE * len(data) and whole >= broken:
        return Decoded(_clean(text), _damage(broken, "utf-8"))
    encoding = _guess(data[:SAMPLE_BYTES])
    text = data.decode(encoding or LAST_RESORT, "replace")
    how = "which fits best" if encoding else "for want of one that fits"
    note = f"is not UTF-8: read as {encoding or LAST_RESORT}, {how}; save it as UTF-8 to be sure"
    return Decoded(_clean(text), note)


def _guess(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else None


def _damage(broken: int, encoding: str) -> str:
    if not broken:
        return ""
    places = "one place is" if broken == 1 else f"{broken:,} places are"
    return f"{places} not {encoding.upper()}: shown as �, the rest is read"


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
