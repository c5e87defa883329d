"""Where uploaded files live, as Django's `STORAGES` wants it said."""

from typing import Any
from urllib.parse import urlsplit


def audio_storage(address: str, **options: Any) -> dict[str, Any]:
    """Return the entry for `AUDIO_STORAGE`: a local folder where it is empty, a bucket for `s3://bucket/prefix`.

    `options` are the bucket's. What makes no sense is left to the system checks to name.
    """
    if not address:
        return {"BACKEND": "catalog.storages.local.LocalAudioStorage"}
    parts = urlsplit(address)
    bucket = {"bucket_name": parts.netloc, "location": parts.path.strip("/")}
    return {"BACKEND": "catalog.storages.s3.S3AudioStorage", "OPTIONS": bucket | options}
