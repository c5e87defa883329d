"""What the pages of a test complained about, and whom they asked."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError


class Watch:
    """Collects console errors, uncaught errors and requests; `judge` fails the test that has any it did not expect."""

    def __init__(self, context: BrowserContext, *, home: str) -> None:
        """Listen to every page of `context`; `home` is the site under test, where requests may go."""
        self.home = home
        self.complaints: list[str] = []
        self.requested: list[str] = []
        self.expected: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("request", self._note)

    def expect(self, words: str) -> None:
        """Let complaints with `words` pass: a refusal that the test is about."""
        self.expected.append(words)

    def judge(self) -> None:
        """Raise AssertionError for the first complaint or the first request to another host."""
        unexpected = [text for text in self.complaints if not any(words in text for words in self.expected)]
        assert unexpected == []
        strangers = {url for url in self.requested if not url.startswith((self.home + "/", "data:", "blob:"))}
        assert strangers == set()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _catch(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _note(self, request: Request) -> None:
        self.requested.append(request.url)


def wait(page: Page, true: Callable[[], Any], what: str, *, patience_s: float = 60) -> Any:
    """Wait until something is so and return it; the page goes on meanwhile."""
    end = time.monotonic() + patience_s
    while not (value := true()):
        assert time.monotonic() < end, what
        page.wait_for_timeout(50)
    return value
