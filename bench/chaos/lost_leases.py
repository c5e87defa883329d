"""Leases taken under a clock that is ahead, whose holder dies before it is set back: nobody may wait for them."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from bench.chaos import processes
from bench.chaos.stack import ROOT, Stack

AHEAD_S = 3600
HELD_WITHIN_S = 20.0
LOOK_EVERY_S = 0.003  # a compaction of few tracks holds its lease for some hundredths of a second
TRIES = 3


def lose_scan(stack: Stack, cluster: str) -> bool:
    """Kill the worker of a scan that was begun an hour ahead; True where its lease is left behind."""
    from django.db.utils import OperationalError  # noqa: PLC0415  (after django.setup)

    from catalog.models import Scan  # noqa: PLC0415

    held = Scan.objects.filter(status=Scan.Status.RUNNING, lease_token__isnull=False, lease_until__gt=_much_later())
    with _clock_ahead(stack), contextlib.suppress(OperationalError):
        _start_scan()
        if _await(held.exists):
            for worker in processes.queue_role(stack.processes(), cluster, "processing"):
                worker.signal()
        return bool(held.exists())
    return False


def lose_compaction(stack: Stack) -> bool:
    """Kill a compaction that was begun an hour ahead; True where its lease is left behind."""
    from django.db.utils import OperationalError  # noqa: PLC0415

    from catalog.models import IndexLease  # noqa: PLC0415

    held = IndexLease.objects.filter(token__isnull=False, until__gt=_much_later())
    command = [sys.executable, str(ROOT / "manage.py"), "index", "compact"]
    with _clock_ahead(stack), contextlib.suppress(OperationalError):
        for _ in range(TRIES):
            compaction = subprocess.Popen(
                command, env=stack.moved_environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
            )
            _await(lambda process=compaction: held.exists() or process.poll() is not None)
            compaction.kill()
            compaction.wait()
            if held.exists():
                return True
    return False


def _start_scan() -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    from catalog.scans.starting import start_scan  # noqa: PLC0415
    from catalog.services.errors import CatalogError  # noqa: PLC0415

    with contextlib.suppress(CatalogError):  # one runs, or there is no track yet
        start_scan(started_by=User.objects.get_or_create(username="scanner")[0])


def _much_later() -> object:
    from django.utils import timezone  # noqa: PLC0415

    return timezone.now() + timedelta(seconds=AHEAD_S / 2)


@contextlib.contextmanager
def _clock_ahead(stack: Stack) -> Iterator[None]:
    stack.set_clock(AHEAD_S)
    try:
        yield
    finally:
        stack.set_clock(0)


def _await(look: Callable[[], bool]) -> bool:
    deadline_s = time.monotonic() + HELD_WITHIN_S
    while time.monotonic() < deadline_s:
        if look():
            return True
        time.sleep(LOOK_EVERY_S)
    return False
