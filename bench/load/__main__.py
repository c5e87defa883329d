"""``python -m bench.load``: POSTs beside busy workers, a long queue, pages of a large catalog; ``QUICK=1``: small.

``LOAD_PARTS`` names some of ``api events queue pages``, ``LOAD_CLIENTS`` how many clients call at once (1 10 50). One
line a goal, exit code 1 when one is missed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from bench.chaos.postgres import Postgres
from bench.chaos.receiver import Receiver
from bench.chaos.stack import ROOT, Stack, free_port
from bench.goals import Goal
from bench.load import calls, clients, server_clock, tasks, waiting
from bench.load.clients import POST_LIMIT_MS

QUICK = bool(os.environ.get("QUICK"))
SECONDS = 10.0 if QUICK else 40.0
DEPTH = 1_000 if QUICK else 10_000
BUSY_PER_S = 30  # tasks that wait for each second of a measurement, so that both workers are busy all through it
CLIENTS = [int(number) for number in os.environ.get("LOAD_CLIENTS", "1 10 50").split()]
EACH_PER_S = 1.0  # of a client; the paid tier allows 1.7
SLOWING = 0.8  # of the rate with a short queue: less is slowing
PARTS = os.environ.get("LOAD_PARTS", "api events queue pages").split()
PROCESSES = {"WEB_WORKERS": "2", "WEB_THREADS": "8", "FINGERPRINT_WORKERS": "2", "WEBHOOK_WORKERS": "1"}
# What the clients upload stays: the account has room for it.
ROOM = {"ACCOUNT_MAX_UNCONFIRMED_HOURS": "500", "ACCOUNT_MAX_OPEN_UPLOADS": "10000"}


def main() -> int:
    """Run each part on SQLite and PostgreSQL, each in a process of its own."""
    if len(sys.argv) == 3:
        return _part(sys.argv[1], sys.argv[2])
    print(f"2 web processes with 8 threads each, 2 workers; load average {os.getloadavg()[0]:.1f} before", flush=True)
    runs = [(part, database) for part in PARTS for database in ("sqlite", "postgresql")]
    codes = [subprocess.run([sys.executable, "-m", "bench.load", *run], check=False).returncode for run in runs]
    return max(codes)


def _part(part: str, database: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix=f"load-{part}-"))
    folder.chmod(0o755)
    postgres = Postgres(folder / "postgres", free_port()) if database == "postgresql" else None
    receiver = Receiver(seed=1)
    # The stack's own disk has no room for the large catalog.
    large = f"sqlite:///{folder}/large.sqlite3" if part == "pages" else None
    url = postgres.url if postgres else large
    stack = Stack(folder, database_url=url, receiver_host=receiver.host, moved_clock=False)
    stack.environment |= PROCESSES | ROOM | {"SWEEP_SECONDS": "1", "DISK_RESERVE_MB": "20"}
    try:
        if postgres:
            postgres.create()
        goals = {"api": _api, "events": _events, "queue": _queue, "pages": _pages}[part](stack, receiver, database)
    finally:
        stack.clean()
        receiver.stop()
        if postgres:
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(goal.line() for goal in goals), flush=True)
    return 0 if all(goal.met for goal in goals) else 1


def _api(stack: Stack, receiver: Receiver, database: str) -> list[Goal]:
    key = _set_up(stack, receiver)
    stack.start()
    music_ids = _uploaded(stack.url, key)
    tasks.add_all(music_ids)
    # Calls are counted by key: with one for all, each would wait for the others' count.
    keys, goals = [_key_of("good") for _ in range(max(CLIENTS))], []
    for count, each in [*((count, EACH_PER_S) for count in CLIENTS), (10, None)]:
        with waiting.listening(stack.url, [key] * waiting.LISTENERS):
            timings, before = _measured(stack, keys, music_ids, count, each)
        pace = f"{each:g} a second each" if each else "as fast as answered"
        print(
            f"  {database}, {count} clients, {pace}: {timings.rate:.1f} requests/s, POST p50"
            f" {timings.percentile_ms(50):.0f} ms, p99 {timings.percentile_ms(99):.0f} ms"
            f" (in the server {_in_server(stack, before)}); {tasks.since(before)}"
            f"; not answered well: {dict(timings.others) or 'none'}\n    p50, p99 in ms: {timings.by_kind()}",
            flush=True,
        )
        if each:
            p99 = timings.percentile_ms(99)
            goal = f"POST p99 <= {POST_LIMIT_MS:.0f} ms, both workers busy, {database}, {count} clients, {pace}"
            goals.append(Goal(goal, f"{p99:.0f} ms", p99 <= POST_LIMIT_MS and not timings.others))
    stack.stop()
    return goals


def _in_server(stack: Stack, began: float) -> str:
    """Say what the server's own clock took for the POSTs since: what the client's has more is the way and the wait."""
    by_kind = server_clock.seconds_since(began, stack.folder / "logs" / "web.log")
    times = [one for kind in calls.POSTS for one in by_kind.get(kind, [])]
    return f"p50 {clients.percentile_ms(times, 50):.0f}, p99 {clients.percentile_ms(times, 99):.0f}"


def _events(stack: Stack, receiver: Receiver, database: str) -> list[Goal]:
    """Clients that wait for events, beside those that POST."""
    key = _set_up(stack, receiver)
    stack.start()
    music_ids = _uploaded(stack.url, key)
    tasks.add_all(music_ids)
    idle = [_key_of(f"idle-{number}") for number in range(20)]
    seconds = max(SECONDS, waiting.LEAST_S)
    own = [key, *(_key_of("good") for _ in range(9))]
    line, goals = waiting.measure(url=stack.url, own_keys=own, idle_keys=idle, music_ids=music_ids, seconds=seconds)
    print(f"  {database}, {line}", flush=True)
    stack.stop()
    return [Goal(f"{goal.name}, {database}", goal.reached, goal.met) for goal in goals]


def _key_of(name: str) -> str:
    """Make a key of an account, and the account where there is none."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from catalog.models import ApiKey  # noqa: PLC0415
    from catalog.services.api_keys import create_key  # noqa: PLC0415

    owner = User.objects.get_or_create(username=name)[0]
    return create_key(owner=owner, tier=ApiKey.Tier.CUSTOM, custom_per_minute=1_000_000)[1]


