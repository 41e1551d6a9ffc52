from collections.abc import Generator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from audiosr_desktop.engine.ddim import (
    Latent,
    Model,
    alphas_cumprod,
    clean_and_noise,
    ddim_sigma,
    ddim_step,
    dpm_step,
    guided,
    sample,
    timesteps,
    upstream_timesteps,
)

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "reference" / "golden"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="no golden data beside the checkout")


def load(name: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / f"{name}.npz") as arrays:
        return dict(arrays)


def drive(job: Generator[float, None, Latent]) -> tuple[Latent, list[float]]:
    shares = []
    try:
        while True:
            shares.append(next(job))
    except StopIteration as end:
        return end.value, shares


@needs_golden
def test_schedule_is_that_of_the_published_checkpoints() -> None:
    golden = load("schedule")
    assert np.array_equal(alphas_cumprod().astype(np.float32), golden["alphas_cumprod"])
    assert alphas_cumprod()[0] == pytest.approx(0.999958716, abs=1e-7)
    assert alphas_cumprod()[999] == 0.0


@needs_golden
@pytest.mark.parametrize("steps", [4, 10, 25, 30, 50, 100, 200])
def test_upstream_times_and_sigmas(steps: int) -> None:
    golden = load("schedule")
    times = upstream_timesteps(steps)[::-1]
    assert np.array_equal(times, golden[f"timesteps_{steps}"])
    alphas = alphas_cumprod()
    previous = [alphas[0], *(alphas[time] for time in times[:-1])]
    assert np.allclose(alphas[times], golden[f"alphas_{steps}"], atol=1e-7)
    assert np.allclose(previous, golden[f"alphas_prev_{steps}"], atol=1e-7)
    sigmas = [ddim_sigma(alphas[time], before, 1.0) for time, before in zip(times, previous, strict=True)]
    assert np.allclose(sigmas, golden[f"sigmas_{steps}"], atol=1e-6)


def test_upstream_refuses_the_step_counts_that_fail_there() -> None:
    failing = {3, 9, 27, 36, 37, *range(101, 112), *range(251, 334), *range(501, 1001)}
    for steps in range(1, 1001):
        if steps in failing:
            with pytest.raises(ValueError, match="cannot take"):
                upstream_timesteps(steps)
        else:
            assert max(upstream_timesteps(steps)) <= 999
    assert upstream_timesteps(1) == [1]
    assert len(upstream_timesteps(30)) == 31


def test_own_times_are_as_many_as_asked_and_start_at_pure_noise() -> None:
    for steps in range(1, 1001):
        times = timesteps(steps)
        assert len(times) == steps
        assert times[0] == 999
        assert all(later < earlier for earlier, later in pairwise(times))
        assert times[-1] >= 0
    assert timesteps(4) == [999, 749, 499, 249]
    for steps in (0, 1001):
        with pytest.raises(ValueError, match="1 to 1000"):
            timesteps(steps)


@needs_golden
@pytest.mark.parametrize(("step", "before"), [(0, "x_T"), (24, "state_after_023"), (49, "state_after_048")])
def test_ddim_step_repeats_the_recorded_run(step: int, before: str) -> None:
    golden = load("sampler")
    times, alphas = upstream_timesteps(50), alphas_cumprod()
    last = alphas[times[step + 1]] if step < 49 else alphas[0]
    after = ddim_step(
        golden[before],
        golden[f"v_derived_{step:03d}"],
        float(alphas[times[step]]),
        float(last),
        eta=1.0,
        noise=golden[f"noise_{step:03d}"],
    )
    wanted = golden[f"state_after_{step:03d}"]
    assert after.dtype == np.float32
    assert np.abs(after - wanted).max() / np.abs(wanted).max() < 1e-5


def perfect_velocity(latent: Latent, clean: Latent, alpha_bar: float) -> Latent:
    noise = (latent - np.sqrt(alpha_bar) * clean) / np.sqrt(1.0 - alpha_bar)
    return (np.sqrt(alpha_bar) * noise - np.sqrt(1.0 - alpha_bar) * clean).astype(np.float32)


