from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.gaps import FillGap, find_gaps
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import run_job

CLIPS = Path(__file__).parent.parent / "clips"
NAMES = ("music_tabla", "speech_it_syllables", "effects_bell")
RATE = 48_000
GAPS_MS = ((0.6, 10), (1.4, 50), (2.5, 100), (3.6, 250), (4.9, 20))


def clip(name: str) -> np.ndarray:
    return soundfile.read(CLIPS / f"{name}.flac", dtype="float32", always_2d=True)[0].T


def with_gaps(clean: np.ndarray) -> tuple[np.ndarray, list[slice]]:
    damaged = clean.copy()
    places = [slice(round(at * RATE), round((at + ms / 1000) * RATE)) for at, ms in GAPS_MS]
    for place in places:
        damaged[:, place] = 0.0
    return damaged, places


def run(
    sound: Sound, scratch: Scratch, region: Region | None = None, **values: object
) -> tuple[Sound, dict[str, object]]:
    report: dict[str, object] = {}
    where = region or Region(0, sound.length)
    return run_job(apply_effect(FillGap(report), sound, where, values, scratch)), report


def lsd(clean: np.ndarray, estimate: np.ndarray, place: slice) -> float:
    """Log-spectral distance (2229/480) over the frames centred in the gap, silence counting as -120 dB."""
    n_fft, distances = 2229, []
    for centre in range(place.start, place.stop, 480):
        part = slice(centre - n_fft // 2, centre - n_fft // 2 + n_fft)
        a, b = (np.abs(np.fft.rfft(x[0, part] * np.hanning(n_fft))) ** 2 for x in (clean, estimate))
        distances.append(np.sqrt(np.mean(np.log10(np.maximum(a, 1e-12) / np.maximum(b, 1e-12)) ** 2)))
    return float(np.mean(distances))


@pytest.mark.parametrize("name", NAMES)
def test_gaps_in_real_sound_are_found_and_filled(name: str, run_scratch: Scratch) -> None:
    clean = clip(name)
    damaged, places = with_gaps(clean)
    sound = Sound.from_array(damaged, RATE)
    result, report = run(sound, run_scratch)
    found = [(gap["start_s"], gap["end_s"]) for gap in report["gaps"]]  # type: ignore[attr-defined]
    # a sample beside a gap may be zero by itself: it cannot be told from the gap
    np.testing.assert_allclose(
        np.array(found) * RATE, [(place.start, place.stop) for place in places], atol=2
    )
    filled = result.read(0, result.length)
    outside = np.ones(sound.length, bool)
    for place in places:
        outside[place.start - 2 : place.stop + 2] = False
    assert np.array_equal(filled[:, outside], damaged[:, outside])
    after = np.mean([lsd(clean, filled, place) for place in places[1:4]])
    before = np.mean([lsd(clean, damaged, place) for place in places[1:4]])
    assert after < 0.5 * before
    assert after < 1.6


def test_a_gap_is_as_loud_as_its_surroundings(run_scratch: Scratch) -> None:
    damaged, places = with_gaps(clip("effects_bell"))
    filled = run(Sound.from_array(damaged, RATE), run_scratch)[0]
    for place in places:
        inside = np.std(filled.read(place.start, place.stop))
        around = np.std(
            np.concatenate(
                [damaged[:, place.start - 4_800 : place.start], damaged[:, place.stop : place.stop + 4_800]]
            )
        )
        assert 20 * np.log10(inside / around) == pytest.approx(0.0, abs=3.0)


@pytest.mark.parametrize("name", NAMES)
def test_sound_without_gaps_is_returned_itself(name: str, run_scratch: Scratch) -> None:
    sound = Sound.from_array(clip(name), RATE)
    result, report = run(sound, run_scratch)
    assert result is sound
    assert "gaps" not in report
    assert report["warnings"]


def test_the_region_makes_no_difference_and_bounds_the_change(run_scratch: Scratch) -> None:
    damaged, places = with_gaps(clip("music_tabla"))
    sound = Sound.from_array(damaged, RATE)
    whole = run(sound, run_scratch)[0].read(0, sound.length)
    gap = places[2]
    region = Region(gap.start - 1_000, gap.start + 2_000)
    part = run(sound, run_scratch, region)[0].read(0, sound.length)
    inside = slice(region.start, region.stop)
    assert np.array_equal(part[:, inside], whole[:, inside])
    assert np.array_equal(part[:, region.stop :], damaged[:, region.stop :])
    assert np.array_equal(part[:, : region.start], damaged[:, : region.start])


def test_a_gap_in_one_channel_and_gaps_that_overlap(run_scratch: Scratch) -> None:
    damaged = clip("music_tabla")
    clean = damaged.copy()
    damaged[0, 50_000:52_000] = 0.0
    damaged[1, 51_000:53_000] = 0.0
    damaged[1, 90_000:91_000] = 0.0
    result, report = run(Sound.from_array(damaged, RATE), run_scratch)
    filled = result.read(0, result.length)
    assert [gap["start_s"] * RATE for gap in report["gaps"]] == [50_000, 90_000]  # type: ignore[attr-defined]
    assert np.all(filled[0, 50_100:51_900].reshape(-1, 100).any(axis=1))
    assert np.all(filled[1, 51_100:52_900].reshape(-1, 100).any(axis=1))
    assert np.array_equal(filled[0, 90_000:91_000], clean[0, 90_000:91_000])
    assert np.array_equal(filled[1, 50_000:51_000], clean[1, 50_000:51_000])


def test_a_short_selection_is_replaced(run_scratch: Scratch) -> None:
    sound = Sound.from_array(clip("effects_bell"), RATE)
    region = Region(60_000, 62_400)
    result = run(sound, run_scratch, region)[0]
    assert not np.array_equal(result.read(60_000, 62_400), sound.read(60_000, 62_400))
    assert np.array_equal(result.read(62_400, sound.length), sound.read(62_400, sound.length))
    assert run(sound, run_scratch, region, where="find")[0] is sound
    with pytest.raises(EffectError, match="selection"):
        run(sound, run_scratch, Region(0, 2_000), where="selection")
    with pytest.raises(EffectError, match="selection"):
        run(sound, run_scratch, Region(10_000, 10_000 + RATE), where="selection")


def test_the_seed_chooses_the_fill(run_scratch: Scratch) -> None:
    damaged = clip("effects_bell")[:, : 2 * RATE]
    damaged[:, RATE : RATE + 960] = 0.0
    sound = Sound.from_array(damaged, RATE)
    fills = [run(sound, run_scratch, seed=seed)[0].read(0, sound.length) for seed in (1, 1, 2)]
    assert np.array_equal(fills[0], fills[1])
    assert not np.array_equal(fills[0], fills[2])


@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("length", [1, 480, 48_000])
def test_silence_dc_and_short_sounds_are_left_alone(value: float, length: int, run_scratch: Scratch) -> None:
    sound = Sound.from_array(np.full((8, length), value, np.float32), RATE)
    assert run(sound, run_scratch)[0] is sound


def test_pauses_into_which_sound_fades_are_no_gaps(run_scratch: Scratch) -> None:
    hit = np.random.default_rng(0).standard_normal(4_800) * np.exp(-np.arange(4_800) / 300)
    beats = np.concatenate(
        [np.concatenate([np.rint(hit * 8_000) / 32_768, np.zeros(4_800)]) for _ in range(10)]
    )
    sound = Sound.from_array(beats[None].astype(np.float32), RATE)
    assert run_job(find_gaps(sound, Region(0, sound.length))) == []


def test_cancelling_leaves_the_sound_as_it_was(run_scratch: Scratch) -> None:
    damaged, _ = with_gaps(clip("effects_bell"))
    sound = Sound.from_array(damaged, RATE)
    job = apply_effect(FillGap(), sound, Region(0, sound.length), {}, run_scratch)
    for _ in range(8):
        next(job)
    job.close()
    assert np.array_equal(sound.read(0, sound.length), damaged)
    assert [path.name for path in run_scratch.folder.iterdir()] == ["lock"]
