"""The service's database and index in a folder of the bench's own, filled with given fingerprints."""

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BATCH = 100


@contextmanager
def deployment(**environment: str) -> Iterator[Path]:
    """An empty deployment in SQLite, in this process and in those it starts; its data folder."""
    folder = Path(tempfile.mkdtemp(prefix="index-bench-"))
    os.environ |= {"DATA_DIR": str(folder), "LOG_LEVEL": "ERROR", **environment}
    os.environ["DJANGO_SETTINGS_MODULE"] = "fingerprint_site.settings"
    os.environ.pop("DATABASE_URL", None)
    try:
        set_up()
        from django.core.management import call_command  # noqa: PLC0415  (after the set-up)

        call_command("migrate", verbosity=0)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def set_up() -> None:
    """Load Django with the deployment of the environment."""
    import django  # noqa: PLC0415  (after the environment is there)

    django.setup()


def add_tracks(stored: Sequence[bytes], *, duration_s: float, in_index: bool = True) -> list[int]:
    """A track with its own audio file and fingerprint for each of the bytes; their ids."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from catalog.models import AudioFile, Fingerprint, Track  # noqa: PLC0415
    from catalog.services.index import log  # noqa: PLC0415

    owner, _ = User.objects.get_or_create(username="bench")
    made: list[int] = []
    for first in range(0, len(stored), BATCH):
        some = stored[first : first + BATCH]
        with transaction.atomic():
            files = AudioFile.objects.bulk_create(
                AudioFile(
                    sha256=uuid.uuid4().hex * 2,
                    stored_name=f"{uuid.uuid4()}.gone",
                    size_bytes=1,
                    duration_s=duration_s,
                    sample_rate_hz=1,
                    channels=1,
                )
                for _ in some
            )
            Fingerprint.objects.bulk_create(
                Fingerprint(
                    audio_file=file,
                    version=log.CURRENT_VERSION,
                    data=data,
                    size_bytes=len(data),
                    duration_s=duration_s,
                )
                for file, data in zip(files, some, strict=True)
            )
            tracks = Track.objects.bulk_create(
                Track(owner=owner, audio_file=file, title=f"track {first + n}") for n, file in enumerate(files)
            )
            if in_index:
                for track in tracks:
                    log.record_add(track_id=track.pk)
        made += [track.pk for track in tracks]
    return made


def run_command(*arguments: str) -> None:
    """``manage.py`` in a process of its own; the bench ends with its words where it fails."""
    ended = subprocess.run([sys.executable, "manage.py", *arguments], check=False, stderr=subprocess.PIPE, text=True)
    if ended.returncode:
        raise SystemExit(f"manage.py {' '.join(arguments)}: {ended.stderr[-2000:]}")