@pytest.mark.parametrize("sampler", ["ddim", "dpm"])
@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_a_perfect_model_leads_to_the_clean_latent(sampler: str, steps: int) -> None:
    rng = np.random.default_rng(0)
    clean, start = (rng.standard_normal((2, 16, 8, 32)).astype(np.float32) for _ in range(2))

    def model(latent: Latent, time: int) -> Generator[None, None, Latent]:
        yield
        return perfect_velocity(latent, clean, float(alphas_cumprod()[time]))

    found, shares = drive(sample(model, start, steps, sampler=sampler))
    assert np.abs(found - clean).max() < 1e-4
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def gaussian_model(spread: float, mean: float) -> Model:
    """Return the exact velocity where clean values are normal: there the ideal path has a closed form."""

    def model(latent: Latent, time: int) -> Generator[None, None, Latent]:
        alpha_bar = float(alphas_cumprod()[time])
        variance = alpha_bar * spread**2 + 1.0 - alpha_bar
        offset = latent - np.sqrt(alpha_bar) * mean
        clean = mean + np.sqrt(alpha_bar) * spread**2 / variance * offset
        return perfect_velocity(latent, clean, alpha_bar)
        yield

    return model


def test_dpm_needs_fewer_steps_than_ddim() -> None:
    start = np.random.default_rng(1).standard_normal((1, 16, 32, 32)).astype(np.float32)
    exact = 0.7 + 0.4 * start  # the flow maps quantiles onto quantiles
    errors = {}
    for sampler in ("ddim", "dpm"):
        found, _ = drive(sample(gaussian_model(0.4, 0.7), start, 10, sampler=sampler))
        errors[sampler] = float(np.abs(found - exact).max())
    assert errors["dpm"] < 0.5 * errors["ddim"]
    found, _ = drive(sample(gaussian_model(0.4, 0.7), start, 200, sampler="dpm"))
    assert np.abs(found - exact).max() < 0.02


def test_eta_adds_the_noise_it_is_given() -> None:
    rng = np.random.default_rng(2)
    latent, velocity, noise = (rng.standard_normal((1, 16, 8, 32)).astype(np.float32) for _ in range(3))
    with_noise = ddim_step(latent, velocity, 0.3, 0.6, eta=1.0, noise=noise)
    sigma = ddim_sigma(0.3, 0.6, 1.0)
    clean, estimate = clean_and_noise(latent, velocity, 0.3)
    wanted = np.sqrt(0.6) * clean + np.sqrt(1 - 0.6 - sigma**2) * estimate + sigma * noise
    assert np.allclose(with_noise, wanted, atol=1e-5)
    steps: list[int] = []

    def step_noise(step: int) -> Latent:
        steps.append(step)
        return noise

    drive(sample(gaussian_model(0.4, 0.7), latent, 5, eta=1.0, step_noise=step_noise))
    assert steps == [0, 1, 2, 3, 4]


def test_steps_refuse_what_makes_no_sense() -> None:
    latent = np.zeros((1, 16, 8, 32), np.float32)
    with pytest.raises(ValueError, match="differ"):
        ddim_step(latent, latent[:, :, :4], 0.3, 0.6, eta=0.0)
    with pytest.raises(ValueError, match="alpha_bar"):
        ddim_step(latent, latent, 0.6, 0.3, eta=0.0)
    with pytest.raises(ValueError, match="needs noise"):
        ddim_step(latent, latent, 0.3, 0.6, eta=1.0)
    with pytest.raises(ValueError, match="alpha_bar"):
        dpm_step(latent, latent, None, 0.6, 0.6)


def test_guidance() -> None:
    with_condition, without = np.full((1, 2), 3.0, np.float32), np.full((1, 2), 1.0, np.float32)
    assert np.all(guided(with_condition, without, 1.0) == 3.0)
    assert np.all(guided(with_condition, without, 3.5) == 8.0)


def test_closing_ends_the_models_run() -> None:
    closed = []

    def model(latent: Latent, time: int) -> Generator[None, None, Latent]:
        try:
            while True:
                yield
        finally:
            closed.append(time)

    job = sample(model, np.zeros((1, 16, 8, 32), np.float32), 3)
    next(job)
    job.close()
    assert closed == [999]
