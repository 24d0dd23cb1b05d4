"""The files of an upload: a file, a folder, or a zip, each with the relative path it is known by.

Links are not followed, hidden files are passed over in silence, and nothing is written but unpacked
members of a zip, under names of our own, in a temporary folder that goes when they have been read.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from evidence.retrieval.reading._base import BROKEN, Limits, megabytes
from evidence.retrieval.shapes import Problem

CHUNK = 1 << 20
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst")
NO_TEXT = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ico", ".svg", ".mp3"}
    | {".mp4", ".mov", ".avi", ".wav", ".woff", ".woff2", ".ttf", ".otf", ".eot"}
)
"""Pictures, sounds and fonts: part of many folders of documents, and no documents."""
OFFICE = (
    ".doc",
    ".xls",
    ".xlsx",
    ".ppt",
    ".pptx",
    ".odt",
    ".ods",
    ".odp",
    ".rtf",
    ".epub",
    ".pages",
)
CORPUS = "corpus.jsonl"
"""The documents of a collection as BEIR lays it out; its questions and judgements lie beside."""
_JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be read: where it lies now, and the relative path it is known by."""

    path: Path
    source: str


def find(path: Path, limits: Limits, source: str = "") -> Iterator[Found | Problem]:
    """Every file of an upload, in the order of their names; and what is not read, and why.

    ``source``: what a file is known by, where it is another name than that it lies under; how it is
    read is said by the ending of the name that it lies under.
    """
    name = shown(source or path.name or str(path))
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        yield Problem(name, f"cannot be opened: {getattr(error, 'strerror', None) or error}")
        return
    if stat.S_ISDIR(mode):
        yield from _folder(path, limits)
    elif not stat.S_ISREG(mode):
        yield Problem(name, "is no file but a device or a pipe: not read")
    else:
        yield from _file(path, name, limits)


def _file(path: Path, source: str, limits: Limits) -> Iterator[Found | Problem]:
    """A file, or what is in it where it is a zip."""
    ending = path.suffix.lower()
    if ending == ".zip":
        yield from _zip(path, source, limits)
    elif why := _unread(ending):
        yield Problem(source, why)
    else:
        yield Found(path, source)


def not_read(path: Path) -> str | None:
    """Why no file with the ending of this name is read at all; None where such are."""
    ending = path.suffix.lower()
    return None if ending == ".zip" else _unread(ending)


def _unread(ending: str) -> str | None:
    if ending in ARCHIVES:
        return (
            "is an archive of a kind, or in a place, that is not unpacked: unpack it, or use a zip"
        )
    if ending in OFFICE:
        return f"is of a kind that is not read ({ending}): save it as PDF, DOCX, HTML, CSV or text"
    return "is a picture, sound or font: not read" if ending in NO_TEXT else None


def _folder(top: Path, limits: Limits) -> Iterator[Found | Problem]:
    number = files = 0
    for number, entry in enumerate(_entries(top), 1):
        if number > limits.files:
            yield Problem(
                shown(top.name), f"has more than {limits.files:,} files: the rest is not read"
            )
            break
        if isinstance(entry, Problem):
            yield entry
            continue
        source = shown(Path(entry.path).relative_to(top).as_posix())
        for found in _of_entry(entry, source, limits):
            files += 1
            yield found
    if not number:
        yield Problem(
            shown(top.name or str(top)), "is an empty folder, or holds hidden files alone"
        )


def _entries(top: Path) -> Iterator[os.DirEntry[str] | Problem]:
    """What is in a folder and its folders, but folders themselves; hidden ones left out."""
    stack = [str(top)]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(folder) as found:
                inside = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            where = shown(Path(folder).relative_to(top).as_posix())
            yield Problem(where, f"cannot be opened: {error.strerror}")
            continue
        seen = [entry for entry in inside if not is_hidden(entry.name)]
        if any(entry.name == CORPUS for entry in seen):
            yield from (_about(entry, top) for entry in seen if _is_about(entry.name))
            seen = [entry for entry in seen if not _is_about(entry.name)]
        yield from (entry for entry in seen if not entry.is_dir(follow_symlinks=False))
        folders = (entry.path for entry in seen if entry.is_dir(follow_symlinks=False))
        stack.extend(reversed(list(folders)))


