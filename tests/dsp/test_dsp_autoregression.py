import numpy as np
import pytest
import scipy.linalg
import scipy.signal

from audiosr_desktop.dsp.autoregression import burg, interpolate, residual


def resonance(n: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(n + 500)
    return scipy.signal.lfilter([1.0], [1.0, -1.6, 0.9], noise)[500:]


def test_burg_finds_the_model_that_made_the_sound() -> None:
    model = burg([resonance(20_000), resonance(10_000, seed=1)], 2)
    np.testing.assert_allclose(model, [1.0, -1.6, 0.9], atol=0.02)


def test_burg_is_stable_and_whitens() -> None:
    sound = resonance(4_000)
    model = burg([sound], 40)
    assert np.abs(np.roots(model)).max() < 1.0
    assert np.var(residual(sound, model)) == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("parts", [[np.zeros(100)], [np.zeros(0)], [np.ones(3)]])
def test_burg_ends_early_where_nothing_is_left(parts: list[np.ndarray]) -> None:
    model = burg(parts, 50)
    assert np.all(np.isfinite(model))
    assert len(model) <= 4


def test_interpolation_is_the_least_squares_solution() -> None:
    sound, order, length = resonance(600), 8, 30
    left, right = sound[:300], sound[330:]
    model = burg([left, right], order)
    excitation = np.random.default_rng(3).standard_normal(length + order)
    found = interpolate(left, right, model, excitation)

    def errors(unknown: np.ndarray) -> np.ndarray:
        whole = np.concatenate([left[-order:], unknown, right[:order]])
        return residual(whole, model) - excitation

    at_zero = errors(np.zeros(length))
    columns = np.stack([errors(unit) - at_zero for unit in np.eye(length)], axis=1)
    expected = scipy.linalg.lstsq(columns, -at_zero)[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_sine_is_carried_across_a_gap() -> None:
    time = np.arange(6_000)
    sound = np.sin(0.1 * time) + 0.5 * np.sin(0.37 * time + 1.0)
    sound += 1e-5 * np.random.default_rng(1).standard_normal(len(time))
    left, right = sound[:3_000], sound[3_400:]
    model = burg([left, right], 64)
    found = interpolate(left, right, model, np.zeros(400 + len(model) - 1))
    assert np.abs(found - sound[3_000:3_400]).max() < 0.02


def test_white_excitation_keeps_the_level() -> None:
    sound = resonance(8_000)
    left, right = sound[:3_000], sound[5_000:]
    model = burg([left, right], 16)
    length = 2_000 + len(model) - 1
    typical = interpolate(left, right, model, np.random.default_rng(5).standard_normal(length))
    likely = interpolate(left, right, model, np.zeros(length))
    assert np.std(typical) == pytest.approx(np.std(sound), rel=0.15)
    assert np.std(likely) < 0.3 * np.std(sound)
