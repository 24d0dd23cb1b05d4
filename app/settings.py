"""Settings: read once from environment variables, checked, and handed to whoever needs them."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.errors import Invalid, Wrong

PREFIX = "FORMFACT_"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
SECRET_FILE = "secret-key"  # noqa: S105 - the name of a file
SHORTEST_SECRET = 32
MOST_BODY_BYTES = 1 << 30
MOST_LOG_BYTES = 1 << 40
LONGEST_MODEL = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """How this program runs here. Every field is an environment variable with its help."""

    host: Annotated[str, "Address to listen on; 0.0.0.0 for every interface."] = "127.0.0.1"
    allow_remote: Annotated[
        bool,
        "Whether the address may be one that other machines reach: true in a container or behind "
        "a proxy, else false.",
    ] = False
    port: Annotated[int, "Port to listen on, 0 to 65535; 0 takes a free one."] = 8000
    data_dir: Annotated[
        Path,
        "Folder for what is kept: the SQLite database, the secret key, failure logs and documents.",
    ] = Path("~/.local/share/formfact")
    database_url: Annotated[
        str, "SQLAlchemy URL of the database; by default formfact.db in the data folder."
    ] = field(default="", repr=False)
    rules_dir: Annotated[
        tuple[Path, ...],
        "Folders with rules of your own, after the built-in ones; several with : between.",
    ] = ()
    secret_key: Annotated[
        str,
        "At least 32 characters that sign forms and cookies; made and kept in the data folder "
        "where none is given.",
    ] = field(default="", repr=False)
    allowed_hosts: Annotated[
        tuple[str, ...],
        "Names that the server answers to, with commas between; .example.org allows every name "
        "under it, * every name.",
    ] = LOOPBACK
    secure_cookies: Annotated[
        bool, "Whether cookies travel by HTTPS alone: true behind HTTPS, else false."
    ] = False
    max_body_bytes: Annotated[
        int,
        "The largest request body, in bytes, other than the content of a failure log or document.",
    ] = 1_000_000
    max_log_bytes: Annotated[
        int, "The largest failure log, in bytes; it is written to disk as it comes."
    ] = 2_000_000_000
    max_document_bytes: Annotated[
        int, "The largest file of documents, in bytes; it is written to disk as it comes."
    ] = 2_000_000_000
    recommend_cache: Annotated[
        int, "How many answers to POST /api/v1/recommend are kept in memory; 0 keeps none."
    ] = 512
    judge_url: Annotated[
        str,
        "Address of an OpenAI-compatible endpoint up to its version, such as "
        "http://localhost:11434/v1: the language model there is asked for a second opinion on "
        "records that stay uncertain. Without it none is asked.",
    ] = ""
    judge_model: Annotated[str, "Name of that model."] = ""
    judge_key: Annotated[str, "Key for that endpoint, where it asks for one; shown nowhere."] = (
        field(default="", repr=False)
    )
    train_worker: Annotated[
        bool,
        "Whether formfact serve starts a worker for training jobs, where training is installed; "
        "false leaves them to formfact worker.",
    ] = True
    train_slots: Annotated[
        int, "How many training jobs a worker runs at once: one for each device that it may use."
    ] = 1
    train_lease_seconds: Annotated[
        int,
        "How long a worker of another machine may be silent before its jobs go to others, in "
        "seconds; the same for all workers.",
    ] = 60
    organization: Annotated[
        str, "Your name in the names of tuned models: ft:BASE:ORGANIZATION:SUFFIX:ID."
    ] = "formfact"
    model_memory_bytes: Annotated[
        int,
        "Bytes of weights that the model server keeps in memory, the least recently used go first; "
        "0 takes 60% of what the device has.",
    ] = 0
    model_idle_seconds: Annotated[
        int, "After how many seconds without a request the model server ends; 0 keeps it."
    ] = 600

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from FORMFACT_* variables; an empty one counts as not given.

        Raises Invalid naming every variable that cannot be read.
        """
        given = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        problems: list[Wrong] = []
        for item in fields(cls):
            text = given.get(variable(item), "").strip()
            if text:
                try:
                    values[item.name] = READERS.get(item.name, str)(text)
                except ValueError as error:
                    problems.append(Wrong(variable(item), str(error)))
        if problems:
            raise Invalid(problems)
        return cls(**values)

    @property
    def folder(self) -> Path:
        """The data folder, as a full path."""
        return self.data_dir.expanduser().absolute()

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.folder / 'formfact.db'}"

    @property
    def names(self) -> tuple[str, ...]:
        """Host names that the server answers to: the allowed ones, and its own address."""
        every = self.host in ("0.0.0.0", "::", "")  # noqa: S104 - refused as a name, not bound
        return self.allowed_hosts if every else (*self.allowed_hosts, self.host.lower())

    def secret(self) -> str:
        """The key that signs forms and cookies; made and kept, for the owner alone, if none is."""
        return self.secret_key or _kept_secret(self.folder)


