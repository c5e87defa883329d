"""The address of the index: what is taken, what is refused in which words."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from catalog.engine.index.milvus import MilvusAddress


@pytest.mark.parametrize(
    ("text", "uri", "password"),
    [
        ("milvus://me:secret@10.0.0.7:19530/music", "http://10.0.0.7:19530", "secret"),
        ("milvus+tls://me:a%40b%2Fc@cluster.example.org/music", "https://cluster.example.org:19530", "a@b/c"),
        ("milvus://me:secret@[fd00::7]:1/music", "http://[fd00::7]:1", "secret"),
    ],
)
def test_address(text: str, uri: str, password: str) -> None:
    address = MilvusAddress.parse(text, timeout_s=1.0)
    assert (address.uri, address.user, address.password, address.name) == (uri, "me", password, "music")
    assert password not in repr(address)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("milvus://me:secret@host/", "name at its end"),
        ("milvus://me:secret@host/two-words", "name at its end"),
        ("milvus://host/music", "user and a password"),
        ("milvus://me:secret@host/music?x=1", "must be milvus://"),
        ("milvus:music", "must be milvus://"),
        ("postgres://me:secret@host/music", "must be milvus://"),
        ("milvus://me:secret@host:port/music", "port"),
    ],
)
def test_refused(settings: Settings, value: str, words: str) -> None:
    settings.FINGERPRINT_INDEX = value
    (message,) = run_checks()
    assert message.id == "catalog.E007"
    assert words in message.msg
    assert "secret" not in message.msg


@pytest.mark.parametrize("value", ["", "faiss"])
def test_embedded(settings: Settings, value: str) -> None:
    settings.FINGERPRINT_INDEX = value
    assert run_checks() == []


def test_missing_package_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FINGERPRINT_INDEX = "milvus://me:secret@host/music"
    monkeypatch.setattr("catalog.checks.find_spec", lambda _: None)
    (message,) = run_checks()
    assert message.hint == "pip install -r requirements-milvus.txt"
