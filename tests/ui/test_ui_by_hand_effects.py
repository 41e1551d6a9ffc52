"""Every effect and edit that computes samples, found in the menus, set by typing, and measured afterwards."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE
from hand import CTRL, SHIFT, Hand, button, click
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from scipy import signal

from audiosr_desktop.audio.region import Region

FADE = round(0.010 * RATE)
SECONDS = 2.0
SPAN = np.s_[:, RATE // 2 : 3 * RATE // 2]  # half a second to one and a half
INSIDE = np.s_[:, RATE // 2 + FADE : 3 * RATE // 2 - FADE]


def stereo(seconds: float = SECONDS) -> np.ndarray:
    """Return music-like sound with an offset, a peak of about -9 dBFS, and channels that differ."""
    at = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(2).normal(0.0, 0.02, (2, at.size))
    tones = np.stack([0.2 * np.sin(2 * np.pi * 220 * at), 0.15 * np.sin(2 * np.pi * 331 * at + 1)])
    return (tones + noise + [[0.03], [-0.02]]).astype(np.float32)


def opened(hand: Hand, path: Path, samples: np.ndarray, rate: int = RATE) -> np.ndarray:
    soundfile.write(path, samples.T, rate, "FLOAT")
    hand.window.filing.open_file(path)
    hand.idle()
    return samples


def db(ratio: float) -> float:
    return 20 * np.log10(max(float(ratio), 1e-30))


def lufs(samples: np.ndarray) -> float:
    """Return the integrated loudness by ITU-R BS.1770-4 at 48 kHz, from its published coefficients."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285], [1, -1.69065929318241, 0.73248077421585]
    high = [1.0, -2.0, 1.0], [1, -1.99004745483398, 0.99007225036621]
    weighted = signal.lfilter(*high, signal.lfilter(*shelf, samples.astype(np.float64)))
    size, hop = round(0.4 * RATE), round(0.1 * RATE)
    starts = range(0, weighted.shape[1] - size + 1, hop)
    power = np.array([(weighted[:, s : s + size] ** 2).mean(axis=1).sum() for s in starts])
    power = power[-0.691 + 10 * np.log10(power + 1e-20) > -70]
    gate = -0.691 + 10 * np.log10(power.mean()) - 10
    return float(-0.691 + 10 * np.log10(power[-0.691 + 10 * np.log10(power) > gate].mean()))


def true_peak_db(samples: np.ndarray) -> float:
    return db(np.abs(signal.resample_poly(samples.astype(np.float64), 8, 1, axis=1)).max())


