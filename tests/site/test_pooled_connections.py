"""Behind a pool that lends each connection for one transaction: PgBouncer, where it is (apt install pgbouncer)."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.db import connection

from tests.site.running import await_true, free_port

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql" or PROGRAM is None, reason="needs PostgreSQL and PgBouncer"),
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
POOL = """[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
ignore_startup_parameters = options
"""
# Eight threads share four connections: each asks for its next piece while others hold the one it read from.
READ_AND_PUT = """
import threading
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from queueing import entries
wrong = []
def read_and_put():
    try:
        for _ in range(20):
            if len(list(Permission.objects.iterator(chunk_size=10))) != Permission.objects.count():
                wrong.append("another number")
            with transaction.atomic():
                entries.put("queueing.tasks.sing", ["x"], cluster="x")
                if len(list(Permission.objects.select_for_update(no_key=True).order_by("pk").iterator(10))) < 10:
                    wrong.append("too few")
    except Exception as error:
        wrong.append(repr(error))
    finally:
        connection.close()
threads = [threading.Thread(target=read_and_put) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM django_q_ormq")
    print(cursor.fetchone()[0], wrong)
"""
Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Start the pool. It refuses to be root's, and is then somebody's who may read none of the tests' folders."""
    as_user: dict[str, Any] = {"user": "nobody"} if os.getuid() == 0 else {}
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as output, tempfile.NamedTemporaryFile("w") as settings:
        settings.write(POOL.format(server=_server(), own_port=port))
        settings.flush()
        Path(settings.name).chmod(0o644)
        pool = subprocess.Popen([str(PROGRAM), settings.name], stdout=output, stderr=output, **as_user)
        try:
            await_true(lambda: b"process up" in log.read_bytes(), within_s=10)
            yield port
        finally:
            pool.terminate()
            pool.wait(10)


def _server() -> str:
    words = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return " ".join(f"{word}={value}" for word, name in words.items() if (value := connection.settings_dict[name]))


@pytest.fixture
def manage(port: int, tmp_path: Path) -> Manage:
    """Run a command with the pool's address."""
    address = f"postgres://{connection.settings_dict['USER']}@127.0.0.1:{port}/{connection.settings_dict['NAME']}"
    environment = os.environ | {"DATABASE_URL": address, "DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "data").mkdir()

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(site.BASE_DIR / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_reading_in_pieces_and_transactions(manage: Manage) -> None:
    done = manage("shell", "--no-imports", "-c", READ_AND_PUT)
    assert done.stdout.splitlines()[-1:] == ["160 []"], done.stdout + done.stderr


def test_a_backup_is_refused_before_anything_is_written(manage: Manage, tmp_path: Path) -> None:
    """pg_dump would leave its own path to tables to the site's connections."""
    done = manage("backup", str(tmp_path / "backup"))
    assert "leads to a pool of connections" in done.stderr
    assert done.returncode
    assert not (tmp_path / "backup").exists()
