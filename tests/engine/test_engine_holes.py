import numpy as np

from audiosr_desktop.dsp.spectrum import frame_stft
from audiosr_desktop.engine.crossover import join
from audiosr_desktop.engine.holes import FILLED_DEPTH_DB, fill_holes

RATE = 48_000
CUTOFF_HZ = 12_000.0


def spectrum_of_noise() -> np.ndarray:
    return frame_stft(np.random.default_rng(0).normal(0.0, 0.1, (2, RATE)).astype(np.float32))


def with_hole(spectrum: np.ndarray) -> tuple[np.ndarray, tuple[slice, slice, slice]]:
    holed = spectrum.copy()
    place = (slice(0, 1), slice(40, 60), slice(350, 374))  # 8.2 to 8.8 kHz, 0.2 s, the first channel
    holed[place] = 0.0
    return holed, place


def test_whole_sound_has_hardly_a_hole() -> None:
    magnitude = np.abs(spectrum_of_noise())
    _, share = fill_holes(magnitude, CUTOFF_HZ)
    assert share.mean() < 2e-3
    assert not share[..., : int(0.39 * CUTOFF_HZ / 23.4)].any()
    assert not share[..., 513:].any()


def test_a_hole_is_found_and_filled_below_its_surroundings() -> None:
    spectrum = spectrum_of_noise()
    holed, place = with_hole(spectrum)
    filled, share = fill_holes(np.abs(holed), CUTOFF_HZ)
    assert share[place].mean() > 0.6
    assert share[1].mean() < 2e-3
    level_db = 10 * np.log10(np.mean(filled[place] ** 2) / np.mean(np.abs(spectrum[place]) ** 2))
    assert -FILLED_DEPTH_DB - 6.0 < level_db < -FILLED_DEPTH_DB + 3.0
    kept = share == 0.0
    assert np.array_equal(filled[kept], np.abs(holed)[kept])


def test_too_few_cells_have_no_holes() -> None:
    magnitude = np.zeros((1, 4, 1025), np.float32)
    filled, share = fill_holes(magnitude, 500.0)
    assert filled is magnitude
    assert not share.any()


def test_only_holes_are_filled_below_the_crossover() -> None:
    spectrum = spectrum_of_noise()
    holed, place = with_hole(spectrum)
    gate = np.ones(spectrum.shape[:2], np.float32)
    generated = np.random.default_rng(1).normal(0.0, 0.1, (2, RATE)).astype(np.float32)
    holes = np.zeros(spectrum.shape, np.float32)
    holes[place] = 1.0
    with_holes, without = (
        np.abs(frame_stft(join(holed, gate, generated, CUTOFF_HZ, 0.0, holes=mask))) for mask in (holes, None)
    )
    inside = (slice(0, 1), slice(44, 56), slice(354, 370))
    assert with_holes[inside].mean() > 0.5 * np.abs(spectrum[inside]).mean()
    assert without[..., :460].max() < 1e-2 * np.abs(spectrum).mean()
    assert with_holes[1, :, :460].max() < 1e-2 * np.abs(spectrum).mean()
