"""The low-pass families against their responses, and the official low-pass against a recorded run."""

from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from audiosr_desktop.dsp import filters

GOLDEN = Path(__file__).parents[2].parent / "shared" / "reference" / "golden"
needs_golden = pytest.mark.skipif(
    not GOLDEN.is_dir(), reason="the recorded run of the official model is not here"
)
RATE = 48_000
RECURSIVE: tuple[filters.Family, ...] = ("cheby", "ellip", "butter", "bessel")


def response_db(family: filters.Family, order: int, cutoff_hz: float, *, zero_phase: bool) -> np.ndarray:
    """Level of the filtered spectrum of a click, a bin per Hz."""
    click = np.zeros((1, RATE), np.float32)
    click[0, RATE // 2] = 1.0
    filtered = filters.lowpass(click, RATE, cutoff_hz, family, order, zero_phase=zero_phase)
    return 20.0 * np.log10(np.abs(np.fft.rfft(filtered[0].astype(np.float64))) + 1e-9)


@pytest.mark.parametrize("family", RECURSIVE)
@pytest.mark.parametrize("order", [2, 5, 8, 10])
@pytest.mark.parametrize("cutoff_hz", [2000, 15_000])
def test_the_cutoff_is_the_half_power_point_of_a_pass(
    family: filters.Family, order: int, cutoff_hz: int
) -> None:
    once = response_db(family, order, cutoff_hz, zero_phase=False)
    twice = response_db(family, order, cutoff_hz, zero_phase=True)
    assert once[cutoff_hz] == pytest.approx(-3.01, abs=0.05)
    assert twice[cutoff_hz] == pytest.approx(-6.02, abs=0.1)
    assert np.all(np.abs(once[: cutoff_hz // 10]) < 0.15)
    assert once[cutoff_hz] > once[int(1.2 * cutoff_hz)]


def test_a_boxcar_is_flat_to_the_cutoff_and_empty_above() -> None:
    response = response_db("boxcar", 8, 6000, zero_phase=True)
    assert np.all(np.abs(response[:5995]) < 0.1)
    assert np.all(response[6010:] < -60.0)


def test_zero_phase_does_not_move_the_sound() -> None:
    x = np.random.default_rng(3).standard_normal((2, 9000)).astype(np.float32)
    for family in filters.FAMILIES:
        low = filters.lowpass(x, RATE, 9000.0, family)
        assert low.dtype == np.float32
        assert low.shape == x.shape
        lags = [float(np.vdot(x[:, 50:-50], np.roll(low, lag, axis=-1)[:, 50:-50])) for lag in range(-4, 5)]
        assert int(np.argmax(lags)) == 4


@pytest.mark.parametrize("length", [0, 1, 7, 40])
def test_very_short_sound_keeps_its_length(length: int) -> None:
    x = np.ones((2, length), np.float32)
    for family in filters.FAMILIES:
        for zero_phase in (True, False):
            low = filters.lowpass(x, RATE, 4000.0, family, 10, zero_phase=zero_phase)
            assert low.shape == (2, length)
            assert np.all(np.isfinite(low))


def test_lowpass_refuses_what_it_cannot_do() -> None:
    x = np.zeros((1, 100), np.float32)
    for cutoff_hz in (0.0, 24_000.0, 30_000.0):
        with pytest.raises(ValueError, match="cutoff"):
            filters.lowpass(x, RATE, cutoff_hz, "butter")
    with pytest.raises(ValueError, match="order"):
        filters.lowpass(x, RATE, 4000.0, "butter", 11)
    with pytest.raises(ValueError, match="chebyshev"):
        filters.lowpass(x, RATE, 4000.0, "chebyshev")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["butter", "cheby1", "ellip", "bessel"])
def test_the_official_low_pass_has_the_attenuation_of_four_passes(kind: filters.UpstreamFilter) -> None:
    click = np.zeros((1, RATE), np.float32)
    click[0, RATE // 2] = 1.0
    low = filters.simulate_lowpass_upstream(click, 6000.9, kind)[0]
    response = 20.0 * np.log10(np.abs(np.fft.rfft(low.astype(np.float64))) + 1e-9)
    design = {
        "butter": scipy.signal.butter(8, 0.25, output="sos"),
        "cheby1": scipy.signal.cheby1(8, 0.1, 0.25, output="sos"),
        "ellip": scipy.signal.ellip(8, 0.1, 60, 0.25, output="sos"),
        "bessel": scipy.signal.bessel(8, 0.25, output="sos"),
    }[kind]
    at = [500, 1500, 3000, 4500]
    once = scipy.signal.sosfreqz(design, at, fs=RATE)[1]
    np.testing.assert_allclose(response[at], 4.0 * 20.0 * np.log10(np.abs(once)), atol=0.1)
    assert response[6000] < -6.0
    assert np.all(response[7500:] < -90.0)


def test_the_official_low_pass_refuses_the_cutoff_that_crashes_upstream() -> None:
    for cutoff_hz in (0.5, 24_000.0):
        with pytest.raises(ValueError, match="cutoff"):
            filters.simulate_lowpass_upstream(np.zeros((1, 4800), np.float32), cutoff_hz, "butter")


@needs_golden
def test_the_official_low_pass_equals_the_recorded_one() -> None:
    with np.load(GOLDEN / "frontend.npz") as golden:
        assert str(golden["filter_type"]) == "ellip"
        ours = filters.simulate_lowpass_upstream(golden["waveform"], float(golden["cutoff_hz"]), "ellip")
        expected = golden["waveform_lowpass"]
    assert np.max(np.abs(ours - expected)) / np.max(np.abs(expected)) < 1e-6
