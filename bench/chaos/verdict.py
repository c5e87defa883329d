"""What must hold at the end, looked at in the database, on the disk and in the receiver's store."""

import fcntl
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import requests

from bench.chaos.receiver import Store
from bench.chaos.stack import ROOT, Stack
from bench.goals import Goal

HOURS_S = 2 * 3600.0
TIDY_HOURS_LATER = """
from django.utils import timezone
from catalog.services import housekeeping
from catalog.services.audio import stored_files
housekeeping.tidy()
stored_files.remove_due(now=timezone.now() + 2 * stored_files.GIVEN_UP_AFTER)
"""


def tasks(stack: Stack, keys: Mapping[str, str], accepted: Mapping[str, str]) -> Goal:
    """Every task that was answered with 200 has ended, as its account sees it."""
    status: Counter[str] = Counter()
    for task_id, account in accepted.items():
        head = {"Authorization": f"Bearer {keys[account]}"}
        answer = requests.get(f"{stack.url}/api/v1/task/result/{task_id}", headers=head, timeout=30)
        status[str(answer.json().get("status", answer.status_code))] += 1
    good = set(status) <= {"success", "failure"} and sum(status.values()) == len(accepted)
    return Goal("every task answered 2xx has ended", _counts(status), good)


def callbacks(accepted: Mapping[str, str], store: Store) -> list[Goal]:
    """Every callback is delivered, visibly scheduled or given up; what counts as delivered is in the store, once."""
    from webhooks.models import Message  # noqa: PLC0415  (after django.setup)

    states: Counter[str] = Counter()
    missing, unstored = [], []
    messages = {message.subject: message for message in Message.objects.select_related("endpoint")}
    taken = store.task_ids()
    for task_id in accepted:
        message = messages.get(task_id)
        states[_state(message)] += 1
        if message is None or _state(message) == "lost":
            missing.append(task_id)
        elif message.state == Message.State.DELIVERED and taken[task_id] != 1:
            unstored.append(task_id)
    twice = [task_id for task_id, count in taken.items() if count > 1]
    again = sum(count - 1 for count in store.arrivals.values())
    return [
        Goal("every callback delivered, scheduled or given up", _counts(states), not missing),
        Goal(
            "delivered means stored by the receiver, each exactly once by its id",
            f"{len(taken)} stored, {again} came again, {len(unstored)} not there, {len(twice)} under two ids",
            not unstored and not twice,
        ),
        Goal("every callback signed, its body unchanged, no redirect followed", _some(store.wrong), not store.wrong),
    ]


def _state(message: object) -> str:
    from webhooks.models import Message  # noqa: PLC0415

    if not isinstance(message, Message):
        return "no message"
    if message.state == Message.State.DELIVERED:
        return "delivered"
    if message.state == Message.State.FAILED:
        return "given up" if message.error else "lost"
    return "scheduled" if message.endpoint.is_deliverable and message.next_attempt_at else "lost"


def goes_on(stack: Stack) -> list[Goal]:
    """Every scan has come to its end, and the index is compacted, whatever clock the leases were written under."""
    from catalog.models import Scan  # noqa: PLC0415

    scans = Counter(Scan.objects.values_list("status", flat=True))
    compacted = _manage(stack, "index", "compact")
    last = (compacted.stdout.strip() or compacted.stderr.strip()).splitlines()[-1:]
    return [
        Goal("every scan is done", _counts(scans), not stack.clock or set(scans) == {"done"}),
        Goal("the index is compacted", " ".join(last)[:160], compacted.returncode == 0),
    ]


def index_verifies(stack: Stack) -> Goal:
    """The index that the files give is the one that the database says."""
    done = _manage(stack, "index", "verify")
    last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1:]
    return Goal("the index verifies", " ".join(last)[:160], done.returncode == 0)


def nothing_left(stack: Stack) -> list[Goal]:
    """No process, no file and no lock is left once the stack has stopped, looked at as hours later."""
    left = [process.command for process in stack.processes()]
    _age(stack.folder)
    tidied = _manage(stack, "shell", "-v", "0", "-c", TIDY_HOURS_LATER)
    files = _unknown_files(stack)
    locks = [path.name for path in stack.folder.rglob("*.lock") if not _is_free(path)]
    return [
        Goal("no orphan process", _some(left), not left),
        Goal(
            "no orphan file",
            tidied.stderr[-160:] if tidied.returncode else _some(files),
            not files and not tidied.returncode,
        ),
        Goal("no lock is held", _some(locks), not locks),
    ]


def _age(folder: Path) -> None:
    then_s = time.time() - HOURS_S
    for path in folder.rglob("*"):
        os.utime(path, (then_s, then_s))


def _unknown_files(stack: Stack) -> list[str]:
    from catalog.models import AudioFile, Fingerprint, Track  # noqa: F401, PLC0415

    audio, uploads = stack.folder / "audio", stack.folder / "uploads"
    known = set(AudioFile.objects.values_list("stored_name", flat=True))
    stored = {str(path.relative_to(audio)) for path in audio.rglob("*/*") if path.is_file()}
    others = [path for path in [*uploads.rglob("*"), *stack.temporary.rglob("*")] if path.is_file()]
    drafts = [path for path in (stack.folder / "index").rglob("*") if path.suffix == ".tmp"]
    return [
        *(f"unknown {name}" for name in sorted(stored - known)),
        *(f"missing {name}" for name in sorted(known - stored)),
        *map(str, others + drafts),
    ]


def _is_free(path: Path) -> bool:
    with path.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _manage(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=stack.environment, capture_output=True, text=True, check=False, cwd=ROOT)


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items())) or "none"


def _some(found: list[str]) -> str:
    return f"{len(found)}: {'; '.join(found[:3])}"[:200] if found else "none"
