"""The sweeper's rounds."""

import threading

import pytest
from pytest_django import Settings

from queueing import duties
from queueing.duties import Duty
from queueing.management.commands import run_sweeper

SWEPT = {"requeue lost tasks", "queue due callbacks", "continue the scan", "continue bulk actions"} | {
    "start scheduled scans",
    "continue rules",
    "note the states of callback URLs",
    "renew the mark of the index folder",
    "expire uploads",
}
TIDIED = {"compact the index", "renew the mark of the audio store", "tidy files", "delete old rows"}


def test_the_apps_have_registered_what_is_to_be_done() -> None:
    assert {duty.name for duty in duties.registered(takes_minutes=False)} == SWEPT
    assert {duty.name for duty in duties.registered(takes_minutes=True)} == TIDIED


def test_each_sweeper_begins_without_the_failures_of_another() -> None:
    duties.registered(takes_minutes=True)[0].tries = 5
    assert {duty.tries for duty in duties.registered(takes_minutes=True)} == {0}


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

    tidying_duty = Duty("tidy", tidy, 0.0, longest_s=1.0, takes_minutes=True)
    monkeypatch.setattr(duties, "_registered", [tidying_duty, Duty("sweep", sweep, 0.0, longest_s=1.0)])
    monkeypatch.setattr(run_sweeper, "_send_canaries", lambda: None)
    sweeper = threading.Thread(target=run_sweeper.run, args=(stopping,))
    sweeper.start()
    try:
        assert swept_meanwhile.wait(30)
    finally:
        stopping.set()
        sweeper.join(30)
    assert not sweeper.is_alive()
