"""Choosing the one to keep of a track's copies, whatever was decided about each two of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from catalog.models import Track
from catalog.selectors.one_keeper import kept_instead
from catalog.services.bulk_decisions import keep_instead
from catalog.services.errors import TrackGoneError
from staff import audit, display
from staff.access import person
from staff.admin.base import StaffAdmin


class KeepingAction(StaffAdmin):
    """The action of a track's family."""

    def keep(self, request: HttpRequest, track: Track) -> HttpResponse:
        """Keep this one of its copies."""
        if track.removed_at:
            raise TrackGoneError("The track was removed from the catalog. It cannot be the one to keep.")
        count = keep_instead(keepers=kept_instead(track.pk), decided_by=person(request))
        audit.note(on=track, decisions=count)
        if count:
            changed = display.counted(count, "decision")
            messages.success(request, f"“{track.title}” is the one to keep: {changed} changed. Nothing was removed.")
        else:
            messages.info(request, "It is the one to keep already.")
        return self.back_to(track)
