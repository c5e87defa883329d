"""Forms that Django refuses for their CSRF token: what happened, in words, and a button that sends them again.

The token changes with each login. After a login in another tab, open pages have forms with the old token.
"""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from staff.access import page_before
from staff.secret_names import names_a_secret

MOST_FIELDS = 1000  # what is written into the page again


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Answer 403 with a page that offers to send the form again, if a page of this site sent it."""
    fields = _fields(request) if _may_be_sent_again(request) else None
    context = {"fields": fields, "action": request.get_full_path(), "back": page_before(request)}
    return render(request, "staff/form_refused.html", context, status=403)


def _may_be_sent_again(request: HttpRequest) -> bool:
    """Only what a page of this site sent is offered again: another site's form must not become a button of ours."""
    came_from = request.headers.get("Origin") or request.headers.get("Referer", "")
    is_ours = urlsplit(came_from).netloc == request.get_host()
    return is_ours and request.user.is_authenticated and not request.FILES


def _fields(request: HttpRequest) -> list[tuple[str, str]] | None:
    """Return what was sent; None where it is too much, or is a secret, which is typed again."""
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [(name, value) for name, value in sent if name != "csrfmiddlewaretoken"]
    if len(fields) > MOST_FIELDS or any(names_a_secret(name) for name, _ in fields):
        return None
    return fields
