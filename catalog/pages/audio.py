"""A track's audio and waveform for the staff's players."""

from pathlib import Path
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header, parse_etags
from django.views.decorators.http import require_GET, require_safe

from catalog.models import AudioFile, Track
from catalog.pages.byte_ranges import ByteRange, RangeNotSatisfiableError, parse_range
from catalog.presentation.distinctive_picture import telling_picture
from catalog.presentation.spectrogram_picture import spectrogram_picture, telling_stretches
from catalog.services.audio import formats, store
from catalog.services.audio.playback import request_peaks
from catalog.services.errors import NotReachableError
from staff import audit
from staff.access import staff_only

GONE = "The track was removed from the catalog."
_POLL_AGAIN_S = "1"
_TRY_AGAIN_S = "10"


def _audio_file_of(music_id: UUID) -> tuple[Track, AudioFile]:
    track = get_object_or_404(Track.objects.select_related("audio_file"), music_id=music_id)
    if track.audio_file is None:
        why = "There is no audio: the client uploaded a fingerprint." if track.made_by_client else GONE
        raise Http404(why)
    return track, track.audio_file


@require_safe
@staff_only("catalog.view_track")
def audio(request: HttpRequest, music_id: UUID) -> HttpResponseBase:
    """Answer with a track's bytes, or the part that Range asks for; `?download` makes it an attachment."""
    track, audio_file = _audio_file_of(music_id)
    audit.note(on=track)
    etag = f'"{audio_file.sha256}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _described(HttpResponse(status=304), track, audio_file, etag, download=False)
    try:
        total = store.size(audio_file.stored_name)
        part = parse_range(request.headers.get("Range", ""), total) if _range_holds(request, etag) else None
        response = _body(request, audio_file.stored_name, part, total)
    except RangeNotSatisfiableError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}", "Accept-Ranges": "bytes"})
    except FileNotFoundError as error:
        raise Http404("The stored file is missing.") from error
    except NotReachableError as error:
        return HttpResponse(str(error), status=503, headers={"Retry-After": _TRY_AGAIN_S}, content_type="text/plain")
    return _described(response, track, audio_file, etag, download="download" in request.GET)


def _range_holds(request: HttpRequest, etag: str) -> bool:
    """If-Range: a part of another version than the client has would not fit."""
    return request.headers.get("If-Range", etag) == etag


def _body(request: HttpRequest, name: str, part: ByteRange | None, total: int) -> HttpResponseBase:
    sent = part or ByteRange(0, total - 1)
    headers = {"Content-Length": str(sent.length)}
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{total}"
    status = 206 if part else 200
    if request.method == "HEAD" or not sent.length:
        return HttpResponse(status=status, headers=headers)
    chunks = store.part(name, first=sent.first, count=sent.length)
    return StreamingHttpResponse(chunks, status=status, headers=headers)  # closed with the response, read or not


def _described(
    response: HttpResponseBase, track: Track, audio_file: AudioFile, etag: str, *, download: bool
) -> HttpResponseBase:
    suffix = Path(audio_file.stored_name).suffix
    response["Content-Type"] = formats.media_type_of(audio_file.stored_name)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    name = Path(track.file_name).name or f"{track.title}{suffix}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=download, filename=name) or "inline"
    return response


@require_GET
@staff_only("catalog.view_track")
def peaks(request: HttpRequest, music_id: UUID) -> HttpResponse:  # noqa: ARG001
    """Answer with a track's waveform: `{"peaks_per_s", "peaks"}` (0 to 255 each); 202 while a worker computes it."""
    _, audio_file = _audio_file_of(music_id)
    if audio_file.peaks is None:
        request_peaks(audio_file=audio_file)
        return JsonResponse({"state": "waiting"}, status=202, headers={"Retry-After": _POLL_AGAIN_S})
    values = list(bytes(audio_file.peaks))
    peaks_per_s = len(values) / audio_file.duration_s if audio_file.duration_s else 0.0
    body = {"state": "ready", "peaks_per_s": peaks_per_s, "peaks": values}
    return JsonResponse(body, headers={"Cache-Control": "private, max-age=3600"})


@require_GET
@staff_only("catalog.view_track")
def spectrogram(request: HttpRequest, music_id: UUID) -> HttpResponse:  # noqa: ARG001
    """Answer with the picture of a track's fingerprint; 404 before there is one."""
    _, audio_file = _audio_file_of(music_id)
    return _picture(spectrogram_picture(audio_file=audio_file), "image/png")


@require_GET
@staff_only("catalog.view_track")
def telling(request: HttpRequest, music_id: UUID) -> HttpResponse:  # noqa: ARG001
    """Answer with the marks over the picture: the most distinctive passages; 404 as for the picture."""
    _, audio_file = _audio_file_of(music_id)
    found = telling_stretches(audio_file=audio_file)
    marks = None if found is None else telling_picture(found, length_s=audio_file.duration_s)
    return _picture(marks, "image/svg+xml")


def _picture(content: bytes | str | None, content_type: str) -> HttpResponse:
    if content is None:
        raise Http404("The track has no fingerprint yet.")
    return HttpResponse(content, content_type=content_type, headers={"Cache-Control": "private, max-age=3600"})
