"""A bucket of any S3-compatible store. Imported only if `AUDIO_STORAGE` names one: see requirements-s3.txt."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from catalog.storages import CHUNK_BYTES

_TRIES = 3
# One request up to here: it is stored whole or not at all. Above, boto3 removes the parts of an upload that broke off,
# and the bucket's own rule those of a killed process (docs/operating.md).
_ONE_REQUEST_BYTES = 512 * 1024 * 1024
_MISSING = {"404", "NoSuchKey", "NotFound"}


class S3AudioStorage(S3Storage):
    """django-storages' S3 backend, with parts of objects, limited waiting, and errors that tell missing from silent."""

    def __init__(self, *, timeout_s: float, endpoint_url: str = "", public_url: str = "", **options: Any) -> None:
        """Take the keys from `options`, or from where boto3 looks (environment, files, the machine's role).

        `public_url`: the server as clients reach it, where that is another address than `endpoint_url`.
        """
        self._public_url = public_url
        own_server = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
        super().__init__(
            endpoint_url=endpoint_url or None,
            client_config=Config(
                connect_timeout=min(timeout_s, 5.0),
                read_timeout=timeout_s,
                retries={"mode": "standard", "total_max_attempts": _TRIES},
                signature_version="s3v4",
                s3={"addressing_style": "path" if endpoint_url else "auto"},
                **(own_server if endpoint_url else {}),  # not every other server knows the newer checksums
            ),
            transfer_config=TransferConfig(multipart_threshold=_ONE_REQUEST_BYTES, use_threads=False),
            file_overwrite=True,  # names are given once: asking whether one is free would be a request for nothing
            default_acl=None,
            **{name: value for name, value in options.items() if value},
        )

    def delete(self, name: str) -> None:
        """Delete an object; a missing one is no error."""
        with _told_apart(name):
            super().delete(name)

    def size(self, name: str) -> int:
        """Return how many bytes an object has."""
        with _told_apart(name):
            return int(self._object(name).content_length)

    def part(self, name: str, *, first: int, count: int) -> "ObjectPart":
        """Ask for `count` bytes from `first` on."""
        with _told_apart(name):
            return ObjectPart(name, self._object(name).get(Range=f"bytes={first}-{first + count - 1}")["Body"])

    def local_path(self, name: str) -> None:
        """Return None: no object is on this machine."""

    def signed_post(self, name: str, *, size_bytes: int, for_s: int) -> tuple[str, dict[str, str]]:
        """Sign a form that stores exactly so many bytes at `name`; it makes no request."""
        client = self.connection.meta.client
        with _told_apart(name):
            signed = client.generate_presigned_post(
                self.bucket_name,
                self._normalize_name(name),
                Conditions=[["content-length-range", size_bytes, size_bytes]],
                ExpiresIn=for_s,
            )
        return self._as_reached_from_outside(signed["url"]), signed["fields"]

    def _as_reached_from_outside(self, url: str) -> str:
        """Name the server as clients reach it: what is signed does not name it."""
        if not self._public_url:
            return url
        public = urlsplit(self._public_url)
        return urlunsplit(urlsplit(url)._replace(scheme=public.scheme, netloc=public.netloc))

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names right below `folder`."""
        prefix = self._normalize_name(folder) + "/"
        with _told_apart(folder):
            for found in self.bucket.objects.filter(Prefix=prefix, Delimiter="/"):
                yield f"{folder}/{found.key.removeprefix(prefix)}"

    def _save(self, name: str, content: File) -> str:
        with _told_apart(name):
            return str(super()._save(name, content))

    def _object(self, name: str) -> Any:
        return self.bucket.Object(self._normalize_name(name))


class ObjectPart:
    """A part of an object in chunks, as they come."""

    def __init__(self, name: str, body: StreamingBody) -> None:
        self._name = name
        self._body = body
        self.close = body.close

    def __iter__(self) -> Iterator[bytes]:
        with _told_apart(self._name):
            yield from self._body.iter_chunks(CHUNK_BYTES)


@contextmanager
def _told_apart(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise FileNotFoundError(name) from error
        raise OSError(f"The object store refused {name}: {code}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(f"The object store did not answer a request for {name}: {type(error).__name__}") from error
