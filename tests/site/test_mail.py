"""Mail goes by the server that the environment names."""

import os
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.site.test_repository import ROOT

pytestmark = pytest.mark.slow


class Mailbox(socketserver.StreamRequestHandler):
    """Enough of SMTP to take a mail."""

    taken: list[bytes] = []

    def handle(self) -> None:
        """Take mails until QUIT."""
        self.wfile.write(b"220 ready\r\n")
        while (line := self.rfile.readline()) and not line.upper().startswith(b"QUIT"):
            if not line.upper().startswith(b"DATA"):
                self.wfile.write(b"250 yes\r\n")
                continue
            self.wfile.write(b"354 go on\r\n")
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                self.taken.append(line.strip())
            self.wfile.write(b"250 taken\r\n")
        self.wfile.write(b"221 bye\r\n")


def manage(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with the settings of production."""
    own = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
    own |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "fingerprint_site.settings"}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=own | environment, capture_output=True, text=True, timeout=120, check=False)


def test_mail_goes_by_the_server_that_is_named(tmp_path: Path) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"smtp://127.0.0.1:{server.server_address[1]}"
        sent = manage(tmp_path, "sendtestemail", "owner@example.org", EMAIL_URL=url, EMAIL_FROM="us@example.org")
        server.shutdown()
    assert sent.returncode == 0, sent.stderr
    assert b"From: us@example.org" in Mailbox.taken
    assert b"To: owner@example.org" in Mailbox.taken


@pytest.mark.parametrize("url", ["gopher://mail.example.org", "mail.example.org"])
def test_what_is_no_mail_server_is_named_at_start(tmp_path: Path, url: str) -> None:
    ended = manage(tmp_path, "check", EMAIL_URL=url)
    assert ended.returncode != 0
    assert "email schema" in ended.stderr
