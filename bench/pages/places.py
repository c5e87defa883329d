"""The pages that ``bench.pages`` times by name, with what each may take."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.pages.rows import FAMILY, GROUP, MIX, TRACKS

LIMIT_MS = 300.0
LIST_LIMIT_MS = 500.0  # the list of waiting pairs compares each with the others of its pair
SEARCH_LIMIT_MS = 1000.0  # words anywhere in five columns: every row is looked at
BULK_LIMIT_MS = 3000.0  # 10,000 pairs are looked at one by one, for which a decision is made at once
_TRACKS, _WAITING = "/admin/catalog/track/", "/admin/catalog/waitingpair/"


@dataclass(frozen=True)
class Place:
    """A page."""

    name: str
    path: str
    limit_ms: float = LIMIT_MS


def pages() -> Iterator[Place]:
    """Yield every page but the lists' filters and columns (``lists``); after django.setup()."""
    yield Place("overview", "/admin/")
    yield from _tracks()
    yield from _review()
    yield from _scans()
    yield from _rest()


def _tracks() -> Iterator[Place]:
    from catalog.models import Track  # noqa: PLC0415

    music_id = Track.objects.values_list("music_id", flat=True).get(pk=TRACKS // 2)
    yield Place("tracks", _TRACKS)
    yield Place("tracks, page 100", f"{_TRACKS}?p=100")
    yield Place("tracks, by title", f"{_TRACKS}?o=1")
    yield Place("tracks, in the index", f"{_TRACKS}?indexed=yes")
    yield Place("tracks, duplicates", f"{_TRACKS}?checked=duplicate")
    yield Place("tracks, of an artist", f"{_TRACKS}?artist=artist+7")
    yield Place("tracks, never scanned", f"{_TRACKS}?scanned=never")
    yield Place("tracks, by musicId", f"{_TRACKS}?q={music_id}")
    yield Place("tracks, by a word", f"{_TRACKS}?q=song+4711", SEARCH_LIMIT_MS)
    yield Place("tracks, by a word that is nowhere", f"{_TRACKS}?q=none-such", SEARCH_LIMIT_MS)
    yield Place("track", f"{_TRACKS}{TRACKS // 2}/change/")
    yield Place("track of a family of 300", f"{_TRACKS}{FAMILY}/change/")
    yield Place("track that uses 60", f"{_TRACKS}{MIX}/change/")
    yield Place("remove a track", f"{_TRACKS}{GROUP}/remove/")


def _review() -> Iterator[Place]:
    yield Place("review", "/catalog/review/")
    yield Place("review, the next pair", "/catalog/review/next/")
    yield Place("a pair", f"/catalog/review/{GROUP}/{GROUP + 1}/")
    yield Place("a group of 300", f"/catalog/review/group/{GROUP}/")
    yield Place("waiting pairs", _WAITING, LIST_LIMIT_MS)
    yield Place("waiting pairs, filtered", f"{_WAITING}?relation=same&altered=none&share=0.95", LIST_LIMIT_MS)
    yield Place("waiting pairs, of a scan", f"{_WAITING}?scan=1", LIST_LIMIT_MS)
    yield Place("waiting pairs, page 100", f"{_WAITING}?p=100", LIST_LIMIT_MS)
    yield Place("bulk preview, identical", "/catalog/review/bulk/?preset=identical", BULK_LIMIT_MS)
    yield Place("bulk preview, same", "/catalog/review/bulk/?preset=same", BULK_LIMIT_MS)
    yield Place("uses", "/catalog/uses/")
    yield Place("a mix of 60", f"/catalog/uses/{MIX}/")
    yield Place("copies to remove", "/catalog/copies-to-remove/")
    yield Place("copies to remove, page 90", "/catalog/copies-to-remove/?page=90")


def _scans() -> Iterator[Place]:
    yield Place("scans", "/catalog/scan/")
    yield Place("a scan that found 25,000", "/catalog/scan/1/")
    yield Place("a scan, its last page", f"/catalog/scan/1/?after={3 * TRACKS // 4 - 60}")
    yield Place("a new scan, of all", "/catalog/scan/new/")
    yield Place("a new scan, of an artist", "/catalog/scan/new/?artist=artist+7")
    yield Place("a new scan, never scanned", "/catalog/scan/new/?scanned=never")
    yield Place("a schedule", "/catalog/scan/schedules/1/")


def _rest() -> Iterator[Place]:
    from django.urls import reverse  # noqa: PLC0415

    from catalog.models import EvidenceLink, Job, Match  # noqa: PLC0415
    from catalog.services.evidence import token_of  # noqa: PLC0415
    from webhooks.models import Endpoint, Message  # noqa: PLC0415

    yield Place("tasks", "/admin/catalog/job/")
    yield Place("task", f"/admin/catalog/job/{Job.objects.values_list('pk', flat=True).get(pk=TRACKS // 2)}/change/")
    yield Place("matches", "/admin/catalog/match/")
    yield Place("match", f"/admin/catalog/match/{Match.objects.latest('pk').pk}/change/")
    yield Place("decisions", "/admin/catalog/decision/")
    yield Place("evidence links", "/admin/catalog/evidencelink/")
    yield Place("evidence", reverse("catalog:evidence", args=[token_of(EvidenceLink.objects.latest("pk"))]))
    yield Place("bulk actions", "/admin/catalog/bulkwork/")
    yield Place("index", "/catalog/index/")
    yield Place("callbacks out", "/admin/webhooks/message/")
    yield Place("callback out", f"/admin/webhooks/message/{Message.objects.latest('pk').pk}/change/")
    yield Place("callback URL", f"/admin/webhooks/endpoint/{Endpoint.objects.latest('pk').pk}/change/")
    yield Place("callbacks in", "/admin/webhooks/received/")
    yield Place("refused calls", "/admin/webhooks/refused/")
    yield Place("API keys", "/admin/catalog/apikey/")
    yield Place("audit trail", "/admin/staff/auditentry/")
