import numpy as np
import pytest

from audiosr_desktop.engine.input_level import AHEAD, BLOCK, HELD, MEAN, QUIETEST_DB, TRAINED_DB, InputLevel


def level(samples: np.ndarray) -> InputLevel:
    return InputLevel(lambda start, stop: samples[:, start:stop], samples.shape[1])


def noise(blocks: int, level_db: float, seed: int = 0) -> np.ndarray:
    sound = np.random.default_rng(seed).standard_normal((2, blocks * BLOCK))
    return (sound * 10 ** (level_db / 20)).astype(np.float32)


def gains_db(samples: np.ndarray, start: int = 0, stop: int | None = None) -> np.ndarray:
    return 20 * np.log10(level(samples).gains(start, samples.shape[1] if stop is None else stop))


@pytest.mark.parametrize("usual_db", [*TRAINED_DB, -18.0])
def test_usual_levels_go_in_as_they_are(usual_db: float) -> None:
    inside = usual_db + {TRAINED_DB[0]: 0.1, TRAINED_DB[1]: -0.1}.get(usual_db, 0.0)
    assert np.array_equal(level(noise(6, inside)).gains(0, 6 * BLOCK), np.ones(6 * BLOCK, np.float32))


@pytest.mark.parametrize(
    ("found_db", "gain_db"), [(-52.0, 20.0), (0.0, -6.0), (-90.0, TRAINED_DB[0] - QUIETEST_DB)]
)
def test_other_levels_are_brought_to_the_nearest_usual_one(found_db: float, gain_db: float) -> None:
    assert gains_db(noise(6, found_db)) == pytest.approx(gain_db, abs=0.1)


def test_a_constant_is_no_level() -> None:
    assert gains_db(noise(6, -46.0) + np.float32(0.5)) == pytest.approx(14.0, abs=0.1)


def test_silence_and_an_empty_document_have_a_gain_too() -> None:
    assert np.isfinite(gains_db(np.zeros((1, 3 * BLOCK), np.float32))).all()
    assert level(np.zeros((1, 0), np.float32)).gains(0, 100).shape == (100,)


def test_the_gain_is_down_when_something_loud_begins_and_stays_in_a_pause() -> None:
    samples = np.concatenate([noise(20, -56.0), noise(MEAN, -20.0), noise(HELD + 20, -56.0)], axis=1)
    found = gains_db(samples)
    assert found[: (20 - MEAN) * BLOCK].max() == pytest.approx(24.0, abs=0.5)
    loud = found[20 * BLOCK : (20 + HELD) * BLOCK]
    assert loud.min() >= 0.0
    assert loud.max() < 2.0
    assert found[-1] == pytest.approx(24.0, abs=0.5)
    assert np.abs(np.diff(found)).max() * BLOCK < 15.0  # dB a block: slow beside a frame of 43 ms


def test_the_gain_begins_to_come_down_less_than_a_second_before_something_loud() -> None:
    samples = np.concatenate([noise(20, -56.0), noise(20, -6.5, 1)], axis=1)
    alone, within = gains_db(samples[:, : 20 * BLOCK]), gains_db(samples)
    unlike = np.flatnonzero(np.abs(within[: alone.size] - alone) > 1e-3)
    assert 0 < alone.size - unlike[0] < 0.85 * 48_000


@pytest.mark.parametrize("length", [BLOCK // 3, BLOCK, 2 * BLOCK + 5])
def test_a_document_of_a_moment_has_its_own_level(length: int) -> None:
    assert gains_db(noise(3, -46.0)[:, :length]) == pytest.approx(14.0, abs=0.5)


def test_the_gain_of_a_place_hangs_on_what_is_around_it_alone() -> None:
    samples = np.concatenate([noise(80, -40.0), noise(80, -55.0, 1), noise(40, -1.0, 2)], axis=1)
    whole = gains_db(samples)
    for first in (0, 22, 100, 155):
        part = slice(first * BLOCK + 777, (first + 6) * BLOCK + 5)
        assert np.array_equal(gains_db(samples, part.start, part.stop), whole[part])
    shorter = samples[:, : 120 * BLOCK + 100]
    seen = (120 - AHEAD - 1) * BLOCK
    assert np.array_equal(gains_db(shorter)[:seen], whole[:seen])


def test_it_is_read_once_in_small_parts() -> None:
    samples, reads = noise(240, -40.0), []

    def read(start: int, stop: int) -> np.ndarray:
        reads.append((start, stop))
        return samples[:, start:stop]

    found = InputLevel(read, samples.shape[1])
    for start in range(0, 240, 40):
        found.gains(start * BLOCK, (start + 40) * BLOCK)
    assert sum(stop - start for start, stop in reads) == samples.shape[1]
    assert max(stop - start for start, stop in reads) <= 32 * BLOCK
