"""The pages of a measurement over HTTP: a real server, a real job, documents with everything."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from tests.app.probing import asked, manuals
from tests.app.web.pages.test_document_pages import upload
from tests.team import Team

HOSTILE = "<script>alert('x')</script> \u202egnp.exe\u202c {{7*7}} <img src=x onerror=alert(1)>"
SECONDS = 90
COUNT = 22


class OwnSearch(BaseHTTPRequestHandler):
    """A search of the team's own, which always gives the same documents."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        hits = [{"id": f"gadget{number}.md", "score": 9 - number} for number in range(5)]
        content = json.dumps({"hits": hits}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Scene:
    """A team with three measurements: by judgements, guessed, and with nothing known."""

    team: Team
    case: str
    judged: str
    weak: str
    typed: str

    def get(self, url: str, **params: str) -> str:
        """A page as text."""
        answer = self.team.client.get(url, params=params or None)
        assert answer.status_code == 200, answer.text
        return answer.text


def begin(team: Team, case: str, files: dict[str, bytes], **fields: str) -> str:
    """Begin a measurement with BM25 and wait until it is done; its address."""
    data = {"csrf_token": team.token(), "retrievers": "bm25", **fields}
    sent = {key: (f"{key}.jsonl", content, "text/plain") for key, content in files.items()}
    sent = sent or {"none": ("", b"", "text/plain")}
    answer = team.client.post(
        f"/cases/{case}/retrieval/new", data=data, files=sent, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    url = str(answer.headers["location"])
    deadline = time.monotonic() + SECONDS
    while "probe-progress" in team.client.get(url).text and time.monotonic() < deadline:
        time.sleep(0.2)
    return url


@pytest.fixture(scope="module")
def own_search() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OwnSearch)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/search"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def scene(address: str, own_search: str) -> Iterator[Scene]:
    with httpx2.Client(base_url=address, timeout=60) as client:
        team = Team(client)
        case = team.new_case("Gadget assistant")
        team.answer(case, facts_wrong="true", question_wording="own_words")
        team.advise(case)
        documents = manuals(COUNT) | {"harm.md": f"# {HOSTILE}\n\nvalve {HOSTILE}".encode()}
        documents["locked.pdf"] = b"%PDF-1.4 broken"
        assert upload(team, case, *documents.items()).status_code == 303
        rows = [
            {"id": item.id, "text": item.text, "reference": item.reference, "kind": "codes"}
            for item in asked(COUNT)
        ]
        rows.append({"id": HOSTILE, "text": f"valve {HOSTILE}", "reference": HOSTILE})
        questions = "\n".join(map(json.dumps, rows)).encode()
        qrels = "".join(f"q{n} gadget{n}.md 1\n" for n in range(COUNT)).encode()
        files = {"questions": questions, "qrels": qrels}
        yield Scene(
            team,
            case,
            begin(team, case, files, source="file", endpoint_url=own_search, endpoint_kind="json"),
            begin(team, case, {"questions": questions}, source="file", name="Guessed"),
            begin(team, case, {}, source="typed", typed=f"valve 7 stuck\n{HOSTILE} valve"),
        )


def without_tags(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", markup))


# --- the result -------------------------------------------------------------------------------


def test_the_result_begins_with_the_verdict_and_its_reason(scene: Scene) -> None:
    page = scene.get(scene.judged)

    assert "<h1>Put all documents into the prompt" in page
    assert "22 questions with judgements" in page
    assert re.search(r"fit into the prompt whole \(up to 200,000\)", page)


def test_figures_are_drawn_and_stand_in_tables_too(scene: Scene) -> None:
    page = scene.get(scene.judged)

    assert page.count('class="drawing drawing-figures-') == 5
    assert 'class="drawing drawing-differences"' in page
    rows = re.findall(r'<th scope="row">(BM25|Your search)</th><td>(\d\.\d{3} \(.*?\))</td>', page)
    assert len(rows) == 10


def test_differences_say_whether_they_are_real(scene: Scene) -> None:
    page = scene.get(scene.judged)

    assert "BM25 is better than Your search by more than noise" in without_tags(page) or (
        "Your search is worse than BM25 by more than noise" in without_tags(page)
    )
    assert "randomisation test" in page


def test_failing_questions_have_reasons_remedies_and_examples_that_lead_on(scene: Scene) -> None:
    page = scene.get(scene.judged)

    assert "With Your search, " in page
    link = re.search(rf'href="({scene.judged}/questions/\d+)"', page)
    assert link
    assert "What each retriever found" in scene.get(link[1])


def test_cost_is_told_with_units(scene: Scene) -> None:
    text = without_tags(scene.get(scene.judged))

    assert re.search(r"\d+\.\d s", text)
    assert "machine hours" in text
    assert re.search(r"questions a second|too fast to time", text)


def test_files_that_could_not_be_read_are_named(scene: Scene) -> None:
    page = scene.get(scene.judged)

    assert "could not be read; the others were kept" in page
    assert "locked.pdf" in page


def test_facts_are_written_to_the_case_and_what_was_answered_otherwise_is_shown(
    scene: Scene,
) -> None:
    page = scene.get(scene.judged)

    assert "Written to the case as measured facts" in page
    assert "Size of the documents" in page
    assert "What was answered otherwise" in page
    assert "Answered: In people's own words" in without_tags(page)
    answer = scene.team.send(f"{scene.judged}/facts")
    assert "up to date with this measurement" in scene.get(answer.headers["location"])


def test_the_advice_leads_to_what_was_measured(scene: Scene) -> None:
    page = scene.team.advise(scene.case)

    assert "Measured on your documents" in page
    assert re.search(rf'href="/cases/{scene.case}/probes/\w+">See the measurement', page)


def test_the_retriever_is_handed_over_as_a_zip(scene: Scene) -> None:
    answer = scene.team.client.get(f"{scene.judged}/starter.zip?retriever=bm25")

    assert answer.headers["content-type"] == "application/zip"
    assert "search-starter.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
        assert "search-starter/README.md" in found.namelist()


def test_there_is_no_starter_for_a_search_that_is_not_ours(scene: Scene) -> None:
    assert "retriever=endpoint" not in scene.get(scene.judged)
    answer = scene.team.client.get(f"{scene.judged}/starter.zip?retriever=endpoint")

    assert answer.status_code == 409
    assert "This cannot be done as things stand" in answer.text


def test_guessed_relevance_is_marked_wherever_it_counts(scene: Scene) -> None:
    page = scene.get(scene.weak)

    assert "Weak: relevance is guessed." in page
    for title in ("figures-title", "pairs-title", "misses-title"):
        heading = re.search(rf'<h2 id="{title}">(.*?)</h2>', page, re.DOTALL)
        assert heading
        assert "weak" in heading[1]
    table = scene.get(f"{scene.weak}/questions")
    assert "guessed from the reference answer" in table
    assert "Relevance is guessed so far" not in scene.get(scene.judged)


def test_without_judgements_nothing_is_drawn_and_judging_is_offered(scene: Scene) -> None:
    page = scene.get(scene.typed)

    assert "Nothing can be compared yet" in page
    assert "2 questions not judged yet" in page
    assert "drawing-figures" not in page
    assert f'href="{scene.typed}/judging"' in page


def test_the_list_tells_every_verdict(scene: Scene) -> None:
    page = scene.get(f"/cases/{scene.case}/retrieval")

    assert page.count("Measured · started") == 3
    assert "Guessed: 1 retriever" in page


def test_a_measurement_that_fails_says_why_and_what_to_do(scene: Scene) -> None:
    case = scene.team.new_case("Broken")
    upload(scene.team, case, ("broken.pdf", b"%PDF-1.4 broken"))
    url = begin(scene.team, case, {}, source="typed", typed="Why?")
    page = scene.get(url)

    assert "The measurement failed" in page
    assert "No document could be read" in page
    assert "broken.pdf" in page
    assert "Measure again" in page
    for path in ("questions", "questions/1", "judging", "passages/1"):
        answer = scene.team.client.get(f"{url}/{path}", follow_redirects=False)
        assert answer.headers["location"] == url
    listed = scene.get(f"/cases/{case}/retrieval")
    assert "Stopped by an error" in listed


# --- questions --------------------------------------------------------------------------------


def test_the_table_has_every_question_with_its_rank_in_every_retriever(scene: Scene) -> None:
    page = scene.get(f"{scene.judged}/questions")

    assert "23 questions" in page
    assert 'data-label="BM25"' in page
    assert 'data-label="Your search"' in page
    assert "1st" in page
    assert "not found" in page
    assert "not measured" in page


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"q": "E007"}, "1 question found"),
        ({"kind": "codes"}, "22 questions found"),
        ({"relevance": "none"}, "1 question found"),
        ({"found": "no", "by": "endpoint"}, "17 questions found"),
        ({"found": "yes", "by": "endpoint"}, "5 questions found"),
        ({"q": "nothing at all"}, "No question matches"),
        ({"offset": "900"}, "The list ends before this page"),
        ({"sort": "zebra", "by": "zebra", "relevance": "zebra", "offset": "-1"}, "23 questions"),
    ],
)
def test_the_table_is_narrowed_by_its_address(
    params: dict[str, str], words: str, scene: Scene
) -> None:
    assert words in scene.get(f"{scene.judged}/questions", **params)