def _is_about(name: str) -> bool:
    return name.startswith(("queries.", "questions.", "qrels"))


def _about(entry: os.DirEntry[str], top: Path) -> Problem:
    where = shown(Path(entry.path).relative_to(top).as_posix())
    return Problem(where, f"lies beside {CORPUS}: questions or judgements, not documents")


def _of_entry(entry: os.DirEntry[str], source: str, limits: Limits) -> Iterator[Found | Problem]:
    if entry.is_symlink():
        yield Problem(source, "is a link: links are not followed, copy the file itself")
    elif not entry.is_file(follow_symlinks=False):
        yield Problem(source, "is no file but a device or a pipe: not read")
    else:
        yield from _file(Path(entry.path), source, limits)


def is_hidden(name: str) -> bool:
    """Whether a file is the system's or an editor's own, and nobody's document."""
    return name.startswith((".", "~$")) or name in _JUNK


def _zip(path: Path, source: str, limits: Limits) -> Iterator[Found | Problem]:
    try:
        with zipfile.ZipFile(path) as packed, TemporaryDirectory(prefix="documents-") as folder:
            members = [one for one in packed.infolist() if not one.is_dir()]
            if why := _bomb(members, limits):
                yield Problem(source, why)
                return
            yield from _members(packed, members, Path(folder), source)
    except (*BROKEN, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        yield Problem(source, f"is damaged, or no zip: {error}")


def _bomb(members: list[zipfile.ZipInfo], limits: Limits) -> str | None:
    """Why a zip is not unpacked at all, or None where it is."""
    if len(members) > limits.files:
        return f"holds {len(members):,} files, and at most {limits.files:,} are read"
    size = sum(member.file_size for member in members)
    if size > limits.unpacked_bytes:
        most = megabytes(limits.unpacked_bytes)
        return f"unpacks to {megabytes(size)}, and at most {most} are read: not unpacked"
    return None if members else "is an empty zip"


def _members(
    packed: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, zipped: str
) -> Iterator[Found | Problem]:
    taken: set[str] = set()
    for number, member in enumerate(members):
        name = member.filename.replace("\\", "/")
        if any(is_hidden(part) for part in PurePosixPath(name).parts if part not in ("..", ".")):
            continue
        source = shown(f"{zipped}/{name}")
        if why := _trick(name, member) or _twice(name, taken):
            yield Problem(source, why)
            continue
        yield from _unpacked(packed, member, folder / f"{number}{_ending(name)}", source)


def _ending(name: str) -> str:
    ending = PurePosixPath(name).suffix.lower()
    return ending if ending[1:].isalnum() and len(ending) < 20 else ""


def _twice(name: str, taken: set[str]) -> str | None:
    if name in taken:
        return "is in the zip twice under this name: the first is read"
    taken.add(name)
    return None


def _trick(name: str, member: zipfile.ZipInfo) -> str | None:
    """Why a member of a zip is not unpacked: by its name or kind it wants to be somewhere else."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or name[1:2] == ":":
        return "has a name that leads out of the zip: not read"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind and kind != stat.S_IFREG:
        return "is a link or a device in the zip: not read"
    if member.flag_bits & 1:
        return "is encrypted: pack the zip without a password"
    ending = PurePosixPath(name).suffix.lower()
    return "is a zip within a zip: unpack it" if ending == ".zip" else _unread(ending)


def _unpacked(
    packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, source: str
) -> Iterator[Found | Problem]:
    """One member on disk while it is read, and gone afterwards."""
    try:
        with packed.open(member) as packed_file, path.open("xb") as file:
            while chunk := packed_file.read(CHUNK):
                file.write(chunk)
        done = True
    except (*BROKEN, zipfile.BadZipFile) as error:
        done = False
        yield Problem(source, f"cannot be unpacked: {error}")
    if done:
        yield Found(path, source)
    path.unlink(missing_ok=True)


def shown(name: str) -> str:
    """A path as it can be written: bytes that are no UTF-8 and control characters replaced."""
    readable = os.fsencode(name).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "�" for char in readable)[:1_000]