def undone_and_redone(hand: Hand, before: np.ndarray, region: Region | None) -> None:
    """See that undo gives the original bits and what was selected, and redo the result's."""
    after = hand.samples()
    hand.press(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(hand.samples(), before)
    if region is not None:
        assert hand.editor.timeline.selection == region
    hand.press(Qt.Key.Key_Y, CTRL)
    assert np.array_equal(hand.samples(), after)


Values = tuple[tuple[str, str], ...]
Check = Callable[[np.ndarray, np.ndarray], None]  # samples before and after


def gained(before: np.ndarray, after: np.ndarray) -> None:
    np.testing.assert_allclose(after[INSIDE], before[INSIDE] * 10 ** (-6.5 / 20), rtol=1e-5, atol=1e-7)
    ratio = after[SPAN][0, :FADE] / before[SPAN][0, :FADE]  # from 1 to the gain by half a cosine
    place = (np.arange(FADE) + 0.5) / FADE
    wanted = 1 + (10 ** (-6.5 / 20) - 1) * (0.5 - 0.5 * np.cos(np.pi * place))
    loud = np.abs(before[SPAN][0, :FADE]) > 0.01
    np.testing.assert_allclose(ratio[loud], wanted[loud], rtol=1e-4)


def at_peak(before: np.ndarray, after: np.ndarray) -> None:
    assert db(np.abs(after[SPAN]).max()) == pytest.approx(-3.0, abs=0.01)
    gains = after[INSIDE] / before[INSIDE]
    assert np.ptp(gains[np.abs(before[INSIDE]) > 0.05]) < 1e-4  # one gain for both channels


def no_offset(before: np.ndarray, after: np.ndarray) -> None:
    moved = before[INSIDE] - after[INSIDE]
    assert np.ptp(moved, axis=1).max() < 1e-6  # a constant was taken away, and nothing else
    np.testing.assert_allclose(moved[:, 0], before[SPAN].mean(axis=1, dtype=np.float64), atol=1e-6)


def inverted(before: np.ndarray, after: np.ndarray) -> None:
    assert np.array_equal(after[INSIDE], -before[INSIDE])


def silent(before: np.ndarray, after: np.ndarray) -> None:
    assert not after[INSIDE].any()


def rows(*gains: tuple[float, float]) -> Check:
    """Return the check that each channel inside is a sum of the channels before."""

    def check(before: np.ndarray, after: np.ndarray) -> None:
        np.testing.assert_allclose(after[INSIDE], np.array(gains) @ before[INSIDE], atol=1e-7)

    return check


REGIONAL: tuple[tuple[str, Values, Check], ...] = (
    ("Gain", (("Gain", "-6.5"),), gained),
    ("Normalise", (("Peak", "-3"),), at_peak),
    ("Remove DC offset", (), no_offset),
    ("Invert polarity", (), inverted),
    ("Silence", (), silent),
    ("Channels", (("Do", "Swap"),), rows((0, 1), (1, 0))),
    ("Channels", (("Do", "Mono"),), rows((0.5, 0.5), (0.5, 0.5))),
    ("Channels", (("Do", "Left"),), rows((1, 0), (1, 0))),
    ("Channels", (("Do", "Right"),), rows((0, 1), (0, 1))),
    ("Channels", (("Do", "Invert-left"),), rows((-1, 0), (0, 1))),
    ("Channels", (("Do", "Invert-right"),), rows((1, 0), (0, -1))),
)


@pytest.mark.parametrize(
    ("title", "values", "check"), REGIONAL, ids=[f"{row[0]} {row[1] and row[1][0][1]}" for row in REGIONAL]
)
def test_an_effect_on_a_selection(
    hand: Hand, tmp_path: Path, title: str, values: Values, check: Check
) -> None:
    before = opened(hand, tmp_path / "sound.wav", stereo())
    hand.span("0:00.500", "0:01.500")
    hand.effect(title)
    for name, text in values:
        hand.value(name, text)
    hand.press(Qt.Key.Key_Return, CTRL)
    after = hand.samples()
    outside = np.delete(np.arange(before.shape[1]), np.s_[RATE // 2 : 3 * RATE // 2])
    assert np.array_equal(after[:, outside], before[:, outside])
    check(before, after)
    # nothing clicks: no step between neighbours is larger than before, but for what the effect itself makes
    seams = np.r_[RATE // 2 - 2 : RATE // 2 + 3, 3 * RATE // 2 - 2 : 3 * RATE // 2 + 3]
    most = max(np.abs(np.diff(before)).max(), np.abs(np.diff(after[INSIDE])).max())
    assert np.abs(np.diff(after, axis=1))[:, seams].max() <= most * 1.05
    assert len(hand.steps()) == 1
    undone_and_redone(hand, before, Region(RATE // 2, 3 * RATE // 2))


def test_normalising_to_a_loudness(hand: Hand, tmp_path: Path) -> None:
    before = opened(hand, tmp_path / "sound.wav", stereo(4.0))
    hand.effect("Normalise loudness")
    hand.value("Loudness", "-27")
    hand.press(Qt.Key.Key_Return, CTRL)
    assert lufs(hand.samples()) == pytest.approx(-27.0, abs=0.1)
    undone_and_redone(hand, before, None)
    hand.value("Loudness", "-6")  # louder than the peaks allow
    hand.value("Ceiling", "-2")
    hand.press(Qt.Key.Key_Return, CTRL)
    assert true_peak_db(hand.samples()) == pytest.approx(-2.0, abs=0.15)
    assert lufs(hand.samples()) < -7.0


CURVES = {
    "Smooth": lambda x: 0.5 - 0.5 * np.cos(np.pi * x),
    "Linear": lambda x: x,
    "Equal-power": lambda x: np.sin(0.5 * np.pi * x),
    "Decibels": lambda x: 10 ** (-60 * (1 - x) / 20),
}


@pytest.mark.parametrize("shape", CURVES)
def test_fades_have_the_shape_that_is_chosen(hand: Hand, tmp_path: Path, shape: str) -> None:
    before = opened(hand, tmp_path / "ones.wav", np.full((1, RATE), 0.8, np.float32))
    place = (np.arange(12_000) + 0.5) / 12_000
    for title, span, curve in (
        ("Fade in", ("0:00.000", "0:00.250"), CURVES[shape](place)),
        ("Fade out", ("0:00.750", "0:01.000"), CURVES[shape](place)[::-1]),
    ):
        hand.span(*span)
        hand.effect(title)
        hand.value("Shape", shape)
        hand.press(Qt.Key.Key_Return, CTRL)
        part = np.s_[:, :12_000] if title == "Fade in" else np.s_[:, -12_000:]
        np.testing.assert_allclose(hand.samples()[part][0], 0.8 * curve, atol=2e-6)
    assert np.array_equal(hand.samples()[:, 12_000:-12_000], before[:, 12_000:-12_000])


def test_the_last_effect_on_another_selection(hand: Hand, tmp_path: Path) -> None:
    before = opened(hand, tmp_path / "sound.wav", stereo())
    hand.span("0:00.100", "0:00.300")
    hand.effect("Gain")
    hand.value("Gain", "-12")
    hand.press(Qt.Key.Key_Return, CTRL)
    hand.value("Gain", "6")  # not applied, so it is not what is repeated
    hand.span("0:01.000", "0:01.200")
    hand.press(Qt.Key.Key_R, CTRL)
    for start in (4_800, 48_000):
        part = np.s_[:, start + FADE : start + 9_600 - FADE]
        np.testing.assert_allclose(hand.samples()[part], before[part] * 10 ** (-12 / 20), rtol=1e-5)
    assert hand.steps() == ["Gain", "Gain"]


def generate(hand: Hand, *values: tuple[str, str]) -> None:
    def fill(dialog: QDialog) -> None:
        for name, text in values:
            hand.value(name, text, dialog)
        click(button(dialog, "Generate"))

    hand.menu("Process", "Generate", dialog=fill)


def test_generated_sounds_are_what_was_asked_for(hand: Hand, tmp_path: Path) -> None:
    before = opened(hand, tmp_path / "quiet.wav", np.zeros((2, RATE), np.float32))
    hand.to(Qt.Key.Key_Home)
    generate(hand, ("Sound", "Sine"), ("Frequency", "440.5"), ("Level", "-12"), ("Length", "2"))
    made = hand.samples()
    assert made.shape == (2, 3 * RATE)
    tone = made[0, : 2 * RATE].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(tone.size)))
    assert np.argmax(spectrum) / 2 == pytest.approx(440.5, abs=0.01)
    assert db(np.abs(tone).max()) == pytest.approx(-12.0, abs=0.01)
    away = np.abs(np.arange(spectrum.size) / 2 - 440.5) > 5
    assert db(spectrum[away].max() / spectrum.max()) < -100
    assert hand.editor.timeline.selection == Region(0, 2 * RATE)
    undone_and_redone(hand, before, None)
    # the second takes the place of the first, which is selected
    hand.press(Qt.Key.Key_Z, CTRL)
    hand.press(Qt.Key.Key_Y, CTRL)
    levels = {}
    for kind in ("White noise", "Pink noise"):
        generate(hand, ("Sound", kind), ("Level", "-20"))
        noise = hand.samples()[:, : 2 * RATE].astype(np.float64)
        assert hand.samples().shape == (2, 3 * RATE)
        assert db(np.sqrt((noise**2).mean())) == pytest.approx(-20.0, abs=0.3)
        assert abs(np.corrcoef(noise)[0, 1]) < 0.02
        hz, power = signal.welch(noise, RATE, nperseg=8192)
        bands = [(125, 250), (500, 1000), (2000, 4000), (8000, 16000)]
        levels[kind] = [10 * np.log10(power[:, (hz >= low) & (hz < high)].mean()) for low, high in bands]
    assert np.ptp(levels["White noise"]) < 1.0
    np.testing.assert_allclose(np.diff(levels["Pink noise"]), -6.02, atol=1.0)  # two octaves each
    generate(hand, ("Sound", "Silence"))
    assert not hand.samples()[:, : 2 * RATE].any()


def test_a_generated_sound_is_repeated_where_the_playhead_is(hand: Hand, tmp_path: Path) -> None:
    opened(hand, tmp_path / "sound.wav", stereo())
    hand.to(Qt.Key.Key_Home)
    generate(hand, ("Sound", "Silence"), ("Length", "0.25"))
    hand.press(Qt.Key.Key_Escape)
    hand.to(Qt.Key.Key_End)
    hand.press(Qt.Key.Key_R, CTRL)
    after = hand.samples()
    assert after.shape[1] == 2.5 * RATE
    assert not after[:, : RATE // 4].any()
    assert not after[:, -RATE // 4 :].any()
    assert after[:, RATE // 4 : -RATE // 4].any()


def dialog_of(hand: Hand, entry: str, name: str, text: str) -> None:
    def fill(dialog: QDialog) -> None:
        hand.value(name, text, dialog)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    hand.menu("Process", entry, dialog=fill)


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 48_000), (48_000, 16_000)])
def test_another_rate_keeps_the_tone_and_folds_nothing(
    hand: Hand, tmp_path: Path, rate: int, wanted: int
) -> None:
    at = np.arange(2 * rate) / rate
    tones = 0.25 * np.sin(2 * np.pi * 997 * at) + 0.25 * np.sin(2 * np.pi * 12_000 * at)
    before = opened(hand, tmp_path / "tones.wav", tones[None].astype(np.float32), rate)
    dialog_of(hand, "Change the sample rate", "Sample rate", str(wanted))
    assert (hand.sound.sample_rate, hand.sound.length) == (wanted, 2 * wanted)
    middle = hand.samples()[0, wanted // 2 : -wanted // 2].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle * signal.windows.blackmanharris(middle.size)))
    hz = np.arange(spectrum.size) * wanted / middle.size
    assert hz[spectrum.argmax()] in (997.0, 12_000.0)
    amplitude = spectrum[np.abs(hz - 997).argmin()] * 2 / signal.windows.blackmanharris(middle.size).sum()
    assert db(amplitude / 0.25) == pytest.approx(0.0, abs=0.05)
    kept = (np.abs(hz - 997) < 10) | (np.abs(hz - 12_000) < 10)
    assert db(spectrum[~kept].max() / spectrum.max()) < -90  # 12 kHz at a rate of 16 kHz would fold to 4
    undone_and_redone(hand, before, None)


def test_channels_of_the_document(hand: Hand, tmp_path: Path) -> None:
    before = opened(hand, tmp_path / "sound.wav", stereo(0.5))
    for choice, wanted in (
        ("Mix to mono", before.mean(axis=0, keepdims=True)),
        ("Keep channel 1", before[:1]),
        ("Keep channel 2", before[1:]),
    ):
        dialog_of(hand, "Change the channels", "Do", choice)
        np.testing.assert_allclose(hand.samples(), wanted, atol=1e-7)
        undone_and_redone(hand, before, None)
        hand.press(Qt.Key.Key_Z, CTRL)
    dialog_of(hand, "Change the channels", "Do", "Keep channel 2")
    dialog_of(hand, "Change the channels", "Do", "Make stereo")
    assert np.array_equal(hand.samples(), before[[1, 1]])


def seam_db(samples: np.ndarray, seam: int) -> float:
    """Return the level above 4 kHz within 3 ms of a seam, in dBFS: a click is heard there."""
    b = signal.firwin(255, 4_000, fs=RATE, pass_zero=False)
    high = signal.fftconvolve(samples[0].astype(np.float64), b, mode="same")
    return db(np.sqrt((high[seam - 144 : seam + 384] ** 2).mean()))


@pytest.mark.parametrize("edit", ["cut", "paste", "insert", "silence"])
def test_joins_do_not_click_where_they_are_cross_faded(hand: Hand, tmp_path: Path, edit: str) -> None:
    at = np.arange(2 * RATE) / RATE
    opened(hand, tmp_path / "hum.wav", (0.5 * np.sin(2 * np.pi * 50 * at))[None].astype(np.float32))

    def act() -> int:
        hand.span("0:00.505", "0:00.810")  # from a crest to a zero
        hand.press(Qt.Key.Key_C, CTRL)
        if edit in ("paste", "insert"):
            hand.span("0:01.000", "0:01.101")
        keys = {
            "cut": (Qt.Key.Key_X, CTRL),
            "paste": (Qt.Key.Key_V, CTRL),
            "insert": (Qt.Key.Key_V, CTRL | SHIFT),
            "silence": (Qt.Key.Key_L, CTRL | SHIFT),
        }
        hand.press(*keys[edit])
        return RATE if edit in ("paste", "insert") else round(0.505 * RATE)

    seam = act()
    plain = seam_db(hand.samples(), seam)
    hand.press(Qt.Key.Key_Z, CTRL)
    hand.menu("Edit", "Cross-fade at cuts")
    act()
    assert seam_db(hand.samples(), seam) < plain - 25.0
    step = np.abs(np.diff(hand.samples()[0, seam - 480 : seam + 480])).max()
    assert step < 0.02  # a plain cut jumps by half of full scale
