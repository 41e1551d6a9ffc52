"""Tags, covers, markers and broadcast data travel with the sound."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, CHAP, COMM, ID3, TIT2, TPE1, TRCK, TXXX
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from audiosr_desktop.audio import chunks as iff
from audiosr_desktop.audio.chunks import Chunk, Marker
from audiosr_desktop.audio.files import probe, write_sound
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.tags import Carrier, Metadata, _read
from audiosr_desktop.job import run_job

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
RATE = 48_000
MARKERS = [Marker(0.25, "Verse"), Marker(0.5, "Chorus ä")]


def sound(rate: int = RATE) -> Sound:
    x = 0.3 * np.random.default_rng(0).standard_normal((2, rate))
    return Sound.from_array(np.clip(x, -1, 1), rate)


def cover() -> Picture:
    picture = Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3, "image/png", "Front", PNG
    return picture


def frames() -> ID3:
    tags = ID3()
    tags.add(TIT2(encoding=3, text=["A Title – ñ"]))
    tags.add(TPE1(encoding=3, text=["An Artist"]))
    tags.add(TRCK(encoding=3, text=["3/12"]))
    tags.add(COMM(encoding=3, lang="eng", desc="", text=["A comment"]))
    tags.add(TXXX(encoding=3, desc="MOOD", text=["calm"]))
    tags.add(APIC(encoding=3, mime="image/png", type=3, desc="Front", data=PNG))
    for number, marker in enumerate(MARKERS):
        start = round(marker.time_s * 1000)
        title = [TIT2(encoding=3, text=[marker.name])]
        tags.add(CHAP(element_id=f"c{number}", start_time=start, end_time=start, sub_frames=title))
    return tags


def bext_chunk() -> Chunk:
    fields = {
        "DESCRIPTION": "Interview",
        "ORIGINATOR": "Recorder 7",
        "ORIGINATION_DATE": "2024-05-01",
        "ORIGINATION_TIME": "10:20:30",
        "TIME_REFERENCE": "172800000",
        "CODING_HISTORY": "A=PCM,F=48000\r\n",
    }
    return iff.bext(fields)[0]


def make(path: Path) -> Path:
    """Write a second of sound with tags in the way of the suffix."""
    run_job(write_sound(sound(), path))
    suffix = path.suffix
    if suffix == ".wav":
        info = {"INAM": "A Title – ñ", "IART": "An Artist", "ICMT": "A comment"}
        smpl = struct.pack("<9I", 0, 0, 20833, 60, 0, 0, 0, 1, 0) + struct.pack(
            "<6I", 1, 0, 12_000, 24_000, 0, 0
        )
        ixml = b"<BWFXML><SPEED><FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE></SPEED></BWFXML>"
        parts = [bext_chunk(), *iff.riff_info(info), *iff.riff_markers(MARKERS, RATE)]
        iff.append_chunks(path, [*parts, Chunk(b"smpl", smpl), Chunk(b"iXML", ixml), Chunk(b"odd ", b"abc")])
    elif suffix == ".aiff":
        iff.append_chunks(path, [Chunk(b"NAME", b"A Title"), *iff.aiff_markers(MARKERS, RATE)])
        iff.append_chunks(path, [Chunk(b"AUTH", b"An Artist"), Chunk(b"ANNO", b"A comment")])
    elif suffix == ".mp3":
        frames().save(path, v2_version=4)
    elif suffix == ".flac":
        file = FLAC(path)
        file["title"], file["artist"], file["comment"] = "A Title – ñ", ["An Artist", "Another"], "A comment"
        file["mood"], file["encoder"] = "calm", "something old"
        file.add_picture(cover())
        file.save()
    else:
        ogg = OggOpus(path) if suffix == ".opus" else OggVorbis(path)
        ogg["title"], ogg["artist"], ogg["comment"] = "A Title – ñ", ["An Artist", "Another"], "A comment"
        import base64

        ogg["metadata_block_picture"] = base64.b64encode(cover().write()).decode()
        ogg["chapter001"], ogg["chapter001name"] = "00:00:00.250", "Verse"
        ogg.save()
    return path


def metadata(path: Path) -> Metadata:
    info = probe(path)
    return _read(Carrier(path, info.format, info.subtype, info.sample_rate), 1.0)


@pytest.mark.parametrize("source", ["wav", "aiff", "mp3", "flac", "ogg", "opus"])
@pytest.mark.parametrize("target", ["wav", "aiff", "mp3", "flac", "ogg", "opus", "rf64"])
def test_tags_go_from_any_format_to_any(tmp_path: Path, source: str, target: str) -> None:
    path = make(tmp_path / f"in.{source}")
    before = metadata(path)
    written = run_job(write_sound(sound(), tmp_path / f"out.{target}", like=probe(path)))
    after = metadata(written.path)
    assert before.text["ARTIST"]
    for name, values in before.text.items():
        if not name.startswith("CHAPTER"):
            assert after.text[name] == values, name
    assert [(picture.type, picture.mime, picture.data) for picture in after.pictures] == [
        (picture.type, picture.mime, picture.data) for picture in before.pictures
    ]
    if source in ("mp3", "flac", "ogg", "opus"):
        assert bool(before.pictures)
    assert [marker.name for marker in after.markers] == [marker.name for marker in before.markers]
    np.testing.assert_allclose(
        [marker.time_s for marker in after.markers], [marker.time_s for marker in before.markers], atol=0.0006
    )
    assert "ENCODER" not in after.text
    if target in ("wav", "aiff", "flac", "rf64"):
        assert written.samples == RATE
        x = soundfile.read(written.path, dtype="float32")[0].T
        np.testing.assert_allclose(x, sound().read(0, RATE), atol=2**-15)


def test_chunks_of_a_wav_are_kept_as_they_are(tmp_path: Path) -> None:
    path = make(tmp_path / "in.wav")
    written = run_job(write_sound(sound(), tmp_path / "out.wav", like=probe(path)))
    assert iff.read_chunks(written.path) == iff.read_chunks(path)
    names = [chunk.name for chunk in iff.read_chunks(written.path)]
    assert names == [b"bext", b"LIST", b"cue ", b"LIST", b"smpl", b"iXML"]
    size = struct.unpack("<I", written.path.read_bytes()[4:8])[0]
    assert size == written.path.stat().st_size - 8


def test_positions_move_to_another_rate(tmp_path: Path) -> None:
    path = make(tmp_path / "in.wav")
    written = run_job(write_sound(sound(96_000), tmp_path / "out.wav", like=probe(path)))
    chunks = iff.read_chunks(written.path)
    assert iff.read_markers(chunks, 96_000) == MARKERS
    assert iff.read_bext(chunks)["TIME_REFERENCE"] == "345600000"
    by_name = {chunk.name: chunk.data for chunk in chunks}
    assert struct.unpack_from("<I", by_name[b"smpl"], 8)[0] == round(1e9 / 96_000)
    assert struct.unpack_from("<2I", by_name[b"smpl"], 44) == (24_000, 48_000)
    assert b"<FILE_SAMPLE_RATE>96000<" in by_name[b"iXML"]


def test_marks_of_an_aiff_move_to_another_rate(tmp_path: Path) -> None:
    path = make(tmp_path / "in.aiff")
    written = run_job(write_sound(sound(24_000), tmp_path / "out.aiff", like=probe(path)))
    assert iff.read_markers(iff.read_chunks(written.path), 24_000) == MARKERS


def test_bext_survives_a_way_through_flac(tmp_path: Path) -> None:
    path = make(tmp_path / "in.wav")
    flac = run_job(write_sound(sound(), tmp_path / "x.flac", like=probe(path)))
    assert FLAC(flac.path)["time_reference"] == ["172800000"]
    wav = run_job(write_sound(sound(), tmp_path / "out.wav", like=flac))
    assert next(chunk for chunk in iff.read_chunks(wav.path) if chunk.name == b"bext") == bext_chunk()


def test_id3_frames_are_kept_in_their_version(tmp_path: Path) -> None:
    path = make(tmp_path / "in.mp3")
    written = run_job(write_sound(sound(), tmp_path / "out.mp3", like=probe(path)))
    tags = ID3(written.path)
    assert tags.version == (2, 4, 0)
    assert str(tags["TRCK"]) == "3/12"
    assert tags["CHAP:c1"].start_time == 500


def test_nothing_leaks_into_a_file_without_a_source(tmp_path: Path) -> None:
    make(tmp_path / "in.flac")
    written = run_job(write_sound(sound(), tmp_path / "out.flac"))
    assert not FLAC(written.path).pictures
    assert "TITLE" not in metadata(written.path).text


def test_a_damaged_tag_is_left_behind_and_the_sound_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "in.wav"
    run_job(write_sound(sound(), path))
    iff.append_chunks(path, [Chunk(b"id3 ", b"no tag at all")])
    written = run_job(write_sound(sound(), tmp_path / "out.flac", like=probe(path)))
    assert written.samples == RATE
    assert "left behind" in caplog.text


def test_a_source_that_is_gone_is_no_reason_to_lose_the_work(tmp_path: Path) -> None:
    path = make(tmp_path / "in.wav")
    like = probe(path)
    path.unlink()
    assert run_job(write_sound(sound(), tmp_path / "out.wav", like=like)).samples == RATE
