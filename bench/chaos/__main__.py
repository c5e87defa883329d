"""``python -m bench.chaos [sqlite] [postgresql]``: the service under faults, at least 500 tasks and 50 faults a run.

``QUICK=1`` is the short form: 30 tasks and 8 kinds of fault, as the seed draws them. ``CHAOS_JOBS``, ``CHAOS_FAULTS``
and ``CHAOS_SEED`` set a run by hand. One line a goal, exit code 1 when one is missed; a run that missed one leaves its
logs behind.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.chaos import verdict
from bench.chaos.faults import Faults
from bench.chaos.postgres import Postgres
from bench.chaos.receiver import Receiver
from bench.chaos.stack import DRAIN_S, Stack, free_port
from bench.chaos.traffic import ACCOUNTS, Clients
from bench.goals import Goal

QUICK = bool(os.environ.get("QUICK"))
JOBS = int(os.environ.get("CHAOS_JOBS", "30" if QUICK else "500"))
FAULTS = int(os.environ.get("CHAOS_FAULTS", "8" if QUICK else "54"))
SEED = int(os.environ.get("CHAOS_SEED", str(int(time.time()) % 100_000)))
PAUSE_S = (0.5, 3.0) if QUICK else (2.0, 9.0)
CALM_WITHIN_S = 600.0  # patience after the last fault: watchdogs, leases, the schedule, on a busy machine


def main() -> int:
    """Run on each database that is named; several get a process each, as Django's settings are read once."""
    databases = sys.argv[1:] or ["sqlite"]
    if len(databases) > 1:
        codes = [
            subprocess.run([sys.executable, "-m", "bench.chaos", one], check=False).returncode for one in databases
        ]
        return max(codes)
    return 0 if all(goal.met for goal in _run(databases[0])) else 1


def _run(database: str) -> list[Goal]:
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{database}-"))
    folder.chmod(0o755)  # the database's user has its folder inside
    print(f"chaos on {database}: seed {SEED}, logs in {folder}", flush=True)
    postgres = Postgres(folder / "postgres", free_port()) if database == "postgresql" else None
    receiver = Receiver(seed=SEED)
    stack = Stack(folder, database_url=postgres.url if postgres else None, receiver_host=receiver.host)
    try:
        if postgres:
            postgres.create()
        goals = _judge(stack, receiver, Faults(stack, postgres, SEED))
        if all(goal.met for goal in goals):
            stack.clean()
            shutil.rmtree(folder, ignore_errors=True)
        else:
            shutil.copytree(stack.folder / "logs", folder / "logs", dirs_exist_ok=True)
            print(f"The logs stay in {folder}", flush=True)
        return goals
    finally:
        stack.clean()
        receiver.stop()
        if postgres:
            postgres.stop()


def _judge(stack: Stack, receiver: Receiver, faults: Faults) -> list[Goal]:
    keys = _accounts(stack, receiver)
    stack.start()
    seconds = FAULTS * (sum(PAUSE_S) / 2 + 2.5)
    clients = Clients(url=stack.url, keys=keys, jobs=JOBS, seconds=seconds, seed=SEED, quiet=faults.quiet)
    clients.start()
    began_s = time.monotonic()
    _break_things(faults, clients)
    clients.stop()
    calm_s = _await_calm(stack)
    accepted = clients.ledger.accepted
    goals = [_enough(faults, len(accepted)), verdict.tasks(stack, keys, accepted)]
    print(f"  answers: {dict(sorted(clients.ledger.answers.items()))}")
    print(f"  receiver: {dict(sorted(receiver.store.answers.items()))}; the site was started {stack.starts} times")
    print(f"  {time.monotonic() - began_s:.0f} s in all, calm {calm_s:.0f} s after the last fault", flush=True)
    took_s = stack.stop()
    goals.append(Goal(f"TERM ends it within {DRAIN_S} s + 4 s", f"{took_s:.1f} s", took_s <= DRAIN_S + 4))
    goals += [
        *verdict.callbacks(accepted, receiver.store),
        *verdict.goes_on(stack),
        verdict.index_verifies(stack),
        *verdict.nothing_left(stack),
    ]
    print("\n".join(goal.line() for goal in goals), flush=True)
    return goals


