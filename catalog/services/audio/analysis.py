"""Fingerprints of stored files: made once for each file and version of the parameters, then read from the database."""

from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine import Fingerprinter
from catalog.engine.audio.info import AudioInfo
from catalog.models import AudioFile, ClientFingerprint, Fingerprint, Track
from catalog.services.audio import bandwidth, store
from catalog.services.audio.formats import is_lossless
from catalog.services.audio.limits import decode_limits
from catalog.services.errors import FingerprintOutdatedError, TrackGoneError
from catalog.services.index.log import CURRENT_VERSION

NOTHING_TO_COMPARE = "There is nothing to compare: the recording is silence, hum or a steady tone. It matches nothing."


def fingerprint_of(track: Track, *, times: dict[str, float] | None = None) -> EngineFingerprint:
    """Return the fingerprint of a track's audio, from the database if it is there.

    If it is made now, `times` gets `decode_s`: how many seconds the decoding took.

    Raises:
        TrackGoneError: the track was removed, or its file is missing or damaged.
        FingerprintOutdatedError: the client made it with other parameters.
        NotReachableError: the store of files does not answer.
        catalog.engine.FingerprintError: the file cannot be decoded or analysed; its text is for a person.

    """
    if track.removed_at:
        raise TrackGoneError("The track was removed from the catalog.")
    if track.made_by_client:
        return _of_client(track.made_by_client)
    audio_file = track.audio_file
    if audio_file is None:
        raise TrackGoneError("The track was removed from the catalog.")
    known = Fingerprint.objects.filter(audio_file=audio_file, version=CURRENT_VERSION).first()
    if known:
        return EngineFingerprint.from_bytes(bytes(known.data))
    return _analyse(audio_file, times if times is not None else {})


def _of_client(made: ClientFingerprint) -> EngineFingerprint:
    if made.is_outdated:
        raise FingerprintOutdatedError(
            f"The fingerprint was made by the client with parameters {made.version}; parameters {CURRENT_VERSION} are "
            "in use. Make it again and upload it with this track's musicId."
        )
    return EngineFingerprint.from_bytes(bytes(made.data))


def _analyse(audio_file: AudioFile, times: dict[str, float]) -> EngineFingerprint:
    with store.on_this_machine(audio_file) as path:
        analysis = Fingerprinter(limits=decode_limits(audio_file.duration_s)).analyse(path)
        # Of a file that claims to be lossless it is asked at once whether it is; of others where somebody compares.
        highest = {"cutoff_hz": bandwidth.measured(path, analysis.info.sample_rate)} if is_lossless(audio_file) else {}
    times["decode_s"] = round(analysis.decode_s, 3)
    data = analysis.fingerprint.to_bytes()
    Fingerprint.objects.get_or_create(
        audio_file=audio_file,
        version=CURRENT_VERSION,
        defaults={"data": data, "size_bytes": len(data), "duration_s": analysis.fingerprint.duration_s},
    )
    audio_file.samples_digest = analysis.samples_digest  # the caller compares it
    # What was decoded is truer than what the container claims, and the waveform comes with the same pass.
    AudioFile.objects.filter(pk=audio_file.pk).update(
        peaks=analysis.peaks.tobytes(),
        samples_digest=analysis.samples_digest,
        **_as_read(analysis.info),
        **highest,
    )
    return analysis.fingerprint


def _as_read(info: AudioInfo) -> dict[str, object]:
    """Return the columns that decoding knows better than looking did: another track may have been read."""
    return {
        "codec": info.codec[:40],
        "duration_s": info.duration_s,
        "sample_rate_hz": info.sample_rate,
        "channels": info.channels,
        "bit_rate": info.bit_rate,
        "claimed_s": info.claimed_s,
        "skipped_places": info.skipped_places,
        "skipped_s": info.skipped_s,
        "audio_tracks": info.tracks,
        "audio_track": info.track,
        "default_track": info.default_track,
    }
