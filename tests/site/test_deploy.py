"""The files in deploy/ speak of what is there: commands, settings, folders."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from fingerprint_site.declared import BY_NAME
from fingerprint_site.running import supervisor
from tests.some import some

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
COMPOSE_FILES = ["compose.single.yaml", "compose.cluster.yaml"]
NOT_SETTINGS = {"PYTHONUNBUFFERED", "OPENBLAS_NUM_THREADS"}


def services(name: str) -> dict[str, dict[str, Any]]:
    """Return the services of a compose file that run this project's image."""
    content = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return {key: service for key, service in content["services"].items() if "build" in service}


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_settings_are_declared(name: str) -> None:
    for service in services(name).values():
        for setting in service.get("environment", {}):
            assert setting in NOT_SETTINGS or setting in BY_NAME, setting


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_commands_exist(name: str) -> None:
    for key, service in services(name).items():
        words = service.get("command", "")
        text = " ".join(words) if isinstance(words, list) else words
        for command in re.findall(r"manage\.py (\w+)", text):
            assert command in get_commands(), f"{key}: {command}"


def test_cluster_has_the_web_server_of_one_host() -> None:
    web = supervisor.commands()["web"]
    for option in ("--worker-class", "--keep-alive"):
        assert f"{option} {web[web.index(option) + 1]} " in services("compose.cluster.yaml")["web"]["command"]


def test_every_value_of_the_cluster_is_in_its_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?\}", (DEPLOY / "compose.cluster.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / ".env.cluster.example").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_image_copies_what_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert "--no-deps --require-hashes -r requirements.lock" in text


def test_image_has_every_package_of_the_service() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = {source for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for source in line.split()[:-1]}
    assert {"catalog", "webhooks", "queueing", "fingerprint_site", "templates", "static", "manage.py"} <= copied


def test_locks_are_installed_without_the_resolver() -> None:
    lines = [line for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if "$(PIP_INSTALL)" in line]
    locked = [line for line in lines if ".lock" in line]
    assert len(locked) == 2
    assert all("--no-deps --require-hashes" in line for line in some(locked))
