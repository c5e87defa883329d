"""Static files: collected, hashed and compressed where they have changed since, which takes seconds of every start."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

_MARK = "collected-from"


def collect_when_changed() -> bool:
    """Collect the static files unless they are the ones that were collected last; return whether it was done."""
    mark = Path(settings.STATIC_ROOT) / _MARK
    state = _state()
    if mark.exists() and mark.read_text(encoding="ascii") == state:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    draft = mark.with_suffix(".tmp")
    draft.write_text(state, encoding="ascii")
    draft.replace(mark)
    return True


def _state() -> str:
    """Return a digest of every source file's name, size and time."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
