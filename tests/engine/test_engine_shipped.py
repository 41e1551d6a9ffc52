"""The shipped bundle on real sound: what a user hears, in figures."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop import paths
from audiosr_desktop.dsp.filters import FAMILIES, Family, lowpass
from audiosr_desktop.engine.bundle import DEFAULT_BUNDLE, Bundle, Verifier, load_bundle
from audiosr_desktop.engine.restorer import Restorer, Settings
from audiosr_desktop.engine.sessions import open_sessions
from audiosr_desktop.job import run_job

CLIPS = Path(__file__).resolve().parents[1] / "clips"
FOLDER = paths.shipped_models_dir() / DEFAULT_BUNDLE
EVALUATION = FOLDER.parent / "EVALUATION.md"
RATE = 48_000
LIMIT_DB = 9.0  # that the band is there; how well it is met is what `evaluate` measures

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(not (FOLDER / "manifest.json").is_file(), reason="the checkout holds no model"),
]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(FOLDER)


@pytest.fixture(scope="module")
def shipped(bundle: Bundle) -> Restorer:
    return Restorer(run_job(open_sessions(bundle, "cpu", 1)))


def clip(name: str, seconds: float = 6.0) -> np.ndarray:
    samples, rate = soundfile.read(CLIPS / f"{name}.flac", frames=round(seconds * RATE), dtype="float32")
    assert rate == RATE
    return np.atleast_2d(samples.T)


def restored(restorer: Restorer, sound: np.ndarray, cutoff_hz: float, start: int, stop: int) -> np.ndarray:
    manifest, blocks = restorer.bundle.manifest, []
    settings = Settings(cutoff_hz, manifest.default_steps["draft"], manifest.guidance_scale, seed=0)

    def read(first: int, last: int) -> np.ndarray:
        part = sound[:, first:last]
        return np.pad(part, ((0, 0), (0, last - first - part.shape[1])))

    run_job(restorer.generate(read, sound.shape[1], start, stop, settings=settings, write=blocks.append))
    return sound[:, start:stop] + np.concatenate(blocks, axis=1)


def band_db(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[-1]), axis=-1)) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[-1], 1 / RATE)
    return float(10 * np.log10(spectrum[:, (frequencies >= low_hz) & (frequencies < high_hz)].sum()))


def test_the_files_are_what_the_manifest_says_and_small(bundle: Bundle) -> None:
    assert set(bundle.manifest.sha256) == set(bundle.manifest.graphs.values())
    run_job(Verifier().verify(bundle))
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 24 * 2**20


def test_the_manifest_tells_what_the_tables_tell(bundle: Bundle) -> None:
    told, cutoffs = bundle.manifest.about["evaluation"], ("4000", "8000", "12000")
    for kind in ("music", "speech", "effects"):
        _, _, section = EVALUATION.read_text(encoding="utf-8").partition(
            f"### {kind.capitalize()}, resample: LSD"
        )
        row = next(line for line in section.splitlines() if line.startswith("| compact-standard |"))
        expected = [
            f"{told['lsd'][hz][kind]:.2f} ({told['energy_above_cutoff_db'][hz][kind]:+.1f})" for hz in cutoffs
        ]
        assert [cell.strip() for cell in row.split("|")[3:6]] == expected


@pytest.mark.parametrize("name", ["music_tabla", "speech_it_syllables", "effects_bell"])
@pytest.mark.parametrize("family", [family for family in FAMILIES if family in ("cheby", "butter", "boxcar")])
def test_the_new_band_has_about_the_energy_of_the_truth(shipped: Restorer, name: str, family: Family) -> None:
    truth = clip(name)[:1]
    cutoff_hz = 6000.0
    after = restored(shipped, lowpass(truth, RATE, cutoff_hz, family, 8), cutoff_hz, 0, truth.shape[1])
    # by bands and not in sum: one partial of a bell, which nothing below foretells, would be all of the sum
    bands = ((6500, 8000), (8000, 10_000), (10_000, 13_000), (13_000, 16_000))
    errors_db = [band_db(after, *band) - band_db(truth, *band) for band in bands]
    assert abs(float(np.median(errors_db))) < LIMIT_DB
    assert abs(band_db(after, 300, 5000) - band_db(truth, 300, 5000)) < 0.2


@pytest.mark.parametrize("name", ["music_tabla", "speech_it_syllables", "effects_bell"])
@pytest.mark.parametrize(("start_s", "stop_s"), [(0.0, 0.4), (2.0, 5.0), (5.3, 6.0)])
def test_a_region_alone_is_what_it_is_within_the_whole(
    shipped: Restorer, name: str, start_s: float, stop_s: float
) -> None:
    sound = lowpass(clip(name)[:1], RATE, 5000.0, "cheby", 8)
    start, stop = round(start_s * RATE), min(round(stop_s * RATE), sound.shape[1])
    alone = restored(shipped, sound, 5000.0, start, stop)
    for first, last in ((0, sound.shape[1]), (max(0, start - RATE // 3), stop)):
        within = restored(shipped, sound, 5000.0, first, last)[:, start - first : stop - first]
        assert np.array_equal(alone, within)


@pytest.mark.parametrize("level", [0.05, 3.0])
def test_what_follows_in_the_document_hardly_matters(shipped: Restorer, level: float) -> None:
    short = lowpass(clip("music_tabla", 9.0)[:1, : 8 * RATE], RATE, 5000.0, "cheby", 8)
    other = lowpass(level * clip("speech_it_syllables")[:1], RATE, 5000.0, "cheby", 8)
    longer = np.concatenate([short, np.clip(other, -1.0, 1.0)], axis=1)
    alone = restored(shipped, short, 5000.0, 0, short.shape[1])
    within = restored(shipped, longer, 5000.0, 0, short.shape[1])
    power = np.mean(alone**2)
    difference = (alone - within)[:, : short.shape[1] - RATE // 10]
    assert np.mean(difference**2) < 1e-6 * power
    early = difference[:, : short.shape[1] - RATE]  # the networks hear a little of what follows
    assert np.mean(early**2) < 1e-8 * power


def test_something_loud_is_not_heard_more_than_a_second_ahead(shipped: Restorer) -> None:
    quiet = 0.004 * lowpass(clip("music_tabla", 7.0)[:1], RATE, 5000.0, "cheby", 8)
    loud = lowpass(clip("speech_it_syllables")[:1], RATE, 5000.0, "cheby", 8)
    longer = np.concatenate([quiet, loud], axis=1)
    alone = restored(shipped, quiet, 5000.0, 0, quiet.shape[1])
    within = restored(shipped, longer, 5000.0, 0, quiet.shape[1])
    difference = (alone - within)[:, : quiet.shape[1] - round(1.3 * RATE)]
    assert np.mean(difference**2) < 1e-6 * np.mean(alone**2)


def test_the_end_of_a_document_sounds_as_if_its_mirror_followed(shipped: Restorer) -> None:
    sound = lowpass(clip("music_tabla", 4.1)[:1], RATE, 5000.0, "cheby", 8)
    longer = np.concatenate([sound, sound[:, ::-1]], axis=1)
    alone = restored(shipped, sound, 5000.0, 0, sound.shape[1])
    within = restored(shipped, longer, 5000.0, 0, sound.shape[1])
    end = slice(sound.shape[1] - RATE // 2, sound.shape[1])
    assert np.mean((alone - within)[:, end] ** 2) < 1e-6 * np.mean(alone[:, end] ** 2)
