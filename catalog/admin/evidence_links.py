"""Links to the evidence of a match: all of them, how often each was opened, and withdrawing one."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from catalog.admin.track_columns import Playable, track_link
from catalog.models import EvidenceLink
from catalog.services.evidence import revoke_link, token_of
from staff import display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column, number_column
from staff.blocks import boxed
from staff.row_ids import row_id


@admin.register(EvidenceLink)
class EvidenceLinkAdmin(Playable, ReadOnlyAdmin):
    """The list of links that staff made for people without an account."""

    nothing_yet = "To show a match to somebody without an account, open it and choose “Make a link …”."
    list_display = ("state", "query", "reference", "made_by", "made", "expires", "openings")
    list_display_links = ("state",)
    wide_columns = ("query", "reference")
    fields = ()
    change_form_outer_before_template = "catalog/evidence_link.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {"revoke": ("revoke", "change_evidencelink")}
    made = moment_column("made_at", "made")
    expires = moment_column("expires_at", "expires")
    openings = number_column("opened", "opened")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvidenceLink]:
        """Read both tracks along, without the columns that no list shows."""
        sides = ("match__query_track", "match__reference_track")
        joined = ("made_by", *(f"{side}__client_fingerprint" for side in sides))
        rows = super().get_queryset(request).select_related(*joined)  # Django joins nothing more to such a query
        heavy = [f"{side}__client_fingerprint__data" for side in sides]
        return rows.defer("match__segments", "match__similarity_curve", *heavy)

    @admin.display(description="checked")
    def query(self, link: EvidenceLink) -> str:
        """The track that was checked."""
        return track_link(link.match.query_track)

    @admin.display(description="found in the catalog")
    def reference(self, link: EvidenceLink) -> str:
        """The track that was found."""
        return track_link(link.match.reference_track)

    @admin.display(description="state", ordering="revoked_at")
    def state(self, link: EvidenceLink) -> str:
        """Whether the link works."""
        return link_badge(link)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the address to copy."""
        context: dict[str, Any] = {}
        if link := self.get_queryset(request).filter(pk=row_id(object_id)).first():
            address = request.build_absolute_uri(reverse("catalog:evidence", args=[token_of(link)]))
            context = {
                "link": link,
                "address": boxed(address, copy="Copy") if link.works else "",
                "badge": link_badge(link),
            }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def revoke(self, request: HttpRequest, link: EvidenceLink) -> HttpResponse:
        """Withdraw the link."""
        if revoke_link(link=link):
            messages.success(request, "The link is withdrawn. Whoever opens it sees that it no longer works.")
        else:
            messages.info(request, "The link was already withdrawn.")
        return self.back_to(link)


def link_badge(link: EvidenceLink) -> str:
    """Return whether a link works as a badge."""
    if link.revoked_at:
        return display.badge("off", "link_off", "withdrawn")
    return display.badge("good", "link", "works") if link.works else display.badge("off", "schedule", "expired")