def variable(item: Field[Any]) -> str:
    """The environment variable of a setting."""
    return PREFIX + item.name.upper()


def described() -> list[tuple[str, str, str]]:
    """Every setting as (variable, default, help)."""
    hints = get_type_hints(Settings, include_extras=True)
    return [
        (variable(item), given(item.default), hints[item.name].__metadata__[0])
        for item in fields(Settings)
    ]


def given(value: object) -> str:
    """A setting's value as its variable holds it."""
    if isinstance(value, tuple):
        folders = any(isinstance(part, Path) for part in value)
        return (os.pathsep if folders else ",").join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kept_secret(folder: Path) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / SECRET_FILE
    if not path.exists():
        # written elsewhere, then linked: whoever reads the file finds it whole, and all the same
        handle, draft = mkstemp(dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(SHORTEST_SECRET))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        Path(draft).unlink()
    return path.read_text(encoding="utf-8").strip()


# --- reading ----------------------------------------------------------------------------------


def _whole(low: int, high: int) -> Any:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low:,} to {high:,}, not {text[:40]!r}")
        return int(text)

    return read


def _truth(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in known:
        raise ValueError(f"must be true or false, not {text[:40]!r}")
    return known[text.lower()]


def _url(text: str) -> str:
    try:
        name = make_url(text).get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise ValueError("must be a SQLAlchemy URL such as sqlite:////srv/formfact.db") from error
    if name not in ("sqlite", "postgresql"):
        raise ValueError(f"must name sqlite or postgresql, not {name[:40]}")
    # SQLAlchemy's own default driver for this short form is an older one that is not installed
    return text.replace("postgresql://", "postgresql+psycopg://", 1)


def _secret(text: str) -> str:
    if len(text) < SHORTEST_SECRET:
        raise ValueError(f"must have at least {SHORTEST_SECRET} characters")
    return text


def _endpoint(text: str) -> str:
    # the message does not repeat the text: whoever put a password into it does not want it shown
    wrong = "must be an http(s) address without a query or a password, up to its version"
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and parts.hostname and not parts.query
    except ValueError as error:
        raise ValueError(wrong) from error
    if not fine or parts.username or parts.password:
        raise ValueError(wrong)
    return text


def _model(text: str) -> str:
    if not text.isprintable() or len(text) > LONGEST_MODEL:
        raise ValueError(f"must be the name of a model, of at most {LONGEST_MODEL} characters")
    return text


def _organization(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text):
        raise ValueError("must be 1 to 64 letters, digits, dots, dashes or underscores")
    return text


def _key(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("holds characters that no key has")
    return text


def _folders(text: str) -> tuple[Path, ...]:
    folders = tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise ValueError(f"no such folder: {', '.join(missing)}")
    return folders


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


READERS: dict[str, Any] = {
    "port": _whole(0, 65_535),
    "data_dir": Path,
    "database_url": _url,
    "rules_dir": _folders,
    "secret_key": _secret,
    "allowed_hosts": _names,
    "secure_cookies": _truth,
    "allow_remote": _truth,
    "max_body_bytes": _whole(1_000, MOST_BODY_BYTES),
    "max_log_bytes": _whole(1_000, MOST_LOG_BYTES),
    "max_document_bytes": _whole(1_000, MOST_LOG_BYTES),
    "recommend_cache": _whole(0, 1_000_000),
    "judge_url": _endpoint,
    "judge_model": _model,
    "judge_key": _key,
    "organization": _organization,
    "model_memory_bytes": _whole(0, MOST_LOG_BYTES),
    "model_idle_seconds": _whole(0, 1_000_000),
    "train_worker": _truth,
    "train_slots": _whole(1, 64),
    "train_lease_seconds": _whole(2, 3_600),
}