def test_the_table_is_sorted_by_the_ranks_of_a_retriever(scene: Scene) -> None:
    page = scene.get(f"{scene.judged}/questions", sort="worst", by="endpoint")

    ranks = re.findall(r'data-label="Your search"><span[^>]*>([^<]*)<', page)
    assert ranks[0] == "not found"
    assert ranks[-1] == "1st"
    assert len(ranks) == COUNT


def test_while_filters_change_only_the_table_comes(scene: Scene) -> None:
    answer = scene.team.client.get(
        f"{scene.judged}/questions?q=E007", headers={"hx-request": "true"}
    )

    assert "<!doctype" not in answer.text
    assert "1 question found" in answer.text


def test_a_question_shows_what_each_retriever_found_with_its_words_marked(scene: Scene) -> None:
    page = scene.get(f"{scene.judged}/questions/8")

    assert "BM25: <strong>1st</strong>" in page
    assert '<mark class="evidence decisive" data-n="">E007</mark>' in page
    assert "✓ relevant" in page
    assert len(re.findall(r'<h3 id="column-\d">', page)) == 2


def test_one_goes_from_question_to_question_within_the_list(scene: Scene) -> None:
    page = scene.get(f"{scene.judged}/questions/8", found="no", by="endpoint", at="2")

    assert "3 of 17 in this list" in page
    assert re.search(r'rel="next"[^>]*href="[^"]*found=no[^"]*at=3', page)


