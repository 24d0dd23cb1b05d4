"""Does the output parse as the format that was asked for?

Looks at the output where ``format_spec`` names JSON, YAML, XML, HTML, SQL, program code, CSV or a
Markdown table, with the real parser of each; returns ``format_parse``, with the place where parsing
stops. Nothing is executed, expanded or fetched; an output of more characters than its parser
handles in time is not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from evidence.signals._base import Observation
from evidence.signals._json import read_json
from evidence.signals._parsed import Parsed, at
from evidence.signals._spec import kind_of, schema_of, text_in, texts_in
from evidence.signals._table import read_csv, read_table
from evidence.signals._xml import read_xml
from evidence.signals._yaml import read_yaml
from evidence.view import RecordView

SIGNALS = ("format_parse",)


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield what parsing came to, where a format that can be parsed was asked for."""
    reader = READERS.get(kind_of(view.format)) if view.format_type else None
    found = reader(view) if reader else None
    if found is not None:
        yield Observation("format_parse", found.verdict, found.detail, found.spans)


def _json(view: RecordView) -> Parsed | None:
    found = read_json(view.output)
    if found is None or found.verdict != "valid":
        return found
    if isinstance(found.value, str) and found.value.lstrip()[:1] in ("{", "["):
        return Parsed("suspect", "JSON inside a text of JSON", at(0, view.output))
    if not isinstance(found.value, dict | list) and schema_of(view.format) is None:
        return Parsed("valid_loosely", "JSON, but neither an object nor a list")
    return found


def _html(view: RecordView) -> Parsed | None:
    from evidence.signals._html import read_html

    return read_html(view.output)


def _sql(view: RecordView) -> Parsed | None:
    from evidence.signals._sql import read_sql

    return read_sql(view.output, text_in(view.format, "dialect", "flavor", "engine", "database"))


def _code(view: RecordView) -> Parsed | None:
    from evidence.signals._code import read_code

    named = text_in(view.format, "language", "lang", "programming_language")
    asked = view.format_type if view.format_type != "code" else ""
    return read_code(view.output, named or asked)


def _csv(view: RecordView) -> Parsed | None:
    tabs = view.format_type.lower() == "tsv"
    given = text_in(view.format, "delimiter", "separator", "sep")
    delimiter = given if len(given) == 1 and given not in '"\r\n' else "\t" if tabs else ","
    return read_csv(view.output, delimiter, texts_in(view.format, "columns", "header", "headers"))


READERS: Mapping[str, Callable[[RecordView], Parsed | None]] = {
    "json": _json,
    "yaml": lambda view: read_yaml(view.output),
    "xml": lambda view: read_xml(view.output),
    "html": _html,
    "sql": _sql,
    "code": _code,
    "csv": _csv,
    "table": lambda view: read_table(view.output),
}
