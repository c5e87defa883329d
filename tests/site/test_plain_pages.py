"""What a person sees where nothing is, or where they may not go."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/catalog/review/", 403)])
def test_page_says_what_it_is_and_leads_on(client: Client, owner: User, path: str, status: int) -> None:
    owner.is_staff = True
    owner.save()
    client.force_login(owner)
    answer = client.get(path)
    assert answer.status_code == status
    page = answer.content.decode()
    assert f'href="{reverse("admin:index")}"' in page
    assert "fingerprint_site/plain_page.css" in page
    assert "<script" not in page


def test_login_leads_nowhere_else(client: Client, db: None) -> None:
    """The site has no other front page to return to."""
    assert "Return to site" not in client.get(reverse("admin:login")).content.decode()