def test_a_passage_is_shown_at_its_place_in_its_document(scene: Scene) -> None:
    page = scene.get(f"{scene.judged}/questions/8")
    link = re.search(r'href="(/cases/\w+/probes/\w+/passages/\d+\?question=8)#passage"', page)
    assert link
    place = scene.get(link[1])

    assert 'id="passage"' in place
    assert "Back to question 8" in place
    document = re.search(r'<div class="text document".*?>(.*?)</div>', place, re.DOTALL)
    assert document
    assert "has a warranty of" in without_tags(document[1])


def test_what_is_hostile_is_shown_as_text_on_every_page(scene: Scene) -> None:
    pages = [scene.judged, f"{scene.judged}/questions", f"{scene.judged}/questions/23"]
    link = re.search(r'href="([^"#]*/passages/[^"#]*)', scene.get(pages[-1]))
    assert link
    pages += [unescape(link[1]), f"{scene.typed}/questions/2", scene.weak]
    for url in pages:
        text = scene.get(url)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "49 <" not in text


@pytest.mark.parametrize("path", ["questions/0", "questions/99", "passages/0", "questions/x"])
def test_what_is_not_there_is_not_found(path: str, scene: Scene) -> None:
    assert scene.team.client.get(f"{scene.judged}/{path}").status_code == 404


