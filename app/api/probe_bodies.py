"""What endpoints of documents and probes take: bodies, and the parts of an address."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field

from advisor_rules.model import FailureClass
from app.api.bodies import FURTHEST, Body
from app.api.log_bodies import Annotator, FileName, Sha256
from app.paging import MOST
from app.probe_choices import LONGEST_URL, MOST_BUDGET, SIZES, Chosen, OwnSearch
from app.probe_found import LONGEST_SEARCH, QuestionQuery, Sort
from app.probe_questions import MOST_QUESTIONS, Asking, Attached
from app.probes import LONGEST_PROBE_NAME, NewProbe
from app.settings import MOST_LOG_BYTES
from app.storage import RelevanceKind
from evidence.retrieval.questions import QUESTION_CHARS
from evidence.retrieval.shapes import Question

MOST_FILES = 100_000
HIGHEST_GRADE = 999
Grade = Annotated[int, Field(ge=-HIGHEST_GRADE, le=HIGHEST_GRADE)]


class NewDocument(Body):
    """A file of documents whose content is still to come."""

    name: FileName
    bytes: Annotated[int, Field(ge=1, le=MOST_LOG_BYTES, description="The size of the file.")]
    sha256: Sha256 = ""


class QuestionIn(Body):
    """A question, with what is known of its answer."""

    id: Annotated[str, Field(max_length=500, description="By default q and its place.")] = ""
    text: Annotated[str, Field(min_length=1, max_length=QUESTION_CHARS)]
    reference: Annotated[str, Field(description="An acceptable answer.")] = ""
    kind: Annotated[str, Field(max_length=200)] = ""
    group: Annotated[
        str, Field(max_length=500, description="Rewordings of each other are of one group.")
    ] = ""


class FileIn(Body):
    """A small text file."""

    name: FileName
    content: str

    def attached(self) -> Attached:
        """What the use case takes."""
        return Attached(self.name, self.content.encode("utf-8", "replace"))


class EndpointIn(Body):
    """Your own search over HTTP."""

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
    kind: Literal["json", "opensearch"] = "json"
    body: Annotated[
        dict[str, Any] | None,
        Field(
            description="A query of your own: the strings `$query` and `$k` in it stand for the "
            "question and the number of hits."
        ),
    ] = None
    ids: Annotated[
        dict[str, str], Field(description="Your document id to ours, where these differ.")
    ] = Field(default_factory=dict)
    authorization_from: Annotated[
        str,
        Field(
            max_length=100,
            description="The variable of this server, FORMFACT_SEARCH_..., that holds the "
            "Authorization header. The header itself is never sent here.",
        ),
    ] = ""

    def own_search(self) -> OwnSearch:
        """What the use case takes."""
        return OwnSearch(**self.model_dump())


class NewProbeIn(Body):
    """What is to be measured: just one of log_id, questions_file, text and questions is given."""

    name: Annotated[str, Field(max_length=LONGEST_PROBE_NAME)] = ""
    questions: Annotated[list[QuestionIn], Field(max_length=MOST_QUESTIONS)] = Field(
        default_factory=list
    )
    text: Annotated[str, Field(description="Questions, one a line.")] = ""
    questions_file: FileIn | None = None
    log_id: Annotated[
        str,
        Field(pattern="^([a-z0-9]{1,32})?$", description="A diagnosed failure log of this case."),
    ] = ""
    labels: Annotated[
        list[FailureClass],
        Field(max_length=10, description="Classes of the log's records; none: all of them."),
    ] = Field(default_factory=list)
    qrels: Annotated[
        dict[str, dict[str, Grade]] | None,
        Field(description="Question to document or passage to grade; above 0 is relevant."),
    ] = None
    qrels_file: Annotated[
        FileIn | None, Field(description="The same as TREC or BEIR write it.")
    ] = None
    document_ids: Annotated[
        list[str], Field(max_length=MOST_FILES, description="None: all files of the case.")
    ] = Field(default_factory=list)
    retrievers: Annotated[
        list[str], Field(max_length=20, description="None: the usual ones that are installed.")
    ] = Field(default_factory=list)
    size: Annotated[
        int | None,
        Field(ge=SIZES[0], le=SIZES[1], description="Tokens a passage; null: as usual."),
    ] = None
    overlap: Annotated[
        int | None, Field(ge=0, le=SIZES[1], description="Tokens that passages share.")
    ] = None
    budget: Annotated[
        int | None,
        Field(ge=1, le=MOST_BUDGET, description="Tokens of passages that fit the prompt."),
    ] = None
    price_per_hour: Annotated[
        float | None,
        Field(ge=0, le=1e9, description="Of the machine that searches, in any currency."),
    ] = None
    endpoint: EndpointIn | None = None

    def new(self) -> NewProbe:
        """What the use case takes."""
        return NewProbe(
            Asking(
                log_id=self.log_id,
                labels=tuple(self.labels),
                file=self.questions_file.attached() if self.questions_file else None,
                typed=self.text,
                listed=tuple(Question(**item.model_dump()) for item in self.questions),
                qrels=self.qrels_file.attached() if self.qrels_file else None,
                judged=self.qrels,
            ),
            Chosen(
                tuple(self.retrievers),
                self.size,
                self.overlap,
                self.budget,
                self.price_per_hour,
                self.endpoint.own_search() if self.endpoint else None,
            ),
            self.name,
            tuple(self.document_ids),
        )


class JudgementIn(Body):
    """How well a passage answers a question."""

    passage_id: Annotated[int, Field(ge=1, le=FURTHEST, description="The number `id` of it.")]
    grade: Annotated[
        Literal[0, 1, 2], Field(description="0: does not answer, 1: helps, 2: answers.")
    ]
    annotator: Annotator


class QuestionsAsked(BaseModel):
    """Which questions are asked for, in which order, and which page of them."""

    search: Annotated[
        str, Field(max_length=LONGEST_SEARCH, description="Words that the question holds.")
    ] = ""
    kind: Annotated[str, Field(max_length=200, description="The kind of question.")] = ""
    relevance: Annotated[
        RelevanceKind | None, Field(description="How it is known what is relevant.")
    ] = None
    retriever: Annotated[
        str,
        Field(
            max_length=100,
            description="Of which `found` and `sort` speak; by default the verdict's.",
        ),
    ] = ""
    found: Annotated[
        bool | None, Field(description="Whether something relevant is among its first ten.")
    ] = None
    sort: Annotated[Sort, Field(description="What goes first.")] = "number"
    limit: Annotated[int, Field(ge=1, le=MOST, description="Items on a page.")] = 20
    offset: Annotated[
        int, Field(ge=0, le=FURTHEST, description="Items left out before the page.")
    ] = 0

    def query(self) -> QuestionQuery:
        """What the use case takes."""
        return QuestionQuery(
            search=self.search,
            kind=self.kind,
            relevance=self.relevance or "",
            retriever=self.retriever,
            found=self.found,
            sort=self.sort,
        )


DocumentId = Annotated[
    str, Path(pattern="^[a-z0-9]{1,32}$", description="The id of the file of documents.")
]
ProbeId = Annotated[str, Path(pattern="^[a-z0-9]{1,32}$", description="The id of the probe.")]
QuestionNumber = Annotated[
    int, Path(ge=1, le=FURTHEST, description="The question's number, from 1.")
]
PassageId = Annotated[int, Path(ge=1, le=FURTHEST, description="The number `id` of the passage.")]
ByRetriever = Annotated[
    str, Query(max_length=100, description="By default the one to begin with by the verdict.")
]
