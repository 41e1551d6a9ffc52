"""The STFT, its inverse and the mel front end, against definitions and a run of the official model."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.dsp import spectrum

GOLDEN = Path(__file__).parents[2].parent / "shared" / "reference" / "golden"
needs_golden = pytest.mark.skipif(
    not GOLDEN.is_dir(), reason="the recorded run of the official model is not here"
)


def noise(*shape: int, seed: int = 1) -> spectrum.Samples:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def relative(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    return float(np.max(np.abs(a - b)) / np.max(np.abs(b)))


def test_hann_is_periodic_and_shared() -> None:
    window = spectrum.hann(8)
    np.testing.assert_allclose(
        window, [0, 0.14644661, 0.5, 0.8535534, 1, 0.8535534, 0.5, 0.14644661], atol=1e-7
    )
    assert window is spectrum.hann(8)
    with pytest.raises(ValueError, match="read-only"):
        window[0] = 1.0


def test_stft_is_the_transform_of_each_windowed_frame() -> None:
    x = noise(2, 5000)
    spec = spectrum.stft(x, 512, 128, center=False)
    assert spec.dtype == np.complex64
    assert spec.shape == (2, 257, (5000 - 512) // 128 + 1)
    expected = np.fft.rfft(x[1, 128 * 7 : 128 * 7 + 512].astype(np.float64) * spectrum.hann(512))
    np.testing.assert_allclose(spec[1, :, 7], expected, atol=1e-4)


def test_centred_frames_sit_on_multiples_of_the_hop() -> None:
    click = np.zeros((1, 4000), np.float32)
    click[0, 1024] = 1.0
    magnitude = np.abs(spectrum.stft(click, 512, 128)).sum(axis=-2)[0]
    assert int(np.argmax(magnitude)) == 8
    mirrored = spectrum.stft(noise(600), 512, 128, pad_mode="reflect")
    assert mirrored.shape == (257, 600 // 128 + 1)


@settings(max_examples=30, deadline=None)
@given(length=st.integers(600, 5000), hop=st.sampled_from([96, 128, 200, 256]), seed=st.integers(0, 99))
def test_istft_gives_the_sound_back(length: int, hop: int, seed: int) -> None:
    x = noise(2, length, seed=seed)
    back = spectrum.istft(spectrum.stft(x, 512, hop), hop, length)
    reached = (length // hop) * hop  # the last samples lie beyond the centre of the last frame
    np.testing.assert_allclose(back[:, :reached], x[:, :reached], atol=2e-5)


def test_istft_pads_and_cuts_to_the_length_asked_for() -> None:
    spec = spectrum.stft(noise(1, 3000), 512, 128, center=False)
    long = spectrum.istft(spec, 128, 4000, center=False)
    assert long.shape == (1, 4000)
    assert not long[0, 3000:].any()
    np.testing.assert_array_equal(spectrum.istft(spec, 128, 700, center=False), long[:, :700])


def test_sound_shorter_than_a_frame_has_no_frames() -> None:
    assert spectrum.stft(noise(1, 100), 512, 128, center=False).shape == (1, 257, 0)
    assert spectrum.istft(np.zeros((1, 257, 0), np.complex64), 128, 300).shape == (1, 300)


@pytest.mark.parametrize("frames", [1, 2, 3, 300])
def test_framed_spectra_give_the_sound_back_to_its_very_ends(frames: int) -> None:
    x = noise(2, 480 * frames)
    spec = spectrum.frame_stft(x)
    assert spec.shape == (2, frames, 1025)
    assert spec.dtype == np.complex64
    np.testing.assert_allclose(spectrum.inverse_frame_stft(spec), x, atol=3e-5)


def test_frame_t_is_centred_on_sample_480_t_plus_240() -> None:
    click = np.zeros((1, 9600), np.float32)
    click[0, 480 * 7 + 240] = 1.0
    magnitude = spectrum.magnitude_spectrogram(click)[0]
    np.testing.assert_allclose(magnitude[7], 1.0, atol=1e-5)
    np.testing.assert_allclose(magnitude[6], magnitude[8], atol=1e-5)


def test_the_front_end_refuses_a_length_that_is_no_multiple_of_480() -> None:
    with pytest.raises(ValueError, match="multiple of 480"):
        spectrum.log_mel(noise(1, 481))
    assert spectrum.log_mel(noise(1, 0)).shape == (1, 0, 256)
    assert spectrum.inverse_frame_stft(np.zeros((1, 0, 1025), np.complex64)).shape == (1, 0)


def test_log_mel_of_silence_is_the_floor_and_rises_with_the_level() -> None:
    assert np.all(spectrum.log_mel(np.zeros((1, 4800), np.float32)) == np.float32(np.log(1e-5)))
    x = noise(3, 4800)
    louder = spectrum.log_mel(2.0 * x)
    np.testing.assert_allclose(louder - spectrum.log_mel(x), np.log(2.0), atol=1e-4)
    np.testing.assert_allclose(spectrum.log_mel(x)[1], spectrum.log_mel(x[1]), atol=1e-5)


def test_mel_bands_have_equal_area_and_all_hold_a_bin() -> None:
    bank = spectrum.mel_filter_bank()
    assert bank.shape == (256, 1025)
    assert bank.dtype == np.float32
    assert np.all(bank.sum(axis=1) > 0)
    wide = bank[200:].sum(axis=1) * 48_000 / 2048
    np.testing.assert_allclose(wide, 1.0, atol=0.01)


def test_db() -> None:
    np.testing.assert_allclose(spectrum.db([1.0, 0.1, 0.0]), [0.0, -20.0, -200.0], atol=1e-9)
    assert spectrum.db(np.ones(2, np.float32)).dtype == np.float32


@needs_golden
def test_mel_matrix_equals_the_official_one() -> None:
    with np.load(GOLDEN / "frontend.npz") as golden:
        np.testing.assert_allclose(spectrum.mel_filter_bank(), golden["mel_basis"], atol=1e-8)


@needs_golden
@pytest.mark.parametrize(("wave", "mel"), [("waveform", "log_mel"), ("waveform_lowpass", "lowpass_mel")])
def test_log_mel_equals_the_official_one(wave: str, mel: str) -> None:
    with np.load(GOLDEN / "frontend.npz") as golden:
        ours, theirs = spectrum.log_mel(golden[wave]), golden[mel]
    assert relative(ours, theirs) < 2e-3
    rms = np.sqrt(np.mean((ours - theirs) ** 2) / np.mean(theirs**2))
    assert rms < 1e-4


@needs_golden
def test_low_band_replacement_of_the_official_pipeline() -> None:
    """Centred STFT with zeros at the ends, hop 512, and its inverse: upstream splices the low band so."""
    with np.load(GOLDEN / "frontend.npz") as front, np.load(GOLDEN / "postproc.npz") as post:
        low, vocoded, expected = front["waveform_lowpass"], post["vocoder_out"], post["postproc_out"]
        edge, ratio = int(post["cutoff_bin"]), float(post["energy_ratio"])
    spec, kept = spectrum.stft(vocoded, 2048, 512), spectrum.stft(low, 2048, 512)
    spec[:edge] = kept[:edge] / np.float32(ratio)
    assert relative(spectrum.istft(spec, 512, vocoded.shape[-1]), expected) < 1e-5