def test_a_measurement_of_another_case_is_not_found(scene: Scene) -> None:
    other = scene.team.new_case("Other")
    url = scene.judged.replace(scene.case, other)

    assert scene.team.client.get(url).status_code == 404
    assert scene.team.client.get(f"{url}/judging").status_code == 404


# --- judging ----------------------------------------------------------------------------------


def judge(scene: Scene, page: str, grade: str) -> str:
    """Judge the passage that a page shows; the page that follows."""
    form = re.search(r'id="judge-form"', page)
    assert form
    url = re.search(r'action="([^"]*/judging/\d+/\d+)"', page)
    assert url
    answer = scene.team.send(url[1], annotator="Ann", grade=grade)
    assert answer.status_code == 303, answer.text
    return scene.get(answer.headers["location"])


def test_judging_asks_for_a_name_first_and_hides_who_found_what(scene: Scene) -> None:
    scene.team.client.cookies.delete("formfact_annotator")
    assert "Start judging" in scene.get(f"{scene.typed}/judging")
    answer = scene.team.send(f"{scene.typed}/judging", annotator="Ann")
    page = scene.get(answer.headers["location"])

    assert "passage 1 of" in page
    panel = page[page.index('id="pooling"') :]
    assert "BM25" not in panel.split("Verdict so far")[0]


def test_judging_everything_gives_a_verdict_and_undo_takes_it_back(scene: Scene) -> None:
    scene.team.send(f"{scene.typed}/judging", annotator="Ann")
    page = scene.get(f"{scene.typed}/judging")
    assert "You can decide after 2 more questions" in page
    for turn in range(60):
        if "Nothing is left to judge" in page:
            break
        page = judge(scene, page, "2" if turn % 3 == 0 else "0")
    assert "Nothing is left to judge" in page
    assert "judged here" in scene.get(f"{scene.typed}/questions")
    assert "Nothing can be compared yet" not in scene.get(scene.typed)

    answer = scene.team.send(f"{scene.typed}/judging/undo", annotator="Ann")
    assert "Taken back" in scene.get(answer.headers["location"])


def test_whoever_comes_for_one_question_stays_with_it(scene: Scene) -> None:
    scene.team.send(f"{scene.weak}/judging", annotator="Ann")
    page = scene.get(f"{scene.weak}/judging", number="9")
    assert 'name="within" value="yes"' in page
    assert "Question 9, passage 1" in page
    url = re.search(r'action="([^"]*/judging/9/\d+)"', page)
    assert url
    answer = scene.team.send(url[1], annotator="Ann", grade="1", within="yes")

    assert answer.headers["location"].endswith("?number=9")
    assert "Question 9, passage 2" in scene.get(answer.headers["location"])


def test_a_judgement_by_script_says_what_comes_next(scene: Scene) -> None:
    page = scene.get(f"{scene.weak}/judging")
    url = re.search(r'action="([^"]*/judging/\d+/\d+)"', page)
    assert url
    answer = scene.team.client.post(
        url[1],
        data={"csrf_token": scene.team.token(), "annotator": "Ann", "grade": "0"},
        headers={"hx-request": "true"},
    )

    said = json.loads(answer.headers["hx-trigger"])["formfact:say"]
    assert said.startswith("Judged: Does not answer.")
    assert "Passage " in said


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"annotator": "", "grade": "1"}, "must not be empty"), ({"annotator": "Ann"}, "0, 1 or 2")],
)
def test_a_judgement_that_cannot_be_is_refused(
    fields: dict[str, str], words: str, scene: Scene
) -> None:
    page = scene.get(f"{scene.weak}/judging")
    url = re.search(r'action="([^"]*/judging/\d+/\d+)"', page)
    assert url
    answer = scene.team.send(url[1], **fields)

    assert answer.status_code == 422
    assert words in answer.text
