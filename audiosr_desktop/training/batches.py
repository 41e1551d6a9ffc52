"""Batches of a run by step: each follows from seed, step and process, so any can be drawn again."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch

from audiosr_desktop.dsp.cutoff import estimate_cutoff
from audiosr_desktop.dsp.degrade import Chances, Damage, apply_damage, random_damage
from audiosr_desktop.evaluation.codec import through_codec
from audiosr_desktop.training.data import OPEN_END_HZ, SAMPLE_RATE, Batch, Corpus
from audiosr_desktop.training.run import Run

_DRAW, _DAMAGE = 0, 1  # streams of randomness of one step


def damaged_batch(batch: Batch, chances: Chances, rng: np.random.Generator) -> Batch:
    """Damage each row of a batch on its own, and note where its good band ends."""
    rows = batch.sound.numpy()
    damaged = np.empty_like(rows)
    cutoffs = np.empty(len(rows))
    for row, sound in enumerate(rows):
        damage = random_damage(rng, len(sound) / SAMPLE_RATE, SAMPLE_RATE, chances)
        damaged[row] = apply_damage(sound[None], SAMPLE_RATE, damage, rng, through_codec)[0]
        cutoffs[row] = _cutoff_hz(damage, damaged[row], float(batch.bandwidth_hz[row]))
    return replace(batch, damaged=torch.from_numpy(damaged), cutoff_hz=cutoffs)


def _cutoff_hz(damage: Damage, damaged: np.ndarray, bandwidth_hz: float) -> float:
    """Return where the engine would see the band end: what the damage says; a codec's own end is measured."""
    end = 0.98 * bandwidth_hz if bandwidth_hz < OPEN_END_HZ else SAMPLE_RATE / 2
    if damage.lowpass_hz is not None:
        end = min(end, damage.lowpass_hz)
    if damage.codec is not None:
        end = min(end, estimate_cutoff(damaged[None], SAMPLE_RATE).cutoff_hz)
    return end


class Batches:
    """Draws the batch of any step; with workers the next ones are prepared meanwhile.

    Args:
        corpus: where the sound comes from.
        run: seed, sizes and damage.
        rank: of this process; each draws its own examples.
    """

    def __init__(self, corpus: Corpus, run: Run, rank: int = 0) -> None:
        self._corpus, self._run, self._rank = corpus, run, rank
        self._chances = run.chances
        self._pool = ThreadPoolExecutor(run.workers) if run.workers else None
        self._ahead: dict[int, Future[Batch]] = {}

    def draw(self, step: int, size: int = 0) -> Batch:
        """Draw the batch of a step, of `size` examples or of the run's size."""
        rng = np.random.default_rng((self._run.seed, step, self._rank, _DRAW))
        batch = self._corpus.draw(rng, size or self._run.batch_size, self._run.samples)
        if self._chances is None:
            return batch
        rng = np.random.default_rng((self._run.seed, step, self._rank, _DAMAGE))
        return damaged_batch(batch, self._chances, rng)

    def next(self, step: int) -> Batch:
        """Return the batch of a step, and have the steps after it prepared."""
        if self._pool is None:
            return self.draw(step)
        for ahead in range(step, step + 2 * self._run.workers):
            if ahead not in self._ahead:
                self._ahead[ahead] = self._pool.submit(self.draw, ahead)
        return self._ahead.pop(step).result()

    def close(self) -> None:
        """Stop preparing."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
