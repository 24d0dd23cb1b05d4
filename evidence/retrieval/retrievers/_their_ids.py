"""Which of our passages another search engine means by its ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evidence.retrieval.retrievers._base import ranked
from evidence.retrieval.shapes import Passage, Ranking


class TheirIds:
    """Their id -> our passage id.

    Theirs may be the id of a passage or of a document, or be mapped to either by ``given``. A
    document is stood for by its first passage, so ranks are right where relevance is given for
    documents and cannot be told for passages. An id that is not ours stays as it is: it keeps its
    rank, and is relevant to nothing.
    """

    def __init__(self, passages: Sequence[Passage], given: Mapping[str, str]) -> None:
        first: dict[str, Passage] = {}
        for passage in passages:
            known = first.setdefault(passage.document, passage)
            if passage.start < known.start:
                first[passage.document] = passage
        self._ours = {document: passage.id for document, passage in first.items()}
        self._ours |= {passage.id: passage.id for passage in passages}
        self._given = given

    def __bool__(self) -> bool:
        return bool(self._ours)

    def passage(self, theirs: str) -> str:
        """Our passage for their id, or their id where there is none."""
        ours = self._given.get(theirs, theirs)
        return self._ours.get(ours, ours)

    def ranking(self, hits: Iterable[tuple[str, float]], k: int) -> Ranking:
        """Their hits, best first, as ours; what two of their ids stand for counts once."""
        scores: dict[str, float] = {}
        for theirs, score in hits:
            ours = self.passage(theirs)
            scores[ours] = max(score, scores.get(ours, score))
        return ranked(scores, k)
