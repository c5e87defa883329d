"""What browsers are told: on every answer, and nothing inline for scripts."""

import re

import pytest
from django.test import Client
from django.urls import resolve, reverse, reverse_lazy

from fingerprint_site.browser_policy import policy_for
from tests.site.test_repository import ROOT

PATHS = ["/", "/admin/", "/admin/login/", "/catalog/review/", "/api/v1/music", "/api/docs/", "/api/schema/"]
PATHS += ["/webhooks/incoming/nobody/", "/health/live", "/nothing/here/", "/favicon.ico"]


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers(db: None, path: str) -> None:
    answer = Client().get(path)
    policy = answer["Content-Security-Policy"]
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in (scripts[1] if scripts else "")
    assert "*" not in policy
    assert "http" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "microphone=()" in answer["Permissions-Policy"]
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_only_themed_pages_may_evaluate() -> None:
    assert "unsafe-eval" in policy_for(resolve(reverse("admin:index")))
    assert "unsafe-eval" in policy_for(resolve(reverse("catalog:review")))
    assert "unsafe-eval" not in policy_for(resolve(reverse("api-docs")))
    assert "unsafe-eval" not in policy_for(None)


@pytest.mark.parametrize("path", [reverse_lazy("api-music"), reverse_lazy("webhooks:incoming", args=["nobody"])])
def test_what_programs_are_answered_may_load_nothing(path: str) -> None:
    assert "'self'" not in policy_for(resolve(path))


@pytest.mark.urls("tests.site.moved_urls")
def test_the_policy_goes_with_the_view_and_not_with_its_path(db: None, client: Client) -> None:
    assert "unsafe-eval" in client.get("/office/login/")["Content-Security-Policy"]
    assert "'self'" not in client.post("/hook/incoming/nobody/")["Content-Security-Policy"]


def test_our_templates_have_no_inline_script() -> None:
    """Neither a script element without a file nor an attribute that is a script: browsers would refuse both."""
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "webhooks").rglob("*.html")]
    scripts = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]
    assert pages
    assert scripts
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", text) == [], path
        assert re.findall(r"\son[a-z]+\s*=\s*[\"']", text) == [], path
        assert "javascript:" not in text, path
    for path in scripts:
        assert not re.search(r"\beval\(|new Function\(|document\.write\(", path.read_text(encoding="utf-8")), path