def _queue(stack: Stack, receiver: Receiver, database: str) -> list[Goal]:
    """Tasks a minute and POSTs with a short queue, and with a long one."""
    key = _set_up(stack, receiver)
    stack.start()
    music_ids = _uploaded(stack.url, key)
    tasks.add_all(music_ids)
    tasks.fill_queue(int(BUSY_PER_S * SECONDS), music_ids)
    time.sleep(3)
    short, short_jobs = _with_rate(stack, key, music_ids)
    tasks.fill_queue(DEPTH, music_ids)
    deep, deep_jobs = _with_rate(stack, key, music_ids)
    stack.stop()
    p99, short_p99 = deep.percentile_ms(99), short.percentile_ms(99)
    print(f"  {database}: tasks/min {short_jobs:.0f} with a short queue, {deep_jobs:.0f} with {DEPTH:,} waiting;")
    print(f"  POST p99 {short_p99:.0f} ms with a short queue, {p99:.0f} ms with a long one", flush=True)
    share = deep_jobs / short_jobs if short_jobs else 0.0
    return [
        Goal(
            f"queue of {DEPTH:,} slows no task, {database}", f"{share:.0%} of the short queue's rate", share >= SLOWING
        ),
        Goal(
            f"POST p99 <= {POST_LIMIT_MS:.0f} ms with {DEPTH:,} waiting, {database}",
            f"{p99:.0f} ms",
            p99 <= POST_LIMIT_MS,
        ),
    ]


