"""What endpoints of failure logs take: bodies, and the parts of an address."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Path, Query
from pydantic import BaseModel, Field

from advisor_rules.model import FailureClass, Strength
from app import log_records
from app.api.bodies import FURTHEST, Body
from app.labelling import LONGEST_ANNOTATOR, LONGEST_NOTE
from app.paging import MOST
from app.settings import MOST_LOG_BYTES

LONGEST_FILE_NAME = 1_000
RAW = "application/octet-stream"
FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {RAW: {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""The description of a body that is the content of a file."""

FileName = Annotated[str, Field(min_length=1, max_length=LONGEST_FILE_NAME)]
Sha256 = Annotated[
    str,
    Field(pattern="^([0-9a-fA-F]{64})?$", description="Of the whole file; it is then checked."),
]
Annotator = Annotated[str, Field(min_length=1, max_length=LONGEST_ANNOTATOR)]
Subtype = Annotated[
    str, Field(max_length=200, description="A subtype of the rulebook, or two joined by `+`.")
]


class NewLog(Body):
    """A failure log whose content is still to come."""

    name: FileName
    bytes: Annotated[int, Field(ge=1, le=MOST_LOG_BYTES, description="The size of the file.")]
    sha256: Sha256 = ""


class MappingIn(Body):
    """What each column is."""

    mapping: Annotated[
        dict[str, str],
        Field(
            description="Column to field of the failure record; `input` and `output` must be among "
            "the fields. Columns left out are guessed, or go into the metadata."
        ),
    ]


class LabelIn(Body):
    """What an annotator says a record is."""

    annotator: Annotator
    label: FailureClass
    subtype: Subtype = ""
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class AnnotatorIn(Body):
    """Who labels."""

    annotator: Annotator


LogId = Annotated[str, Path(pattern="^[a-z0-9]{1,32}$", description="The id of the log.")]
RecordNumber = Annotated[
    int, Path(ge=1, le=FURTHEST, description="The record's number, from 1, in order of the file.")
]
ByName = Annotated[
    str, Query(min_length=1, max_length=LONGEST_FILE_NAME, description="The name of the file.")
]
ByDigest = Annotated[
    str, Query(pattern="^([0-9a-fA-F]{64})?$", description="Of the whole file; it is then checked.")
]
ByAnnotator = Annotated[
    str, Query(min_length=1, max_length=LONGEST_ANNOTATOR, description="Who labels.")
]


class RecordsAsked(BaseModel):
    """Which records are asked for, in which order, and which page of them."""

    label: Annotated[
        FailureClass | None,
        Field(description="The class that counts: a person's where there is one."),
    ] = None
    subtype: Annotated[str, Field(max_length=200, description="The id of a subtype.")] = ""
    confidence: Annotated[
        Strength | None, Field(description="How sure the rules are of a class.")
    ] = None
    labelled: Annotated[bool | None, Field(description="Whether a person labelled it.")] = None
    search: Annotated[
        str,
        Field(
            max_length=log_records.LONGEST_SEARCH,
            description="Beginnings of words that input, output or note hold.",
        ),
    ] = ""
    repeats: Annotated[
        bool, Field(description="Whether repeats of earlier records are listed too.")
    ] = False
    sort: Annotated[log_records.Sort, Field(description="What goes first.")] = "number"
    limit: Annotated[int, Field(ge=1, le=MOST, description="Items on a page.")] = 20
    offset: Annotated[
        int, Field(ge=0, le=FURTHEST, description="Items left out before the page.")
    ] = 0

    def query(self) -> log_records.Query:
        """What the use case takes."""
        return log_records.Query(
            label=self.label or "",
            subtype=self.subtype,
            confidence=self.confidence or "",
            labelled=self.labelled,
            search=self.search,
            repeats=self.repeats,
            sort=self.sort,
        )


UploadOffset = Annotated[
    int,
    Header(
        alias="Upload-Offset",
        ge=0,
        le=MOST_LOG_BYTES,
        description="Where in the file this content belongs: as many bytes as have arrived.",
    ),
]
ContentRange = Annotated[
    str | None,
    Header(
        alias="Content-Range",
        max_length=100,
        description="`bytes FIRST-LAST/SIZE`; without it the whole file is sent.",
    ),
]
