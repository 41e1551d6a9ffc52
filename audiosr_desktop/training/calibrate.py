"""The gain of a bundle's generated band, measured on held-out training sound.

A model of log levels aims at their mean, and the mean of a logarithm lies below the logarithm of the mean:
what it makes is too quiet by a few dB, the more the less it was given and the fewer steps were taken. A gain
for each of some cutoffs and each quality in the manifest makes up for it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.degrade import band_limit
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.restorer import Restorer
from audiosr_desktop.engine.sessions import open_sessions
from audiosr_desktop.errors import AudioSRError, TrainingError
from audiosr_desktop.evaluation.metrics import band_energy_db
from audiosr_desktop.job import run_job
from audiosr_desktop.training.data import FULL_BAND_HZ, SAMPLE_RATE, Corpus
from audiosr_desktop.training.validation import HIGHEST_HZ, SECONDS, restored

CUTOFFS_HZ = (4_000.0, 8_000.0, 12_000.0)
LIMIT_DB = 6.0
DRAWS_AN_EXAMPLE = 20


def level_error_db(restorer: Restorer, sound: npt.NDArray[np.float32], cutoff_hz: float, steps: int) -> float:
    """Return the energy above the cutoff of restored sound (1, samples) against the truth, in dB."""
    narrow = band_limit(sound, SAMPLE_RATE, cutoff_hz, "resample")
    # the top kHz is left out: most of the corpus ends there by its sample rate
    made = restored(restorer, narrow, cutoff_hz, steps)
    return band_energy_db(sound, made, SAMPLE_RATE, cutoff_hz, HIGHEST_HZ)


def calibrate(folder: Path, corpus: Path, examples: int, seed: int) -> dict[str, list[list[float]]]:
    """Measure a bundle's median level errors and write the gains that make up for them into its manifest.

    Args:
        folder: of the bundle.
        corpus: a packed corpus, of which held-out sound is taken.
        examples: how many, each at every cutoff and quality.
        seed: of the choice.

    Returns:
        By quality, pairs of a cutoff in Hz and its gain in dB.

    Raises:
        TrainingError: the corpus holds too little full-band sound.
    """
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "band_gain_db": 0.0}), encoding="utf-8")
    bundle = load_bundle(folder)
    restorer = Restorer(run_job(open_sessions(bundle, "cpu", 1)))
    sounds = _held_out(corpus, examples, seed)
    gains = {}
    for quality, steps in bundle.manifest.default_steps.items():
        errors = [
            [level_error_db(restorer, sound, cutoff_hz, steps) for cutoff_hz in CUTOFFS_HZ]
            for sound in sounds
        ]
        gains_db = np.clip(-np.median(errors, axis=0), -LIMIT_DB, LIMIT_DB)
        gains[quality] = [
            [cutoff_hz, round(float(gain_db), 2)]
            for cutoff_hz, gain_db in zip(CUTOFFS_HZ, gains_db, strict=True)
        ]
    text = json.dumps({**manifest, "band_gain_db": gains}, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return gains


def _held_out(corpus: Path, examples: int, seed: int) -> list[npt.NDArray[np.float32]]:
    """Draw full-band sound (1, samples) that nothing was trained on."""
    rng = np.random.default_rng(seed)
    held_out = Corpus(corpus, held_out=True)
    sounds: list[npt.NDArray[np.float32]] = []
    for _ in range(DRAWS_AN_EXAMPLE * examples):
        batch = held_out.draw(rng, 1, round(SECONDS * SAMPLE_RATE))
        if batch.bandwidth_hz[0] >= FULL_BAND_HZ:
            sounds.append(batch.sound.numpy())
        if len(sounds) == examples:
            return sounds
    raise TrainingError(f"The corpus in '{corpus}' holds too little full-band sound to calibrate on.")


def main(argv: Sequence[str]) -> int:
    """Run `python -m audiosr_desktop.training.calibrate BUNDLE CORPUS`; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--examples", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    try:
        gains = calibrate(arguments.bundle, arguments.corpus, arguments.examples, arguments.seed)
    except AudioSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for quality, pairs in gains.items():
        told = "  ".join(f"{cutoff_hz:.0f} Hz {gain_db:+.2f} dB" for cutoff_hz, gain_db in pairs)
        sys.stdout.write(f"{quality:10s}{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
