"""The sweeper's rounds."""

import threading

import pytest
from pytest_django import Settings

from fingerprint_site.management.commands import run_sweeper


@pytest.mark.django_db(transaction=True)
def test_tidying_that_takes_long_holds_nothing_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SWEEP_SECONDS = 0.01
    stopping, tidying, swept_meanwhile = threading.Event(), threading.Event(), threading.Event()

    def tidy() -> None:
        tidying.set()
        stopping.wait(60)

    def sweep() -> None:
        if tidying.is_set():
            swept_meanwhile.set()

    for owner, name in (
        (run_sweeper, "sweep_due_messages"),
        (run_sweeper, "_send_canaries"),
        (run_sweeper.scanning, "sweep_scan"),
        (run_sweeper.bulk_work, "sweep_bulk_work"),
        (run_sweeper.housekeeping, "compact_when_due"),
        (run_sweeper.housekeeping, "keep_index_folder"),
        (run_sweeper.store_owner, "renew"),
        (run_sweeper.pruning, "prune"),
    ):
        monkeypatch.setattr(owner, name, lambda: None)
    monkeypatch.setattr(run_sweeper.housekeeping, "tidy", tidy)
    monkeypatch.setattr(run_sweeper.sweeping, "sweep_jobs", sweep)
    sweeper = threading.Thread(target=run_sweeper.run, args=(stopping,))
    sweeper.start()
    try:
        assert swept_meanwhile.wait(30)
    finally:
        stopping.set()
        sweeper.join(30)
    assert not sweeper.is_alive()
