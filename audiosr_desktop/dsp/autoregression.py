"""Autoregressive models of sound, and the samples that such a model puts between two known stretches.

x[t] + a[1] x[t-1] + … + a[p] x[t-p] = e[t], with e white. The unknown samples that make e smallest are the
best guess (Janssen, Veldhuis and Vries 1986), but they fade into silence in the middle of all but tonal gaps.
With e drawn at random instead of zero the same equations give a sample of the model's posterior: as loud and
as rough as the sound on both sides, and joined to them without a step.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

Reals = npt.NDArray[np.float64]


def burg(parts: Sequence[Reals], order: int) -> Reals:
    """Fit one autoregressive model to several stretches of sound by Burg's method; it is always stable.

    Args:
        parts: stretches (n,), each its own length.
        order: of the model; it ends up lower where the stretches are too short or predicted exactly.

    Returns:
        Coefficients 1, a[1] … a[p].

    Source: Burg 1967; for several segments as in de Waele and Broersen 2000.
    """
    forward = [np.array(part[1:], np.float64) for part in parts if len(part) > 1]
    backward = [np.array(part[:-1], np.float64) for part in parts if len(part) > 1]
    coefficients = np.ones(1)
    start = sum(float(f @ f + b @ b) for f, b in zip(forward, backward, strict=True))
    for _ in range(order):
        power = sum(float(f @ f + b @ b) for f, b in zip(forward, backward, strict=True))
        if not power > 1e-14 * start:
            break
        reflection = -2.0 * sum(float(f @ b) for f, b in zip(forward, backward, strict=True)) / power
        extended = np.append(coefficients, 0.0)
        coefficients = extended + reflection * extended[::-1]
        for index, (f, b) in enumerate(zip(forward, backward, strict=True)):
            forward[index] = (f + reflection * b)[1:]
            backward[index] = (b + reflection * f)[:-1]
        if min(len(f) for f in forward) == 0:
            break
    return coefficients


def residual(samples: Reals, coefficients: Reals) -> Reals:
    """Return e for all but the first `order` samples of a stretch (n,)."""
    filtered: Reals = scipy.signal.lfilter(coefficients, 1.0, samples)
    return filtered[len(coefficients) - 1 :]


def interpolate(left: Reals, right: Reals, coefficients: Reals, excitation: Reals) -> Reals:
    """Return the samples between two stretches for which the model's e comes closest to `excitation`.

    The equations are Toeplitz, as every unknown sample meets all coefficients, and are solved by Levinson's
    recursion in time n² and memory n.

    Args:
        left: known samples before the gap, at least `order`.
        right: known samples after the gap, at least `order`.
        coefficients: of the model, 1 first.
        excitation: e for the n unknown samples and the `order` after them, (n + order,); zeros give the
            most likely samples, white noise of the residual's level a typical one.

    Returns:
        (n,).
    """
    order = len(coefficients) - 1
    length = len(excitation) - order
    known = np.concatenate([left[len(left) - order :], np.zeros(length), right[:order]])
    aim = excitation - residual(known, coefficients)
    target = np.correlate(aim, coefficients, "valid")
    lags = np.correlate(coefficients, coefficients, "full")[order:]
    column = np.zeros(length)
    column[: min(length, order + 1)] = lags[:length]
    column[0] *= 1.0 + 1e-10
    solution: Reals = scipy.linalg.solve_toeplitz(column, target)
    return solution
