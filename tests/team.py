"""A team at work: what people do with the pages, through any HTTP client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

import httpx2

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
CASE = re.compile(r"/cases/([a-z0-9]+)")


@dataclass(frozen=True)
class Team:
    """Somebody with a browser of their own, who fills in forms without scripts."""

    client: httpx2.Client

    def token(self) -> str:
        """The token that the server put into this browser's forms."""
        found = TOKEN.search(self.client.get("/new").text)
        assert found
        return unescape(found[1])

    def send(self, url: str, **fields: str | list[str]) -> httpx2.Response:
        """Send a form of ours and stay at the answer, a redirect included."""
        data = {"csrf_token": self.token(), **fields}
        return self.client.post(url, data=data, follow_redirects=False)

    def new_case(self, name: str = "Support assistant", description: str = "") -> str:
        """A new case; its id."""
        answer = self.send("/cases", name=name, description=description)
        assert answer.status_code == 303, answer.text
        found = CASE.search(answer.headers["location"])
        assert found
        return found[1]

    def answer(self, case: str, **facts: str) -> None:
        """Answer questions, one form each; ``?`` is "I don't know"."""
        for fact, text in facts.items():
            answer = self.send(f"/cases/{case}/answers/{fact}", **{fact: text})
            assert answer.status_code == 303, answer.text

    def advise(self, case: str) -> str:
        """Ask for the recommendation; the page that shows it."""
        assert self.send(f"/cases/{case}/advice").status_code == 303
        return self.client.get(f"/cases/{case}/advice").text

    def example(self) -> str:
        """A case from the bundled example, with its recommendation; its id."""
        found = CASE.search(self.send("/new/example").headers["location"])
        assert found
        self.advise(found[1])
        return found[1]
