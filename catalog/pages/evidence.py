"""The evidence of one match for somebody without an account: no login, only this pair, no buttons."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from catalog.models import EvidenceLink, Match
from catalog.presentation.comparison import Comparison, Difference, comparison_of
from catalog.presentation.overlay_picture import overlay_uri
from catalog.presentation.plots import segments_of
from catalog.selectors.review import on_review
from catalog.services.evidence import LinkOverError, OpenedTooOftenError, open_link
from staff import audit
from staff.audit.actors import Actor, address_of, of_request
from staff.models import AuditEntry

# What may be told of both tracks: what a listener could find out. Not whose they are, nor since when.
TOLD = ("title", "artist", "album", "ISRC", "length", "format", "channels")
_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
}
_AGAIN_S = "60"


@dataclass(frozen=True)
class Evidence:
    """What the page shows."""

    link: EvidenceLink
    comparison: Comparison
    told: list[Difference]
    segments: list[list[float]]
    overlay: str


@require_safe
def evidence(request: HttpRequest, token: str) -> HttpResponse:
    """Show the match that a signed link names."""
    try:
        link = open_link(token)
    except LinkOverError as error:
        return _refused(request, str(error), 410)
    except OpenedTooOftenError as error:
        answer = _refused(request, str(error), 429)
        answer["Retry-After"] = _AGAIN_S
        return answer
    if link is None:
        raise Http404("There is no such link.")
    _note_opening(request, link)
    context = {"evidence": _evidence(link)}
    return TemplateResponse(request, "catalog/evidence.html", context, headers=_HEADERS)


def _note_opening(request: HttpRequest, link: EvidenceLink) -> None:
    """Leave an entry: who opens it has no session, so that nothing else would."""
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated
    actor = of_request(request) if has_session else Actor("somebody with the link", address=address_of(request))
    audit.record("evidence.opened", kind=AuditEntry.Kind.EXPORT, actor=actor, on=link, match=link.match_id)


def _refused(request: HttpRequest, words: str, status: int) -> HttpResponse:
    context = {"words": words}
    return TemplateResponse(request, "catalog/evidence_refused.html", context, status=status, headers=_HEADERS)


def _evidence(link: EvidenceLink) -> Evidence:
    sides = ("query_track", "reference_track")
    beside = [f"{side}__{name}" for side in sides for name in ("audio_file", "client_fingerprint", "owner")]
    match = Match.objects.select_related(*beside).get(pk=link.match_id)
    comparison = comparison_of(on_review(match))
    picture = comparison.picture
    return Evidence(
        link=link,
        comparison=comparison,
        told=[one for one in comparison.differences if one.name in TOLD],
        segments=segments_of(match),
        overlay=overlay_uri(match, begin_s=picture.begins_s, end_s=picture.ends_s),
    )
