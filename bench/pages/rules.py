"""What rules cost with 50,000 waiting pairs: a try, and the deciding itself."""

import time
from collections.abc import Iterator

from bench.goals import Goal

LIMIT_S = 60.0
SCORE = 40.0


def measure() -> Iterator[Goal]:
    """Time a try and a run of each kind of rule over all that waits, then a try of a rule that leaves all of it."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from catalog.models import Rule  # noqa: PLC0415

    by = User.objects.get(username="bench")
    _prepare()
    kinds = ({"kind": "family"}, {"kind": "identical"}, {"kind": "allowed", "of": "artist", "value": "Artist 7"})
    for named in kinds:
        rule = Rule.objects.create(**named, takes_conflicts=True, made_by=by, is_on=True)
        for is_try in (True, False):
            yield _goal(rule, by, is_try=is_try)
        yield _undo(rule)


def _prepare() -> None:
    """Let every match be sure, and the files of each pair hold the same samples."""
    from bench.pages.rows import BESIDE  # noqa: PLC0415
    from catalog.models import AudioFile, Match  # noqa: PLC0415

    Match.objects.update(score=SCORE)
    keys = AudioFile.objects.values_list("pk", flat=True)
    files = [AudioFile(pk=pk, samples_digest=f"{pk % BESIDE:032x}") for pk in keys]
    AudioFile.objects.bulk_update(files, ["samples_digest"], batch_size=2000)


def _goal(rule: object, by: object, *, is_try: bool) -> Goal:
    from catalog.models import RuleRun  # noqa: PLC0415
    from catalog.rules.runs import start_run, sweep_runs  # noqa: PLC0415

    run = start_run(rule=rule, asked_by=by, is_try=is_try)
    began_s = time.perf_counter()
    while RuleRun.objects.filter(pk=run.pk, ended_at=None).exists():
        sweep_runs()
    took_s = time.perf_counter() - began_s
    run.refresh_from_db()
    what = "try" if is_try else "run"
    told = f"{took_s:.1f} s, {run.looked_at:,} pairs looked at, {run.decided:,} decided {run.left or ''}"
    return Goal(f"{what} of a rule about {rule} <= {LIMIT_S:.0f} s", told, took_s <= LIMIT_S)


def _undo(rule: object) -> Goal:
    from catalog.rules.reading import EVER  # noqa: PLC0415
    from catalog.services.decisions import undo_of_rule  # noqa: PLC0415

    began_s = time.perf_counter()
    count = undo_of_rule(rule=rule, since=EVER)
    took_s = time.perf_counter() - began_s
    return Goal("all of it undone <= 10 s", f"{took_s:.2f} s, {count:,} decisions", took_s <= 10)
