import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from audiosr_desktop.engine.condition import N_MELS, known_bands
from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training import data

pytestmark = pytest.mark.torch


def test_draws_are_the_same_for_a_seed_and_split_by_file(packed_corpus):
    corpus, held_out = data.Corpus(packed_corpus), data.Corpus(packed_corpus, held_out=True)
    first = corpus.draw(np.random.default_rng(5), 4, 48_000)
    again = corpus.draw(np.random.default_rng(5), 4, 48_000)
    assert first.sound.shape == (4, 48_000)
    assert np.array_equal(first.sound.numpy(), again.sound.numpy())
    assert np.array_equal(first.bandwidth_hz, again.bandwidth_hz)
    other = held_out.draw(np.random.default_rng(5), 4, 48_000)
    assert not np.array_equal(first.sound.numpy(), other.sound.numpy())
    assert float(first.sound.abs().max()) <= 1.0


def test_a_missing_corpus_is_said_in_a_sentence(tmp_path):
    with pytest.raises(TrainingError, match="corpus build"):
        data.Corpus(tmp_path)


def test_condition_keeps_known_bands_and_hides_the_rest():
    rng = np.random.default_rng(2)
    mel = np.clip(rng.normal(-6, 2, (16, N_MELS)), -11, 0).astype(np.float32)
    other = mel.copy()
    other[:, known_bands(4_000 * 1.1) :] = 0.0
    first = data.condition_mel(mel, 4_000.0, np.random.default_rng(7))
    second = data.condition_mel(other, 4_000.0, np.random.default_rng(7))
    np.testing.assert_array_equal(first, second)  # nothing above the cutoff can be seen
    low = known_bands(2_000.0)
    assert np.abs(first[:, :low] - mel[:, :low]).max() < 0.7  # at most the slope of a gentle filter


def test_narrow_files_do_not_teach_their_own_end():
    mel = np.full((8, N_MELS), -5.0, np.float32)
    mel[:, known_bands(15_000) :] = -11.5
    opened, real = data.open_target(mel, 15_000.0)
    assert 0 < real < N_MELS
    assert opened[:, -1].min() > -9
    same, all_bands = data.open_target(mel, 22_050.0)
    assert all_bands == N_MELS
    assert np.array_equal(same, mel)


def test_holes_of_an_encoder_are_told_from_sound_that_falls():
    falling = -4.0 - np.linspace(0.0, 2.0, N_MELS, dtype=np.float32)
    mel = np.tile(falling, (8, 1))
    assert not data.holes(mel).any()
    first, last = known_bands(17_000.0), known_bands(19_000.0)
    mel[3:5, first:last] = -11.4
    found = data.holes(mel)
    assert found[3:5, first:last].all()
    assert found.sum() == 2 * (last - first)
    mel[:, known_bands(data.OPEN_END_HZ / 0.96) + 1 :] = -11.5  # the end of 44.1 kHz sound is its end
    assert np.array_equal(data.holes(mel), found)
