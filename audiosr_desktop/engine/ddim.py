"""Sampling: the noise schedule, the times that are kept, and the steps from noise to a clean latent.

`upstream_timesteps` is the rule of the published code, with its oddities; our own times start at pure noise
and end at the clean latent for any number of steps.
"""

from collections.abc import Callable, Generator
from functools import cache

import numpy as np
import numpy.typing as npt

Latent = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Model = Callable[[Latent, int], Generator[None, None, Latent]]
"""Gives the guided velocity of a latent at a time; yields while the graph runs."""

TRAIN_STEPS = 1000

_COSINE_OFFSET = 0.008


@cache
def alphas_cumprod() -> Floats:
    """Return alpha_bar for t = 0..999 of the cosine schedule, without upper bound on beta: the last is 0.

    Source: Nichol and Dhariwal 2021, eq. 17.
    """
    position = (np.arange(TRAIN_STEPS + 1) / TRAIN_STEPS + _COSINE_OFFSET) / (1.0 + _COSINE_OFFSET)
    level = np.cos(position * np.pi / 2.0) ** 2
    level /= level[0]
    betas = 1.0 - level[1:] / level[:-1]
    alphas: Floats = np.cumprod(1.0 - betas)
    # stored in single precision by the published checkpoints, and the graphs were trained on that
    alphas = alphas.astype(np.float32).astype(np.float64)
    alphas.flags.writeable = False
    return alphas


def timesteps(steps: int) -> list[int]:
    """Return the times to visit, falling: 999 first, evenly spaced, `steps` of them.

    Raises:
        ValueError: `steps` is not 1 to 1000.

    Source: Lin et al. 2024 ("trailing" spacing): sampling starts where training saw pure noise.
    """
    if not 1 <= steps <= TRAIN_STEPS:
        raise ValueError(f"a sampler takes 1 to {TRAIN_STEPS} steps, not {steps}")
    return [round(TRAIN_STEPS * (1.0 - index / steps)) - 1 for index in range(steps)]


def upstream_timesteps(steps: int) -> list[int]:
    """Return the times that the published code visits for a number of steps, falling.

    It takes ceil(1000 / (1000 // steps)) of them, which is another number for many values of `steps`.

    Raises:
        ValueError: `steps` is not 1 to 1000, or is one where the published code fails: a time is 1000.
    """
    if not 1 <= steps <= TRAIN_STEPS:
        raise ValueError(f"a sampler takes 1 to {TRAIN_STEPS} steps, not {steps}")
    stride = TRAIN_STEPS // steps
    times = [1 + time for time in range(0, TRAIN_STEPS, stride)]
    if times[-1] >= TRAIN_STEPS:
        raise ValueError(f"the published sampler cannot take {steps} steps")
    return times[::-1]


def ddim_sigma(alpha_bar: float, alpha_bar_prev: float, eta: float) -> float:
    """Return the standard deviation of the noise that a DDIM step adds.

    Source: Song et al. 2021, eq. 16.
    """
    return float(
        eta * np.sqrt((1.0 - alpha_bar_prev) / (1.0 - alpha_bar) * (1.0 - alpha_bar / alpha_bar_prev))
    )


def clean_and_noise(latent: Latent, velocity: Latent, alpha_bar: float) -> tuple[Latent, Latent]:
    """Return the clean latent and the noise that a velocity implies.

    Source: Salimans and Ho 2022, appendix D.
    """
    signal, noise = np.float32(np.sqrt(alpha_bar)), np.float32(np.sqrt(1.0 - alpha_bar))
    return signal * latent - noise * velocity, signal * velocity + noise * latent


def ddim_step(
    latent: Latent,
    velocity: Latent,
    alpha_bar: float,
    alpha_bar_prev: float,
    *,
    eta: float,
    noise: Latent | None = None,
) -> Latent:
    """Move a latent one DDIM step towards clean sound.

    Args:
        latent: x_t, float32 (batch, channels, frames, bins).
        velocity: output of the UNet for `latent`, same shape.
        alpha_bar: cumulative product of the alphas at t, 0 at pure noise and below 1.
        alpha_bar_prev: the same at the next kept time; 1.0 after the last step.
        eta: 0 is deterministic, 1 adds as much noise as DDPM.
        noise: standard normal, broadcast to the shape; not read when `eta` is 0.

    Returns:
        x at the next kept time, same shape and dtype.

    Raises:
        ValueError: the shapes differ, alpha_bar_prev is not above alpha_bar, or noise is missing.

    Source: Song et al. 2021, eqs. 12 and 16; velocity as in Salimans and Ho 2022, appendix D.
    """
    _check_step(latent, velocity, alpha_bar, alpha_bar_prev)
    clean, estimate = clean_and_noise(latent, velocity, alpha_bar)
    sigma = ddim_sigma(alpha_bar, alpha_bar_prev, eta)
    direction = np.sqrt(max(0.0, 1.0 - alpha_bar_prev - sigma**2))
    result: Latent = np.float32(np.sqrt(alpha_bar_prev)) * clean + np.float32(direction) * estimate
    if sigma > 0.0:
        if noise is None:
            raise ValueError("a step with eta above 0 needs noise")
        result = result + np.float32(sigma) * noise
    return result


