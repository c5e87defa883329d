"""The pages of those who send callbacks here."""

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from webhooks.models import Refused, Source
from webhooks.services import create_source, source_secret

ADMIN = "/admin/webhooks"


@pytest.mark.parametrize("given", ["", "a peer's own"])
def test_adding_a_source_shows_its_secret_once(desk: Client, given: str) -> None:
    answer = desk.post(f"{ADMIN}/source/add/", {"slug": "peer", "secret": given})
    source = Source.objects.get()
    secret = source_secret(source=source)
    assert not given or secret == given
    assert escape(secret) in answer.content.decode()
    page = desk.get(f"{ADMIN}/source/{source.pk}/change/").content.decode()
    assert escape(secret) not in page
    assert "/webhooks/incoming/peer/" in page


def test_a_source_that_nothing_came_from_can_be_deleted(desk: Client) -> None:
    source, _ = create_source(slug="label")
    assert desk.post(f"{ADMIN}/source/{source.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Source.objects.exists()


def test_refusals_are_counted_by_reason(desk: Client) -> None:
    source, _ = create_source(slug="label")
    for reason in ("signature", "signature", "body"):
        Refused.objects.create(source=source, slug="label", reason=reason, detail="no", at=timezone.now())
    page = desk.get(f"{ADMIN}/refused/")
    assert page.context["refused_counts"] == [("Signature", 2), ("Body", 1)]
    assert "Signature: 2, Body: 1" in desk.get(f"{ADMIN}/source/{source.pk}/change/").content.decode()
