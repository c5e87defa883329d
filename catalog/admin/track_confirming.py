"""Confirming fingerprints that clients made, so that all accounts find them, and withdrawing that."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from catalog.models import Track
from catalog.services.tracks import client_fingerprints
from staff import audit
from staff.access import person
from staff.admin.base import StaffAdmin

MOST_CONFIRMED = 500  # at once: each is written to the index's log


class ConfirmingActions(StaffAdmin):
    """The actions of the track list and of a track's page."""

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may confirm clients' fingerprints."""
        return request.user.has_perm(client_fingerprints.MAY_CONFIRM)

    @admin.action(description="Confirm fingerprints that clients made", permissions=["confirm"])
    def confirm_selected(self, request: HttpRequest, queryset: QuerySet[Track]) -> None:
        """Let all accounts find the selected tracks that only their own account finds; limited in number."""
        waiting = queryset.filter(client_fingerprint__confirmed_at=None, client_fingerprint__isnull=False)
        done = [
            track for track in waiting[:MOST_CONFIRMED] if client_fingerprints.confirm(track=track, by=person(request))
        ]
        audit.note(tracks=len(done), music_ids=[str(track.music_id) for track in done])
        messages.success(request, f"{len(done)} fingerprints were confirmed: all accounts find them now.")

    def confirm(self, request: HttpRequest, track: Track) -> HttpResponse:
        """Let all accounts find a track whose fingerprint its owner made."""
        if client_fingerprints.confirm(track=track, by=person(request)):
            self.log_change(request, track, "Fingerprint confirmed.")
            messages.success(request, "The fingerprint is confirmed: checks of all accounts find the track now.")
        return self.back_to(track)

    def withdraw(self, request: HttpRequest, track: Track) -> HttpResponse:
        """Let only its own account find the track."""
        if client_fingerprints.withdraw(track=track):
            self.log_change(request, track, "Confirmation of the fingerprint withdrawn.")
            messages.success(request, "Only the account of its owner finds it now.")
        return self.back_to(track)