def dpm_step(
    latent: Latent, clean: Latent, last: tuple[Latent, float] | None, alpha_bar: float, alpha_bar_prev: float
) -> Latent:
    """Move a latent one step of DPM-Solver++(2M) towards clean sound.

    Args:
        latent: x_t, float32 (batch, channels, frames, bins).
        clean: the clean latent that the model implies at t, same shape.
        last: the clean latent of the step before and its alpha_bar; None in the first step.
        alpha_bar: at t, 0 at pure noise and below 1.
        alpha_bar_prev: at the next kept time; 1.0 after the last step.

    Returns:
        x at the next kept time.

    Raises:
        ValueError: the shapes differ, or alpha_bar_prev is not above alpha_bar.

    Source: Lu et al. 2022 (DPM-Solver++), algorithm 2; lambda is half the logarithm of the SNR.
    """
    _check_step(latent, clean, alpha_bar, alpha_bar_prev)
    if alpha_bar_prev == 1.0:
        return clean
    # e^-h = (alpha_t / alpha_s)(sigma_s / sigma_t) is 0 from pure noise, where lambda has no value
    sigma, sigma_next = np.sqrt(1.0 - alpha_bar), np.sqrt(1.0 - alpha_bar_prev)
    alpha_next = np.sqrt(alpha_bar_prev)
    shrink = np.sqrt(alpha_bar) / alpha_next * sigma_next / sigma
    estimate = clean
    if last is not None and last[1] > 0.0:
        before, now, then = (_half_log_snr(value) for value in (last[1], alpha_bar, alpha_bar_prev))
        weight = np.float32((then - now) / (now - before) / 2.0)
        estimate = clean + weight * (clean - last[0])
    return np.float32(sigma_next / sigma) * latent + np.float32(alpha_next * (1.0 - shrink)) * estimate


def _half_log_snr(alpha_bar: float) -> float:
    return float(0.5 * np.log(alpha_bar / (1.0 - alpha_bar)))


def _check_step(latent: Latent, other: Latent, alpha_bar: float, alpha_bar_prev: float) -> None:
    if latent.shape != other.shape:
        raise ValueError(f"shapes {latent.shape} and {other.shape} differ")
    if not 0.0 <= alpha_bar < alpha_bar_prev <= 1.0:
        raise ValueError(
            f"a step needs 0 <= alpha_bar < alpha_bar_prev <= 1, not {alpha_bar}, {alpha_bar_prev}"
        )


def guided(conditional: Latent, unconditional: Latent, guidance_scale: float) -> Latent:
    """Return the velocity pushed away from the unconditional one.

    Source: Ho and Salimans 2022, with scale 1 for no guidance.
    """
    return unconditional + np.float32(guidance_scale) * (conditional - unconditional)


def sample(
    model: Model,
    start: Latent,
    steps: int,
    *,
    sampler: str = "ddim",
    eta: float = 0.0,
    step_noise: Callable[[int], Latent] | None = None,
) -> Generator[float, None, Latent]:
    """Go from noise to a clean latent; yields the share of the steps that is done, often.

    Args:
        model: guided velocity of a latent at a time.
        start: standard normal, float32 (batch, channels, frames, bins).
        steps: 1 to 1000.
        sampler: "ddim", or "dpm" for DPM-Solver++(2M), which takes no `eta`.
        eta: noise of DDIM's steps, 0 to 1.
        step_noise: noise of a step by its number; needed when `eta` is above 0.

    Returns:
        The latent to decode.
    """
    times, alphas = timesteps(steps), alphas_cumprod()
    latent, last = start, None
    for index, time in enumerate(times):
        alpha_bar = float(alphas[time])
        alpha_bar_prev = float(alphas[times[index + 1]]) if index + 1 < len(times) else 1.0
        ticking = model(latent, time)
        try:
            while True:
                next(ticking)
                yield index / steps
        except StopIteration as end:
            velocity: Latent = end.value
        finally:
            ticking.close()
        if sampler == "dpm":
            clean, _ = clean_and_noise(latent, velocity, alpha_bar)
            latent = dpm_step(latent, clean, last, alpha_bar, alpha_bar_prev)
            last = (clean, alpha_bar)
        else:
            noise = step_noise(index) if step_noise is not None and eta > 0.0 else None
            latent = ddim_step(latent, velocity, alpha_bar, alpha_bar_prev, eta=eta, noise=noise)
        yield (index + 1) / steps
    return latent
