"""A real server and a real Chromium; every page that a test opens is watched for faults."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.team import Team

SWITCHES = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)
REFUSED = (
    "Failed to load resource: the server responded with a status of",
    "Response Status Error Code 403",
)


@dataclass
class Watch:
    """What must not happen on any page: errors in the console, requests to elsewhere."""

    base: str
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    refusals_expected: bool = False

    def over(self, page: Page) -> None:
        """Watch a page."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        refused = message.text.startswith(REFUSED)
        if message.type in ("error", "warning") and not (refused and self.refusals_expected):
            self.errors.append(f"{message.type}: {message.text} ({message.location})")

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and not url.startswith(self.base):
            self.elsewhere.append(url)


NewPage = Callable[..., Page]


def _chromium() -> str:
    named = os.environ.get("FORMFACT_TEST_CHROMIUM", "")
    found = named if named and Path(named).exists() else shutil.which("chromium")
    if found is None:
        words = "there is no Chromium: install it, or name it in FORMFACT_TEST_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = _chromium()
    switches = [*SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=switches)
        yield running
        running.close()


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the product from a process of its own, with an empty data folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    folder = tmp_path_factory.mktemp("server")
    command = (sys.executable, "-m", "uvicorn", "--factory", "app.web:create_app", "--port", port)
    environment = {**os.environ, "FORMFACT_DATA_DIR": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, server, folder / "log")
        yield url
        server.terminate()
        server.wait(10)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            httpx2.get(f"{url}/about")
        except httpx2.TransportError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server does not answer: {log.read_text()}")


@pytest.fixture
def team(base_url: str) -> Iterator[Team]:
    """Somebody else's browser, without scripts, to set a scene quickly."""
    with httpx2.Client(base_url=base_url, timeout=30) as client:
        yield Team(client)


@pytest.fixture
def watch(base_url: str) -> Iterator[Watch]:
    watching = Watch(base_url)
    yield watching
    assert watching.errors == []
    assert watching.elsewhere == []


@pytest.fixture
def new_page(browser: Browser, base_url: str, watch: Watch) -> Iterator[NewPage]:
    """Open pages in browsers of their own: each call is another person."""
    contexts = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(base_url=base_url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()
