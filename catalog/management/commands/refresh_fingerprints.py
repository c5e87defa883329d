"""Fingerprint again what was made with other parameters."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from catalog.services.tasks import refreshing

_POLL_S = 0.5


class Command(BaseCommand):
    """`refresh_fingerprints`."""

    help = (
        "After an upgrade that changed the engine's parameters: let the workers compute the fingerprints of all indexed"
        " tracks again, behind all other tasks. You can interrupt the command and run it again."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Feed the queue until every outdated track was asked for, then until the workers are done."""
        wanted = list(refreshing.outdated_tracks().order_by("pk").values_list("pk", flat=True))
        for track_id in tqdm(wanted, unit="track", desc="Refreshing", leave=False, disable=None):
            while not refreshing.has_room():
                time.sleep(_POLL_S)
            refreshing.request_refresh(track_id=track_id)
        self.stdout.write(
            f"{len(wanted)} tracks were out of date. The workers have been asked for all of them."
            if wanted
            else "Every track of the index is up to date."
        )