def _pages(stack: Stack, receiver: Receiver, database: str) -> list[Goal]:
    _set_up(stack, receiver)
    from django.contrib.auth.models import User  # noqa: PLC0415

    from bench.load import large_catalog, pages  # noqa: PLC0415  (after the settings)
    from webhooks.models import Endpoint  # noqa: PLC0415

    sizes = large_catalog.Sizes(10_000, 100_000, 300_000) if QUICK else large_catalog.Sizes()
    began_s = time.monotonic()
    owner = User.objects.get(username="good")
    large_catalog.fill(sizes, owner_id=owner.pk, endpoint_id=Endpoint.objects.get().pk)
    print(f"  rows written in {time.monotonic() - began_s:.0f} s", flush=True)
    admin = User.objects.get(username="admin")
    admin.set_password("load-has-no-secrets")
    admin.save()
    bind = stack.url.removeprefix("http://")
    command = [sys.executable, "-m", "gunicorn", "fingerprint_site.wsgi", "--bind", bind, "--threads", "4"]
    with (stack.folder.parent / "web.log").open("w") as log:
        web = subprocess.Popen(command, env=stack.environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        stack.await_answer(within_s=60)
        return pages.measure(stack.url, "load-has-no-secrets", sizes, database)
    finally:
        web.terminate()
        web.wait()


def _set_up(stack: Stack, receiver: Receiver) -> str:
    """Make an account with a key and a callback URL that answers at once; return the key."""
    os.environ.clear()
    os.environ.update(stack.environment | {"LOG_LEVEL": "WARNING"})  # of this process; the service logs as usual
    import django  # noqa: PLC0415  (the settings read the environment)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    from django.contrib.auth.models import User  # noqa: PLC0415

    from catalog.models import ApiKey  # noqa: PLC0415
    from catalog.services.api_keys import create_key  # noqa: PLC0415
    from webhooks.services import endpoint_secret, register_endpoint  # noqa: PLC0415

    call_command("setup_site")
    owner = User.objects.create_user("good")
    endpoint = register_endpoint(owner=owner, url=receiver.url("good"))
    receiver.secrets["good"] = endpoint_secret(endpoint=endpoint)
    return create_key(owner=owner, tier=ApiKey.Tier.CUSTOM, custom_per_minute=1_000_000)[1]


def _uploaded(url: str, key: str) -> list[str]:
    """Upload the bundled recordings, five times with other bytes; return their ids. Make what clients will send."""
    calls.fingerprint(), calls.files()
    music_ids = []
    for path in calls.bundled():
        for number in range(5):
            body = {"file": (path.name, path.read_bytes() + bytes(number))}
            head = {"Authorization": f"Bearer {key}"}
            answer = requests.post(f"{url}/api/v1/music", headers=head, files=body, timeout=60)
            music_ids.append(answer.json()["musicId"])
    return music_ids


def _measured(
    stack: Stack, keys: list[str], music_ids: list[str], count: int, each: float | None
) -> tuple[clients.Timings, float]:
    tasks.fill_queue(int(BUSY_PER_S * SECONDS), music_ids)
    time.sleep(3)
    began = time.time()
    return clients.run(
        url=stack.url, keys=keys, music_ids=music_ids, clients=count, seconds=SECONDS, each_per_s=each
    ), began


def _with_rate(stack: Stack, key: str, music_ids: list[str]) -> tuple[clients.Timings, float]:
    """POST at 10 a second for a while; return the timings, and the tasks a minute that ended meanwhile."""
    before = tasks.ended()
    timings = clients.run(
        url=stack.url, keys=[key], music_ids=music_ids, clients=10, seconds=SECONDS, each_per_s=EACH_PER_S
    )
    return timings, (tasks.ended() - before) / timings.took_s * 60


if __name__ == "__main__":
    sys.exit(main())
