"""System checks: a wrong setting is reported at the start."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from catalog.engine.audio.decoding import confinement
from catalog.engine.index.milvus import MilvusAddress
from catalog.services.audio import disk_room, formats


@register()
def settings_make_sense(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return an error or a warning for each setting that contradicts another, and for unknown formats."""
    found: list[CheckMessage] = []
    unknown = sorted(set(settings.FORMATS_BEYOND_CONTRACT) - set(formats.NAMES_BEYOND))
    if unknown:
        hint = f"Known formats: {', '.join(formats.NAMES_BEYOND)}."
        words = f"FORMATS_BEYOND_CONTRACT names unknown formats: {', '.join(unknown)}."
        found.append(Error(words, hint=hint, id="catalog.E009"))
    if settings.DECODE_WALL_SECONDS >= settings.JOB_TIMEOUT_SECONDS:
        found.append(
            Error(
                "DECODE_WALL_SECONDS must be less than JOB_TIMEOUT_SECONDS. Otherwise the queue stops a long decode.",
                id="catalog.E002",
            )
        )
    if settings.JOINED_SHARE >= settings.WHOLE_SHARE:
        found.append(
            Error(
                "JOINED_SHARE must be less than WHOLE_SHARE. Otherwise no copy may have something joined to it.",
                id="catalog.E010",
            )
        )
    if settings.MAX_RESUMABLE_MB < settings.MAX_UPLOAD_MB:
        found.append(
            Error("MAX_RESUMABLE_MB must not be less than MAX_UPLOAD_MB: it is for larger files.", id="catalog.E011")
        )
    if settings.RATE_LIMIT_PAID < settings.RATE_LIMIT_FREE:
        found.append(checks.Warning("RATE_LIMIT_PAID is lower than RATE_LIMIT_FREE.", id="catalog.W001"))
    return found


@register()
def audio_storage_makes_sense(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return an error if `AUDIO_STORAGE` names no bucket, or the library for it is not installed."""
    if not settings.AUDIO_STORAGE:
        return []
    address = urlsplit(settings.AUDIO_STORAGE)
    if address.scheme != "s3" or not address.netloc or address.query or "@" in address.netloc:
        return [Error("AUDIO_STORAGE must be empty or s3://bucket or s3://bucket/prefix.", id="catalog.E003")]
    if not find_spec("storages") or not find_spec("boto3"):
        hint = "pip install -r requirements-s3.txt"
        return [Error("AUDIO_STORAGE names a bucket, but django-storages is missing.", hint=hint, id="catalog.E004")]
    found: list[CheckMessage] = []
    if bool(settings.S3_ACCESS_KEY_ID) != bool(settings.S3_SECRET_ACCESS_KEY):
        found.append(Error("Set both S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or neither.", id="catalog.E005"))
    found += [
        Error(f"{name} must be an http:// or https:// address.", id="catalog.E006")
        for name in ("S3_ENDPOINT_URL", "S3_PUBLIC_URL")
        if (value := getattr(settings, name)) and urlsplit(value).scheme not in {"http", "https"}
    ]
    return found


@register()
def index_makes_sense(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return an error if `FINGERPRINT_INDEX` is no Milvus address, or the library for it is not installed."""
    if settings.FINGERPRINT_INDEX in {"", "faiss"}:
        return []
    try:
        MilvusAddress.parse(settings.FINGERPRINT_INDEX, timeout_s=1.0)
    except ValueError as error:
        return [Error(f"FINGERPRINT_INDEX: {error}", id="catalog.E007")]
    if not find_spec("pymilvus"):
        hint = "pip install -r requirements-milvus.txt"
        missing = "FINGERPRINT_INDEX names a Milvus cluster, but pymilvus is missing."
        return [Error(missing, hint=hint, id="catalog.E008")]
    return []


@register(deploy=True)
def decoder_is_confined(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return a warning for each means of confining the decoder that this machine lacks."""
    missing = sorted({"rlimits", "no new privileges", "landlock", "seccomp"} - set(confinement()))
    return [
        checks.Warning(
            f"The decoder runs without {name} here.",
            hint="Use a kernel with Landlock (5.13) and install libseccomp2. See docs/security.md.",
            id="catalog.W003",
        )
        for name in missing
    ]


@register(deploy=True)
def disk_has_room(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return a warning if the data folder has no room for uploads."""
    free_mb = disk_room.free_mb()
    if free_mb > 2 * settings.DISK_RESERVE_MB:
        return []
    return [checks.Warning(f"Only {free_mb} MB are free in {settings.DATA_DIR}.", id="catalog.W002")]
