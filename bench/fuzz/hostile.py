"""Uploads that are no damaged audio but lies: other files, absurd headers, bombs, hostile names and tags."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

from bench.fuzz.cases import ANY, FAILED, FINE, NOT_AUDIO, REFUSED, UNUSABLE, Case
from bench.fuzz.recordings import RATE, encode, excerpt, silence, video

MEGABYTE = 1 << 20
SCRIPT = "<script>document.title='taken'</script>"
HOSTILE_TEXTS = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "{{ 1234*5678 }}{% debug %}${1234*5678}#{1234*5678}",
    "'; DROP TABLE catalog_track; --",
    "a\x00b",
    "\ud800 alone".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "\u202egnp.exe",
    "Z\u0351\u036b\u0343\u036a\u0302" * 100,
    "\r\nSet-Cookie: taken=1",
    "{0}%s%n%(secret)s",
    "javascript:alert(1)",
    "=HYPERLINK('http://example.org')",
    "😀" * 300,
    "\ufeff\u200b\u2028\u2029",
    "x" * MEGABYTE,
]
NAMES = [
    *(
        b"../../../../etc/passwd.mp3",
        b"..\\..\\windows\\system32\\x.mp3",
        b"/etc/shadow",
        b"....//....//x.mp3",
        b"..",
        b".",
    ),
    *(b".mp3", b"mp3", b"a.mp3.exe", b"%2e%2e%2fx.mp3", b"C:x.mp3", b"con.mp3", b"-rf.mp3", b"~root.mp3"),
    *(
        b"a\x00b.mp3",
        b"a\x01\x1b[31mb\x7f.mp3",
        b"a\tb.mp3",
        b'a"b.mp3',
        b"a;b.mp3",
        b"a'b`$(id)`.mp3",
        b"\xff\xfe\xfd.mp3",
    ),
    *(b"\xed\xa0\x80.mp3", b"\xc0\xae\xc0\xae/x.mp3", b"x" * 5000 + b".mp3", "é".encode() * 2500, b"x." * 2500),
    *(
        "\u202e3pm.exe".encode(),
        "שיר‎.mp3".encode(),
        "أغنية.mp3".encode(),
        "東京😀.ogg".encode(),
        "a\u2028b.mp3".encode(),
    ),
    *(b"{{1234*5678}}.mp3", b"{% load x %}.mp3", b"<script>alert(1)</script>.mp3", b"<img src=x onerror=alert(1)>.mp3"),
    *(
        b"=cmd|'/c calc'!A0.mp3",
        b"\r\nX-Evil: 1.mp3",
        b"name with  spaces  .mp3",
        b"..mp3",
        b"a/b/c.mp3",
        b"http://example.org/x.mp3",
    ),
]


def hostile_cases() -> Iterator[Case]:
    """All of them, the same each time."""
    pcm = excerpt(0)
    mp3 = encode(pcm, "mp3", "libmp3lame")
    yield from _not_audio()
    yield from _not_usable(pcm)
    yield from _absurd_waves(pcm)
    yield from _bombs(mp3)
    yield from (Case("name", name, mp3 + struct.pack("<I", number), ANY) for number, name in enumerate(NAMES))
    yield from _tags(pcm[: 4 * RATE])


def _not_audio() -> Iterator[Case]:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("song.mp3", bytes(10 * MEGABYTE))
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("song.mp3"))
    png = b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    png += _png_chunk(b"IDAT", zlib.compress(bytes(100_000))) + _png_chunk(b"IEND", b"")
    files = {
        "empty": b"",
        "one byte": b"\x00",
        "zeros": bytes(100_000),
        "html": b"<!doctype html><html><body>" + SCRIPT.encode() + b"</body></html>",
        "html, much": b"<html>" * 50_000,
        "php": b"<?php system($_GET['x']); ?>" * 100,
        "shell": b"#!/bin/sh\nid > /tmp/taken\n",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "xml": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
        "json": b'{"a":' * 10_000,
        "png": png,
        "gif": b"GIF89a\xff\xff\xff\xff\x80\x00\x00" + bytes(500),
        "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(500),
        "zip": zipped.getvalue(),
        "tar": tarred.getvalue(),
        "gzip bomb": gzip.compress(bytes(100 * MEGABYTE)),
        "pdf": b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R>>",
        "elf": b"\x7fELF\x02\x01\x01" + bytes(9_000),
        "m3u8 of a file": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "m3u8 of an address": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.mp3\n#EXT-X-ENDLIST\n",
        "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "subtitles": b"1\n00:00:00,000 --> 00:00:09,000\n" + SCRIPT.encode() + b"\n",
        "midi": b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60MTrk\x00\x00\x00\x04\x00\xff\x2f\x00",
        "pickle": b"cos\nsystem\n(S'id > /tmp/taken'\ntR.",
        "video without sound": video(with_audio=None),
        "too large": b"\xff\xfb\x90\x64" * (51 * MEGABYTE // 4),
    }
    yield from (Case(f"not audio: {kind}", kind.encode() + b".mp3", data, NOT_AUDIO) for kind, data in files.items())


def _not_usable(pcm: np.ndarray) -> Iterator[Case]:
    yield Case("too short", b"short.wav", encode(pcm[: 2 * RATE], "wav", "pcm_s16le"), frozenset({FAILED}))
    yield Case("silence", b"silence.wav", encode(pcm * 0, "wav", "pcm_s16le"), FINE)
    yield Case("ten hours of silence", b"hours.flac", silence(36_000), frozenset({FAILED}))
    for container in ("nut", "avi"):
        data = encode(pcm, container, "pcm_s16le")
        yield Case("audio in a container not taken", b"song.mp3", data, frozenset({REFUSED}))
    yield Case("ending of another format", b"song.mp3", encode(pcm, "webm", "libopus", 48_000), FINE)
    yield Case("ending of another format", b"song.mp3", encode(pcm, "aiff", "pcm_s16be"), FINE)
    yield Case("video with sound", b"video.mp3", video(with_audio=pcm), FINE)
    yield Case("ending of another format", b"song.flac", encode(pcm, "mp3", "libmp3lame"), FINE)


def _absurd_waves(pcm: np.ndarray) -> Iterator[Case]:
    sound = pcm.tobytes()
    for rate in (0, 1, 7, 4_294_967_295, 2_147_483_648):
        yield Case("wav: absurd rate", b"rate.wav", _wave(sound, rate=rate))
    for channels in (0, 3, 64, 255, 65_535):
        yield Case("wav: absurd channels", b"channels.wav", _wave(sound, channels=channels))
    for bits in (0, 1, 7, 12, 64, 65_535):
        yield Case("wav: absurd bits", b"bits.wav", _wave(sound, bits=bits))
    for size in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        yield Case("wav: lying size", b"size.wav", _wave(sound, size=size))
    for tag in (0, 2, 6, 0x55, 0x161, 0xFFFE, 0xFFFF):
        yield Case("wav: another codec's tag", b"tag.wav", _wave(sound, tag=tag))
    for value in (np.nan, np.inf, -np.inf, 1e38):
        data = np.full(8 * RATE, value, np.float32)
        yield Case("wav: no numbers", b"nan.wav", _wave(data.tobytes(), bits=32, tag=3), ANY)
    yield Case(
        "wav: tiny chunks", b"chunks.wav", b"RIFF\xff\xff\xff\xffWAVE" + b"junk\x00\x00\x00\x00" * 500_000, UNUSABLE
    )
    yield Case("mp4: nested boxes", b"boxes.m4a", _nested_boxes(4_000), UNUSABLE)
    yield Case("mp4: box sizes of nothing", b"boxes.m4a", b"\x00\x00\x00\x08free" * 500_000, UNUSABLE)


def _bombs(mp3: bytes) -> Iterator[Case]:
    yield Case("ID3: text of 256 MB, compressed", b"bomb.mp3", _id3(_packed_frame(1 << 28)) + mp3)
    yield Case(
        "ID3: picture of 20 MB",
        b"picture.mp3",
        _id3(_frame(b"APIC", b"\x00image/png\x00\x03\x00" + bytes(20 * MEGABYTE))) + mp3,
    )
    yield Case("ID3: comment of 20 MB", b"comment.mp3", _id3(_frame(b"TIT2", b"\x03" + b"A" * 20 * MEGABYTE)) + mp3)
    yield Case(
        "ID3: 200,000 frames",
        b"frames.mp3",
        _id3(b"".join(_frame(b"TXXX", b"\x03%d\x00v" % n) for n in range(200_000))) + mp3,
    )
    yield Case("ID3: 50,000 tags", b"tags.mp3", _id3(_frame(b"TIT2", b"\x03x")) * 50_000 + mp3)
    yield Case("ID3: length of everything", b"length.mp3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + mp3)
    yield Case("ID3: chapters in chapters", b"chapters.mp3", _id3(_chapters(200)) + mp3)


def _tags(pcm: np.ndarray) -> Iterator[Case]:
    for number, text in enumerate(HOSTILE_TEXTS):
        tags = dict.fromkeys(("title", "artist", "album", "comment", "isrc"), text.replace("\x00", ""))
        for ending, container, codec in (("flac", "flac", "flac"), ("ogg", "ogg", "libopus"), ("m4a", "ipod", "aac")):
            yield Case("tags", f"tags-{number}.{ending}".encode(), encode(pcm, container, codec, 48_000, tags), FINE)
        frames = b"".join(_frame(name, b"\x03" + text.encode()) for name in (b"TIT2", b"TPE1", b"TALB", b"TSRC"))
        frames += _frame(b"TXXX", b"\x03" + text.encode()[:200] + b"\x00" + text.encode())
        yield Case("tags", f"tags-{number}.mp3".encode(), _id3(frames) + encode(pcm, "mp3", "libmp3lame"), FINE)
    broken = b"".join(_frame(b"TIT2", bytes([encoding]) + b"\xff\xfe\x00\xd8\x00") for encoding in range(6))
    yield Case("tags: broken text", b"broken.mp3", _id3(broken) + encode(pcm, "mp3", "libmp3lame"), FINE)


def _wave(
    sound: bytes, *, rate: int = RATE, channels: int = 1, bits: int = 16, tag: int = 1, size: int | None = None
) -> bytes:
    align = (channels * bits // 8) & 0xFFFF
    head = struct.pack("<HHIIHH", tag, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
    told = len(sound) if size is None else size
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(sound))
        + b"WAVEfmt \x10\x00\x00\x00"
        + head
        + b"data"
        + struct.pack("<I", told)
        + sound
    )


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _nested_boxes(depth: int) -> bytes:
    box = b""
    for _ in range(depth):
        box = struct.pack(">I", len(box) + 8) + b"moov" + box
    return b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A isom" + box


def _synchsafe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: bytes, body: bytes, flags: bytes = b"\x00\x00") -> bytes:
    return name + _synchsafe(len(body)) + flags + body


def _id3(frames: bytes) -> bytes:
    return b"ID3\x04\x00\x00" + _synchsafe(len(frames)) + frames


def _packed_frame(size: int) -> bytes:
    """A title of `size` letters in a thousandth of the bytes, by ID3's own compression."""
    packer = zlib.compressobj(9)
    packed = packer.compress(b"\x03") + b"".join(packer.compress(b"A" * MEGABYTE) for _ in range(size // MEGABYTE))
    return _frame(b"TIT2", _synchsafe(min(size, (1 << 28) - 1)) + packed + packer.flush(), b"\x00\x09")


def _chapters(depth: int) -> bytes:
    frame = _frame(b"TIT2", b"\x03x")
    for number in range(depth):
        frame = _frame(b"CHAP", b"c%d\x00" % number + bytes(16) + frame)
    return frame
