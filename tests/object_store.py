"""A real S3 server on loopback (moto's), started by the tests that want one."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from pytest_django import Settings

from fingerprint_site.audio_storage import audio_storage

BUCKET, PREFIX = "music", "originals"
REGION = "eu-central-1"
POLICY = Path(__file__).parent.parent / "deploy" / "s3-policy.json"
_START_WITHIN_S = 30.0
# The server checks keys against policies from here on: making the account, its policy and the bucket comes before.
_ACTIONS_BEFORE_CHECKS = 4


@dataclass(frozen=True)
class ObjectStore:
    """A bucket, and an account that may do what deploy/s3-policy.json says and nothing else."""

    url: str
    access_key: str
    secret_key: str

    @property
    def storages(self) -> dict[str, Any]:
        """`STORAGES["audio"]` for this bucket."""
        return audio_storage(
            f"s3://{BUCKET}/{PREFIX}",
            endpoint_url=self.url,
            region_name=REGION,
            access_key=self.access_key,
            secret_key=self.secret_key,
            timeout_s=5.0,
        )

    @property
    def client(self) -> BaseClient:
        """A client of the same account."""
        return _client("s3", self.url, self.access_key, self.secret_key)

    def names(self) -> list[str]:
        """Return which recordings lie below the prefix."""
        return [name for name in self.all_names() if "/" in name]

    def all_names(self) -> list[str]:
        """Return what lies below the prefix, the owner's mark included."""
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/")
        return [entry["Key"].removeprefix(f"{PREFIX}/") for entry in found.get("Contents", ())]

    def read(self, name: str) -> bytes:
        """Return an object's bytes."""
        return self.client.get_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")["Body"].read()

    def write(self, name: str, content: bytes) -> None:
        """Put other bytes under a name."""
        self.client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}", Body=content)

    def remove(self, name: str) -> None:
        """Lose an object."""
        self.client.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")


def _client(service: str, url: str, access_key: str, secret_key: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
    )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def s3_server() -> Iterator[ObjectStore]:
    """Start the server, make the account and the bucket."""
    with _running({"INITIAL_NO_AUTH_ACTION_COUNT": str(_ACTIONS_BEFORE_CHECKS)}) as store:
        yield store


@pytest.fixture(scope="session")
def s3_server_of_forms() -> Iterator[ObjectStore]:
    """Start a server that takes presigned forms: moto does so only where it checks no keys, and it checks no form."""
    with _running({}) as store:
        yield store


@contextmanager
def _running(environment: dict[str, str]) -> Iterator[ObjectStore]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = os.environ | environment
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(port)
            yield _store_at(url)
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the S3 server did not start")


def _store_at(url: str) -> ObjectStore:
    iam = _client("iam", url, "root", "root")
    iam.create_user(UserName="service")
    iam.put_user_policy(UserName="service", PolicyName="own", PolicyDocument=POLICY.read_text(encoding="utf-8"))
    key = iam.create_access_key(UserName="service")["AccessKey"]
    here = {"LocationConstraint": REGION}
    _client("s3", url, "root", "root").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=here)
    return ObjectStore(url, key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture
def s3(s3_server: ObjectStore, settings: Settings) -> Iterator[ObjectStore]:
    """Use an empty bucket in place of the local folder."""
    with _in_use(s3_server, settings):
        yield s3_server


@pytest.fixture
def s3_of_forms(s3_server_of_forms: ObjectStore, settings: Settings) -> Iterator[ObjectStore]:
    """Use an empty bucket that takes presigned forms."""
    with _in_use(s3_server_of_forms, settings):
        yield s3_server_of_forms


@contextmanager
def _in_use(store: ObjectStore, settings: Settings) -> Iterator[None]:
    settings.STORAGES = settings.STORAGES | {"audio": store.storages}
    yield
    for name in store.all_names():
        store.remove(name)
