"""Names of results: variables, length, clashes, and that a source is never a target."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.batch.naming import (
    VARIABLES,
    check_template,
    file_name,
    resolve_clash,
    same_name_key,
    sample_name,
    target_folder,
)
from audiosr_desktop.batch.recipe import Recipe, Settings
from audiosr_desktop.errors import BatchError

RECIPE = Recipe((("audiosr.denoise", {}), ("audiosr.gain", {"gain_db": 1.0, "seed": 7})), "tapes")
WAV = {"format": "WAV", "subtype": "PCM_16", "channels": 2, "rate": 48_000}


def named(template: str, source: str, **facts: object) -> str:
    settings = Settings(RECIPE, Path("/out"), template, started="2026-01-31 23-59-59")
    return file_name(settings, Path(source), {**WAV, **facts}, index=4, model="tiny")


def test_every_variable_is_filled_in() -> None:
    template = (
        "|".join(f"{{{name}}}" for name in VARIABLES if name not in ("index", "ext")) + "|{index:03}.{ext}"
    )
    assert named(template.replace("|", ","), "/a/Tapes/side one.wav") == (
        "side one,tapes,denoise+gain,tiny,48000,16,2,7,2026-01-31,23-59-59,Tapes,004.wav"
    )


@pytest.mark.parametrize(
    ("source", "subtype", "expected"),
    [
        ("x.flac", "PCM_24", "x_tapes.flac"),
        ("x.AIFF", "PCM_16", "x_tapes.AIFF"),
        ("x.mp3", "MPEG_LAYER_III", "x_tapes.wav"),
        ("x.ogg", "VORBIS", "x_tapes.wav"),
        ("x.voc", "PCM_U8", "x_tapes.wav"),
        ("no suffix", "PCM_16", "no suffix_tapes.wav"),
    ],
)
def test_the_format_stays_when_it_is_lossless(source: str, subtype: str, expected: str) -> None:
    assert named("{name}_{preset}.{ext}", source, subtype=subtype) == expected


def test_bits_are_those_of_the_result() -> None:
    assert named("{bits}.{ext}", "x.mp3", format="MP3", subtype="MPEG_LAYER_III") == "24.wav"
    assert named("{bits}.ogg", "x.wav") == "vorbis.ogg"


@pytest.mark.parametrize(
    "template",
    ["{nome}.wav", "{name", "{name!r}.wav", "a/{name}.wav", "{name}", "{name}.txt", "{name:%}.wav", "{}.wav"],
)
def test_bad_templates_are_refused_in_one_sentence(template: str) -> None:
    with pytest.raises(BatchError, match="name template"):
        check_template(template)


def test_the_sample_shows_the_settings() -> None:
    settings = Settings(RECIPE, None)
    assert sample_name("{name}_{preset}.{ext}", settings, Path("/a/b.mp3")) == "b_tapes.wav"
    assert sample_name("{parent} {index:03} {rate}.flac") == "Tapes 001 48000.flac"


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=300))
def test_any_name_gives_one_that_a_folder_takes(stem: str) -> None:
    name = named("{name}_{preset}.{ext}", f"/a/{stem}.wav")
    assert len(os.fsencode(name)) <= 240
    assert Path(name).name == name
    assert name.endswith(".wav")
    assert not name.startswith(".") or stem.startswith(".")


@pytest.mark.skipif(sys.platform == "win32", reason="bytes that are no UTF-8 occur in names elsewhere")
def test_names_that_are_no_utf8_pass() -> None:
    assert os.fsencode(named("{name}.{ext}", os.fsdecode(b"/a/f\xff\xfe.wav"))) == b"f\xff\xfe.wav"


def test_the_tree_is_mirrored() -> None:
    source, top = Path("/music/a/b/x.wav"), Path("/music")
    into = Settings(RECIPE, Path("/out"))
    beside = Settings(RECIPE, None)
    assert target_folder(into, source, top, in_tree=True) == Path("/out/a/b")
    assert target_folder(beside, source, top, in_tree=True) == Path("/Restored/music/a/b")
    assert target_folder(beside, source, source.parent, in_tree=False) == Path("/music/a/b/Restored")


def never(_path: Path) -> bool:
    return False


def test_clashes_with_files_that_are_there(tmp_path: Path) -> None:
    wanted = tmp_path / "x.wav"
    assert resolve_clash(wanted, "number", taken=never, is_source=never) == wanted
    wanted.touch()
    (tmp_path / "x-2.wav").touch()
    assert resolve_clash(wanted, "number", taken=never, is_source=never) == tmp_path / "x-3.wav"
    assert resolve_clash(wanted, "skip", taken=never, is_source=never) is None
    assert resolve_clash(wanted, "overwrite", taken=never, is_source=never) == wanted


@pytest.mark.parametrize("rule", ["number", "skip", "overwrite"])
def test_files_of_one_batch_never_take_one_name(tmp_path: Path, rule: str) -> None:
    taken = {tmp_path / "x.wav", tmp_path / "x-2.wav"}
    found = resolve_clash(tmp_path / "x.wav", rule, taken=taken.__contains__, is_source=never)  # type: ignore[arg-type]
    assert found == tmp_path / "x-3.wav"


def test_a_source_is_not_overwritten(tmp_path: Path) -> None:
    wanted = tmp_path / "x.wav"
    wanted.touch()
    found = resolve_clash(wanted, "overwrite", taken=never, is_source=lambda path: path == wanted)
    assert found == tmp_path / "x-2.wav"


def test_a_folder_or_a_dead_link_of_the_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.wav").mkdir()
    assert (
        resolve_clash(tmp_path / "x.wav", "overwrite", taken=never, is_source=never) == tmp_path / "x-2.wav"
    )
    (tmp_path / "y.wav").symlink_to(tmp_path / "gone.wav")
    assert resolve_clash(tmp_path / "y.wav", "number", taken=never, is_source=never) == tmp_path / "y-2.wav"


def test_names_that_some_disks_take_for_one_are_one() -> None:
    assert same_name_key(Path("/a/Café.WAV")) == same_name_key(Path("/a/cafe\u0301.wav"))
