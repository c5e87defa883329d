"""A track is named as its sender named the file: over the API, on the staff page and from a folder alike."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.test import Client, RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from catalog.api.form_data import part_of
from catalog.models import Track
from catalog.services.audio.formats import ALL_ENDINGS
from catalog.services.tracks.file_names import plain_name, title_of
from catalog.services.tracks.importing import audio_paths, import_files
from tests.commands import said

pytestmark = pytest.mark.slow
# What is sent behind `filename`, and the name that it is.
SENT = [
    (b'="Blue Monday (12%22 mix).mp3"', 'Blue Monday (12" mix).mp3'),  # browsers, and curl since 7.81
    (rb'="Blue Monday (12\" mix).mp3"', 'Blue Monday (12" mix).mp3'),  # curl before, and --form-escape
    (rb'="a \\ b.mp3"', r"a \ b.mp3"),
    (rb'="AC\DC.mp3"', r"AC\DC.mp3"),
    (b'="100%25 %0aPure %41.mp3"', "100%25 %0aPure %41.mp3"),  # browsers escape three characters, in capitals
    (b'="one%0D%0Atwo.mp3"', "onetwo.mp3"),
    (b'="a\x00\x07b\x7f.mp3"', "ab.mp3"),
    ('="a\u0085b\u2028c\u202ed.mp3"'.encode(), "abcd.mp3"),
    ('="no\u00a0break\u3000wide.mp3"'.encode(), "no\u00a0break\u3000wide.mp3"),
    (
        '="\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.mp3"'.encode(),
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.mp3",
    ),
    ('="👩\u200d🎤 \u200f.mp3"'.encode(), "👩\u200d🎤 \u200f.mp3"),
    ('="Cafe\u0301 \ue000 \U000e0067.mp3"'.encode(), "Cafe\u0301 \ue000 \U000e0067.mp3"),
    (b'="Rock &notin roll &amp; &#39;.mp3"', "Rock &notin roll &amp; &#39;.mp3"),
    ('="Größe 東京.ogg"'.encode(), "Größe 東京.ogg"),
    ('="Björk.mp3"'.encode("latin-1"), "Björk.mp3"),
    (b'="\x93quoted\x94 \x81.mp3"', "“quoted” .mp3"),  # browsers' Latin-1; its one empty place is a control character
    (b'="Mr. Brightside"', "Mr. Brightside"),
    (b"=plain.mp3", "plain.mp3"),
    (b"=plain name.mp3 ; x=1", "plain name.mp3"),
    (b' = "spaces.mp3"', "spaces.mp3"),
    (b'="a; b=c.mp3"; x="y"', "a; b=c.mp3"),
    (b"*=UTF-8''na%C3%AFve%20%22x%22.mp3", 'naïve "x".mp3'),
    (b"*=utf-8'en'na%C3%AFve.mp3", "naïve.mp3"),
    (b"*=ISO-8859-1''Bj%F6rk.mp3", "Björk.mp3"),
    (b"*=\"UTF-8''quoted%20one.mp3\"", "quoted one.mp3"),
    (b"*=UTF-8''Bj%F6rk.mp3", "Björk.mp3"),
    (b"*=no-such-set''na%C3%AFve.mp3", "naïve.mp3"),
    (b"=\"plain.mp3\"; filename*=UTF-8''better%E2%82%AC.mp3", "better€.mp3"),
    (b"*0*=UTF-8''first%20; filename*1*=%E2%82%AC; filename*2=\" last%41.mp3\"", "first € last%41.mp3"),
    (b'*1="b.mp3"; filename*0="a"', "ab.mp3"),
    (rb'="C:\Music\song.mp3"', "song.mp3"),
    (b'="album/song.mp3"', "song.mp3"),
    (b'="../../etc/passwd"', "passwd"),
    (b'=".."', "untitled"),
    (b'="%0A"', "untitled"),
    (b'="' + b"x" * 3000 + b'.mp3"', "x" * 3000 + ".mp3"),
]
NAMES = [name for _, name in SENT]


def body_of(parameter: bytes, content: bytes, *, name: bytes = b"file") -> bytes:
    """Write a form with one file as a client would."""
    head = b'Content-Disposition: form-data; name="' + name + b'"; filename' + parameter
    return b"--b\r\n" + head + b"\r\nContent-Type: audio/mpeg\r\n\r\n" + content + b"\r\n--b--\r\n"


FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(("parameter", "name"), SENT)
def test_over_the_api(api: APIClient, battle: Path, parameter: bytes, name: str) -> None:
    answer = api.generic("POST", "/api/v1/music", body_of(parameter, battle.read_bytes()), content_type=FORM)
    assert answer.status_code == 200, answer.content
    assert answer.json()["title"] == title_of(name) == Track.objects.get().title
    assert Track.objects.get().file_name == name[:255]


@pytest.mark.parametrize("number", range(0, len(SENT), 6))
def test_on_the_staff_page(desk: Client, battle: Path, number: int) -> None:
    parameter, name = SENT[number]
    answer = desk.generic(
        "POST",
        "/admin/catalog/track/add/",
        body_of(parameter, battle.read_bytes()),
        FORM,
        HTTP_ACCEPT="application/json",
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["title"] == title_of(name)


@pytest.mark.slow
def test_from_a_folder(owner: User, battle: Path, tmp_path: Path) -> None:
    """Every name that a file can have becomes the title that an upload of it has."""
    names = [name.encode() for name in NAMES if "/" not in name and len(name) < 200]
    names += ["Björk two.mp3".encode("latin-1"), b"a\x01b.ogg", b"Mr. Brightside.OGG"]
    for number, name in enumerate(names):
        path = os.fsencode(tmp_path) + b"/" + name + (b"" if name.lower().endswith((b".mp3", b".ogg")) else b".ogg")
        Path(os.fsdecode(path)).write_bytes(battle.read_bytes() + bytes(number))
    paths = audio_paths(tmp_path)
    done = list(import_files(owner=owner, paths=paths, add=False, check=False))
    titles = {outcome.track.title for outcome in done if outcome.track}
    assert len(done) == len(set(names))
    assert titles >= {title_of(name) for name in NAMES if "/" not in name and len(name) < 200}
    assert titles >= {"Björk two", "ab", "Mr. Brightside"}


def test_a_skipped_file_is_told_whatever_its_name_is(owner: User, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/Bj\xf6rk.mp3")).write_bytes(b"no music")
    text = said("import_music", str(tmp_path), owner="owner")
    assert "Björk.mp3" in text
    text.encode()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        *((f"song{ending}", "song") for ending in sorted(ALL_ENDINGS)),
        *(("song.MP3", "song"), ("a.b.c.ogg", "a.b.c"), ("song.mp3.mp3", "song.mp3"), ("no ending", "no ending")),
        *(("Mr. Brightside", "Mr. Brightside"), ("Vol. 2", "Vol. 2"), ("song.exe", "song.exe"), (".mp3", ".mp3")),
        *(("song. mp3", "song. mp3"), ("song.", "song."), (" x .mp3", " x "), ("mp3", "mp3"), ("a.mp3 b", "a.mp3 b")),
    ],
)
def test_only_a_known_ending_is_cut(name: str, title: str) -> None:
    assert title_of(plain_name(name)) == title


def test_a_long_title_is_cut_and_not_refused(api: APIClient, battle: Path) -> None:
    for ending in (b".ogg", b"." + b"y" * 300):
        body = body_of(b'="' + b"x" * 400 + ending + b'"', battle.read_bytes())
        assert api.generic("POST", "/api/v1/music", body, content_type=FORM).json()["title"] == "x" * 255


@pytest.mark.parametrize("charset", ["shift_jis", "gbk", "windows-1251"])
def test_the_forms_own_encoding(api: APIClient, battle: Path, charset: str) -> None:
    name = {"shift_jis": "ガラス", "gbk": "东京", "windows-1251": "песня"}[charset]
    body = body_of(b'="' + name.encode(charset) + b'.ogg"', battle.read_bytes())
    answer = api.generic("POST", "/api/v1/music", body, content_type=f"{FORM}; charset={charset}")
    assert answer.json()["title"] == name


def test_surrogates_that_no_file_system_gave() -> None:
    assert plain_name("a\ud800b") == "a?b"


@pytest.mark.parametrize(
    "header",
    [
        b"content-disposition: form-data; NAME=file; FileName=x",
        b"Content-Disposition: form-data;\r\n name=file; filename=x",
    ],
)
def test_headers_in_other_letters_and_in_two_lines(header: bytes) -> None:
    part = part_of(header)
    assert part
    assert (part.name, part.file_name) == ("file", "x")


@given(st.binary(max_size=80), st.sampled_from([b"", b"*", b"*0", b"*0*"]))
def test_any_bytes_are_some_name(value: bytes, kind: bytes) -> None:
    part = part_of(b'Content-Disposition: form-data; name="file"; filename' + kind + b"=" + value)
    assert part is None or plain_name(part.file_name or "")


PIECES = st.binary(max_size=100) | st.sampled_from([b"--b", b"\r\n--b", b"--b--", b"\r\n", b"\r\n\r\n", b"LONG"])
CONTENTS = st.lists(PIECES, max_size=4).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(["a", "b", "c"]), st.lists(PIECES, max_size=4).map(b"".join)),
        max_size=4,
    ),
    st.integers(0, 40),
    st.sampled_from([b"", b"preamble\r\n"]),
)
def test_contents_are_cut_as_django_cuts_them(parts: list[tuple[bool, str, bytes]], cut: int, before: bytes) -> None:
    """Names apart: fields and files of any form, whole or broken off, are those of Django's own parser."""
    body = before
    for is_file, name, content in parts:
        file_name = b'; filename="x.mp3"' if is_file else b""
        body += b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n' % (name.encode(), file_name)
        body += content + b"\r\n"
    body = (body + b"--b--\r\n")[: -cut or None].replace(b"LONG", b"x" * 70_000)
    if not body:
        return
    request = RequestFactory().generic("POST", "/", body, FORM)
    theirs_request = RequestFactory().generic("POST", "/", body, FORM)
    plain = TemporaryFileUploadHandler(theirs_request)
    theirs = MultiPartParser(theirs_request.META, theirs_request, [plain], "utf-8").parse
    expected = _read(theirs)  # Django refuses a long part without a name, which is left out here
    assert _read(lambda: (request.POST, request.FILES)) == expected or expected is None
    if hasattr(plain, "file"):
        plain.file.close()  # of a form that was broken off; Django leaves it to the garbage collector


def _read(parse: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any] | None:
    try:
        post, files = parse()
    except MultiPartParserError:
        return None
    contents = {name: [file.read() for file in several] for name, several in files.lists()}
    for file in (file for _, several in files.lists() for file in several):
        file.close()
    return dict(post.lists()), contents


def test_base64_as_old_mail_libraries_send_it(api: APIClient, battle: Path) -> None:
    import base64  # noqa: PLC0415

    for content, status in ((base64.encodebytes(battle.read_bytes()), 200), (b"abcde", 422), (b"*" * 8, 422)):
        body = body_of(b'="x.ogg"\r\nContent-Transfer-Encoding: base64', content)
        assert api.generic("POST", "/api/v1/music", body, content_type=FORM).status_code == status


def test_a_header_without_end(api: APIClient) -> None:
    body = body_of(b'="x.ogg"\r\nX: ' + b"x" * 20_000, b"content")
    answer = api.generic("POST", "/api/v1/music", body, content_type=FORM)
    assert answer.status_code == 422
    assert "header" in answer.json()["errors"]["body"][0]
