"""How connections to PostgreSQL are opened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import connection

ADDRESS = "postgres://fingerprint@127.0.0.1/name"
PRINT = "from fingerprint_site import settings; print(settings.DATABASES['default']['OPTIONS']['options'])"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compiles nothing")
def test_no_query_is_compiled(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


@pytest.mark.parametrize(
    ("address", "options"),
    [(ADDRESS, "-c jit=off"), (f"{ADDRESS}?options=-c%20jit%3Don", "-c jit=off -c jit=on")],
)
def test_the_address_has_the_last_word(address: str, options: str, tmp_path: Path) -> None:
    environment = os.environ | {"DATABASE_URL": address, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PRINT]
    told = subprocess.run(command, cwd=site.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == options
