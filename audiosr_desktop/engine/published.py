"""How the published weights are run here, whatever form they come in: what an import adds to a manifest."""

from collections.abc import Mapping
from typing import Any

from audiosr_desktop.engine.bundle import DEFAULT_BUNDLE

STEPS = {"draft": 4, "standard": 12, "best": 50}
# Noise of 0.28 to 2.9 times the signal. Source: Kynkäänniemi et al. 2024 (guidance in a limited interval)
GUIDED_TIMES = (166, 786)
SPEEDS = {"draft": 2.5, "standard": 4.0, "best": 19.0}  # measured, see models/OFFICIAL.md


def with_our_sampling(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest of published weights with our sampler, steps and vocoder where it does not say.

    The public port's says nothing of these; upstream's own habits (50 steps, guidance in each) take several
    times as long and are there with `--compat upstream`.
    """
    ours = {
        "sampler": "dpm",
        "default_steps": STEPS,
        "vocoders": dict.fromkeys(("draft", "standard"), DEFAULT_BUNDLE),
        "speeds": SPEEDS,
    }
    guidance = {"interval": list(GUIDED_TIMES), **manifest.get("cfg", {})}
    return {**ours, **manifest, "cfg": guidance}