def _accounts(stack: Stack, receiver: Receiver) -> dict[str, str]:
    """Make the accounts, their keys and their callback URLs; return the keys."""
    os.environ.clear()
    os.environ.update(stack.environment)
    import django  # noqa: PLC0415  (the settings read the environment)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    from django.contrib.auth.models import User  # noqa: PLC0415

    from catalog.models import ApiKey  # noqa: PLC0415
    from catalog.services.api_keys import create_key  # noqa: PLC0415
    from webhooks.services import endpoint_secret, register_endpoint  # noqa: PLC0415

    call_command("setup_site")
    keys = {}
    for account in ACCOUNTS:
        owner = User.objects.create_user(account)
        keys[account] = create_key(owner=owner, tier=ApiKey.Tier.CUSTOM, custom_per_minute=1_000_000)[1]
        endpoint = register_endpoint(owner=owner, url=receiver.url(account))
        receiver.secrets[account] = endpoint_secret(endpoint=endpoint)
    return keys


def _break_things(faults: Faults, clients: Clients) -> None:
    """Do the faults while the clients ask; those that met nothing get another turn, as long as that is worth it."""
    turns = 0
    while faults.done.total() < FAULTS or not clients.done or (_not_met(faults) and turns < 2 * FAULTS):
        time.sleep(faults.chance.uniform(*PAUSE_S))
        if faults.done.total() < FAULTS or _not_met(faults):
            turns += 1
            name = faults.one()
            print(f"  {time.strftime('%H:%M:%S')} {name}; {len(clients.ledger.accepted)} tasks", flush=True)


def _await_calm(stack: Stack) -> float:
    """Wait until every task has ended and no first delivery waits, or until the time is over; return the seconds."""
    from django.db import OperationalError, connections  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from catalog.models import Job, Scan  # noqa: PLC0415
    from webhooks.models import Message  # noqa: PLC0415

    began_s = time.monotonic()
    while time.monotonic() - began_s < CALM_WITHIN_S:
        try:
            open_jobs = Job.objects.filter(status__in=["pending", "processing"]).count()
            soon = timezone.now() + timedelta(minutes=2)  # what a moved clock put off for longer is not waited for
            waiting = Message.objects.filter(state__in=["pending", "delivering"], next_attempt_at__lt=soon)
            # A URL that only fails is paused again and again: what waits for it is scheduled, and not waited for.
            open_messages = waiting.exclude(endpoint__pause_reason="failing").count()
            scans = Scan.objects.filter(status=Scan.Status.RUNNING).exists()
            if not open_jobs and not open_messages and not scans:
                break
        except OperationalError:
            connections.close_all()
        time.sleep(1)
    stack.await_answer(within_s=60)
    return time.monotonic() - began_s


def _not_met(faults: Faults) -> list[str]:
    """Return the kinds that are still wanted: all, where there are as many faults; else those of every run."""
    return faults.never_met if len(faults.kinds()) <= FAULTS else sorted(faults.wanted)


def _enough(faults: Faults, jobs: int) -> Goal:
    never = _not_met(faults)
    left_out = [
        name
        for name, there in (("clock (no C compiler)", faults.stack.clock), ("disk (not root)", faults.stack.disk))
        if not there
    ]
    reached = f"{jobs} tasks, {faults.done.total()} faults of {len(faults.done)} kinds"
    reached += f"; never met: {', '.join(never)}" if never else ""
    reached += f"; left out: {', '.join(left_out)}" if left_out else ""
    goal = f"at least {JOBS} tasks and {FAULTS} faults" + (", every kind" if len(faults.kinds()) <= FAULTS else "")
    return Goal(goal, reached, jobs >= JOBS and faults.done.total() >= FAULTS and not never)


if __name__ == "__main__":
    sys.exit(main())
