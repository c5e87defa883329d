"""What the sweeper does for the catalog, again and again."""

from catalog.services import housekeeping, pruning
from catalog.services.audio import store_owner
from catalog.services.tasks import sweeping
from catalog.services.tracks import bulk_work
from catalog.services.uploads.expiring import expire_uploads
from queueing.duties import SWEEPING_AGAIN_S, Duty

_HOURLY_S = 3600.0
_MINUTELY_S = 60.0
_MARKED_EVERY_S = store_owner.RENEWED_EVERY.total_seconds()

DUTIES = (
    Duty("requeue lost tasks", sweeping.sweep_jobs, 0.0, longest_s=SWEEPING_AGAIN_S),
    Duty("continue bulk actions", bulk_work.sweep_bulk_work, 0.0, longest_s=SWEEPING_AGAIN_S),
    Duty("renew the mark of the index folder", housekeeping.keep_index_folder, _MINUTELY_S, longest_s=_MINUTELY_S),
    Duty("compact the index", housekeeping.compact_when_due, _MINUTELY_S, longest_s=_HOURLY_S, takes_minutes=True),
    Duty(
        "renew the mark of the audio store",
        store_owner.renew,
        _MARKED_EVERY_S,
        longest_s=_MARKED_EVERY_S,
        takes_minutes=True,
    ),
    Duty("expire uploads", expire_uploads, _MINUTELY_S, longest_s=_HOURLY_S),
    Duty("tidy files", housekeeping.tidy, _HOURLY_S, longest_s=_HOURLY_S, takes_minutes=True),
    Duty("delete old rows", pruning.prune, _HOURLY_S, longest_s=_HOURLY_S, takes_minutes=True),
)
