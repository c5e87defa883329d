"""An empty database for a measurement, of each kind that is named."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from bench.chaos.postgres import Postgres
from bench.chaos.stack import free_port

KEPT = os.environ.get("PAGES_FOLDER", "")  # a folder that keeps the embedded database from one run to the next


def on_each(module: str, run: Callable[[str], int]) -> int:
    """Run on each database that is named; several get a process each, as Django's settings are read once."""
    databases = sys.argv[1:] or ["sqlite"]
    if len(databases) > 1:
        command = [sys.executable, "-m", module]
        return max(subprocess.run([*command, one], check=False).returncode for one in databases)
    with nullcontext(KEPT) if KEPT else tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        Path(folder).chmod(0o755)  # the database's user has its folder inside
        postgres = Postgres(Path(folder) / "postgres", free_port()) if databases == ["postgresql"] else None
        os.environ |= {
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "fingerprint_site.settings",
            "LOG_LEVEL": "CRITICAL",
        }
        os.environ.pop("DATABASE_URL", None)
        if postgres:
            postgres.start() if (Path(folder) / "postgres").exists() else postgres.create()
            os.environ["DATABASE_URL"] = postgres.url
        try:
            _prepare()
            return run(databases[0])
        finally:
            if postgres:
                postgres.stop()


def _prepare() -> None:
    import django  # noqa: PLC0415  (its settings are read here)

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
