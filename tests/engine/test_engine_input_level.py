import numpy as np
import pytest

from audiosr_desktop.engine.input_level import AHEAD, BLOCK, HELD, QUIETEST_DB, TRAINED_DB, InputLevel


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
    samples = np.concatenate([noise(8, -56.0), noise(1, -20.0), noise(HELD + 8, -56.0)], axis=1)
    found = gains_db(samples)
    assert found[: 8 * BLOCK].max() == pytest.approx(24.0, abs=0.1)
    assert found[8 * BLOCK : (8 + HELD) * BLOCK] == pytest.approx(0.0, abs=0.1)
    assert found[-1] == pytest.approx(24.0, abs=0.1)
    assert np.abs(np.diff(found)).max() * BLOCK < 24.0 / AHEAD  # dB a block: slow


def test_the_gain_of_a_place_hangs_on_what_is_around_it_alone() -> None:
    samples = np.concatenate([noise(20, -40.0), noise(20, -55.0, 1), noise(10, -1.0, 2)], axis=1)
    whole = gains_db(samples)
    part = slice(22 * BLOCK + 777, 25 * BLOCK + 5)
    assert np.array_equal(gains_db(samples, part.start, part.stop), whole[part])
    shorter = samples[:, : 30 * BLOCK + 100]
    seen = (30 - AHEAD - 1) * BLOCK
    assert np.array_equal(gains_db(shorter)[:seen], whole[:seen])


def test_it_is_read_once_in_small_parts() -> None:
    samples, reads = noise(60, -40.0), []

    def read(start: int, stop: int) -> np.ndarray:
        reads.append((start, stop))
        return samples[:, start:stop]

    found = InputLevel(read, samples.shape[1])
    for start in range(0, 60, 10):
        found.gains(start * BLOCK, (start + 10) * BLOCK)
    assert sum(stop - start for start, stop in reads) == samples.shape[1]
    assert max(stop - start for start, stop in reads) <= 8 * BLOCK
