"""`make fuzz`: at least 1,000 hostile files (QUICK=1: 160) through the API of a running site; one line a goal."""

import collections
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

QUICK = bool(os.environ.get("QUICK"))
COUNT = int(os.environ.get("COUNT", "160" if QUICK else "1000"))
SEED = int(os.environ.get("SEED", "1"))
GOOD_EVERY = 40
MOST_MB = 1024
DECODE_MB = 2048
NOT_CLEAR = ("stopped at every attempt", "could not finish", "Traceback", "Error(", "None", "0x")

WORK = Path(tempfile.mkdtemp(prefix="fuzz-"))
os.environ["DATA_DIR"] = str(WORK / "site")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fingerprint_site.settings")
os.environ["DECODE_MEMORY_MB"] = str(DECODE_MB)

from bench.fuzz import watch  # noqa: E402
from bench.fuzz.cases import DONE, FAILED, FINE, REFUSED, Case  # noqa: E402
from bench.fuzz.client import Client, Ending  # noqa: E402
from bench.fuzz.files import cases  # noqa: E402
from bench.fuzz.pages import Desk  # noqa: E402
from bench.fuzz.recordings import paths  # noqa: E402
from bench.goals import Goal  # noqa: E402
from tests.site.running import RunningSite  # noqa: E402


def with_good_ones(files: Iterable[Case]) -> Iterable[Case]:
    """A good recording after every few bad ones, and at the end."""
    good = 0
    for number, case in enumerate(files, start=1):
        yield case
        if number % GOOD_EVERY == 0:
            good += 1
            path = paths()[good % len(paths())]
            yield Case("good", path.name.encode(), path.read_bytes(), FINE)
    yield Case("good", b"last.mp3", paths()[-1].read_bytes(), FINE)


def run(site: RunningSite) -> tuple[list[Ending], Client, watch.Watch]:
    """All files; progress on standard error."""
    made = site.manage("create_api_key", "admin", "--per-minute", "1000000")
    client = Client(site.url, made.stdout.splitlines()[-1])
    watching = watch.Watch(site)
    endings: list[Ending] = []
    for ending in client.run(with_good_ones(cases(count=COUNT, seed=SEED))):
        endings.append(ending)
        if not ending.as_allowed:
            print(f"  {ending.case.kind} {ending.case.name[:60]!r}: {ending.how} {ending.reason}", file=sys.stderr)
        if len(endings) % 50 == 0:
            print(f"  {len(endings)} files …", file=sys.stderr, flush=True)
    watching.stop()
    return endings, client, watching


def goals(site: RunningSite, endings: list[Ending], client: Client, watching: watch.Watch, web: set[int]) -> list[Goal]:
    """The verdict."""
    hostile = [ending for ending in endings if ending.case.kind != "good"]
    good = [ending for ending in endings if ending.case.kind == "good"]
    counts = collections.Counter(ending.how for ending in hostile)
    astray = [ending for ending in hostile if not ending.as_allowed]
    unclear = [
        e for e in hostile if e.how in (REFUSED, FAILED) and (not e.reason or any(w in e.reason for w in NOT_CLEAR))
    ]
    errors = [status for status in client.statuses if status >= 500]
    died = watch.deaths(site.folder)
    left = watch.left_behind(site.folder)
    pages, troubles = Desk(site.url, site.folder).troubles(20 if QUICK else 200)
    most_mb = {role: kilobytes // 1024 for role, kilobytes in sorted(watching.most_kb.items())}
    within = all(mb <= (DECODE_MB if "decoder" in role else MOST_MB) for role, mb in most_mb.items())
    for line in [*(f"{e.case.kind}: {e.reason}" for e in unclear), *died, *left, *troubles][:20]:
        print(f"  {line}", file=sys.stderr)
    ends = ", ".join(f"{counts[how]} {how}" for how in (REFUSED, FAILED, DONE))
    return [
        Goal(f"hostile files >= {COUNT}", str(len(hostile)), len(hostile) >= COUNT),
        Goal(
            "each ends in 422, a failed task or success, as its kind may", f"{ends}, {len(astray)} astray", not astray
        ),
        Goal("each refusal and failure has a clear reason", f"{len(unclear)} without", not unclear),
        Goal("no answer of 5xx", f"{len(errors)} of {len(client.statuses)} answers", not errors),
        Goal(
            "no process died, no error uncaught", f"{len(died)} log lines", not died and web == watch.web_workers(site)
        ),
        Goal(f"memory: decoder <= {DECODE_MB} MB, others <= {MOST_MB} MB", f"most {most_mb} MB", within),
        Goal("disk: no upload and no draft left behind", f"{len(left)} files", not left),
        Goal(
            "good files in between end in success",
            f"{sum(e.as_allowed for e in good)} of {len(good)}",
            all(e.as_allowed for e in good),
        ),
        Goal(
            "staff pages show hostile names and tags as text",
            f"{len(troubles)} of {pages} pages in trouble",
            not troubles,
        ),
    ]


def main() -> int:
    """Start a site, fire, judge; 0 when every goal is met."""
    site = RunningSite(WORK / "site", database_url=os.environ.get("DATABASE_URL"))
    started_s = time.monotonic()
    try:
        site.start("--no-demo")
        web = watch.web_workers(site)
        endings, client, watching = run(site)
        verdict = goals(site, endings, client, watching, web)
    finally:
        site.stop()
        if not os.environ.get("KEEP"):
            shutil.rmtree(WORK, ignore_errors=True)
    print(f"fuzz: {len(endings)} files, seed {SEED}, {time.monotonic() - started_s:.0f} s")
    for goal in verdict:
        print(goal.line())
    return 0 if all(goal.met for goal in verdict) else 1


sys.exit(main())
