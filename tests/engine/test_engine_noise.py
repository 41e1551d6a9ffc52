import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.engine.noise import ENCODER, FIRST_STEP, START, noise_for_frames


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    first=st.integers(0, 10**7),
    offset=st.integers(0, 20),
    count=st.integers(1, 20),
)
def test_noise_at_a_place_does_not_depend_on_the_window(
    seed: int, first: int, offset: int, count: int
) -> None:
    long = noise_for_frames(seed, first, offset + count + 3)
    assert np.array_equal(noise_for_frames(seed, first + offset, count), long[:, offset : offset + count])


def test_noise_is_standard_normal_and_without_correlation() -> None:
    noise = noise_for_frames(7, 0, 2000)
    assert noise.shape == (16, 2000, 32)
    assert noise.dtype == np.float32
    assert abs(float(noise.mean())) < 0.005
    assert abs(float(noise.std()) - 1.0) < 0.005
    assert abs(float((noise**4).mean()) - 3.0) < 0.05
    assert np.isfinite(noise).all()
    rows = noise.transpose(1, 0, 2).reshape(2000, -1)
    likeness = np.corrcoef(rows[:, :64], rowvar=False) - np.eye(64)
    assert np.abs(likeness).max() < 0.12  # five standard errors
    assert abs(float(np.mean(rows[1:] * rows[:-1]))) < 0.005


def test_streams_and_seeds_are_independent() -> None:
    streams = [
        noise_for_frames(1, 0, 50, stream=stream) for stream in (START, ENCODER, FIRST_STEP, FIRST_STEP + 1)
    ]
    streams.append(noise_for_frames(2, 0, 50))
    for index, one in enumerate(streams):
        for other in streams[index + 1 :]:
            assert abs(float(np.mean(one * other))) < 0.03


def test_noise_stays_the_same_from_release_to_release() -> None:
    noise = noise_for_frames(42, 1000, 2)
    wanted = [1.38940, 1.89341, -1.15606, -0.09156]
    assert np.allclose(noise[0, 0, :4], wanted, atol=1e-5)
