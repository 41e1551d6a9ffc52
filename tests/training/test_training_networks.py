import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from audiosr_desktop.dsp.spectrum import frame_stft, log_mel  # noqa: E402
from audiosr_desktop.training import losses  # noqa: E402
from audiosr_desktop.training.autoencoder import Autoencoder, kl_between, kl_to_normal  # noqa: E402
from audiosr_desktop.training.data import MelFrontEnd  # noqa: E402
from audiosr_desktop.training.tasks import overlap_add  # noqa: E402
from audiosr_desktop.training.unet import UNet  # noqa: E402
from audiosr_desktop.training.vocoder import Vocoder  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def sound():
    return np.random.default_rng(3).normal(0, 0.1, (2, 24_000)).astype(np.float32)


def test_the_front_end_is_the_engines(sound):
    front = MelFrontEnd()
    found = front(torch.from_numpy(sound)).numpy()
    np.testing.assert_allclose(found, log_mel(sound), atol=2e-3)
    spectrum = front.spectrum(torch.from_numpy(sound)).transpose(1, 2).numpy()
    np.testing.assert_allclose(spectrum, frame_stft(sound), atol=2e-3)


def test_overlap_add_gives_sound_back(sound):
    spectrum = MelFrontEnd().spectrum(torch.from_numpy(sound))
    found = overlap_add(spectrum).numpy()
    assert found.shape == sound.shape
    np.testing.assert_allclose(found[:, 1024:-1024], sound[:, 1024:-1024], atol=1e-5)


def test_vocoder_starts_at_the_mels_level(sound):
    torch.manual_seed(0)
    mel = MelFrontEnd()(torch.from_numpy(sound)).transpose(1, 2)
    spectrum = Vocoder(width=16, hidden=32, blocks=1)(mel)
    assert spectrum.shape == (2, 2, 1025, 50)
    level = 10 * torch.log10(spectrum.square().sum(1).mean() / np.square(np.abs(frame_stft(sound))).mean())
    assert abs(level.item()) < 6  # untrained: only the envelope it is given


def test_autoencoder_keeps_shapes_and_decodes_the_mean_without_noise():
    mel = torch.randn(2, 1, 32, 256) - 5
    network = Autoencoder().eval()
    decoded, mean, log_variance = network(mel)
    assert decoded.shape == mel.shape
    assert mean.shape == log_variance.shape == (2, 16, 4, 32)
    again, _, _ = network(mel)
    assert torch.equal(decoded, again)


def test_divergences():
    mean, log_variance = torch.randn(4, 16), torch.randn(4, 16)
    zero = torch.zeros(4, 16)
    assert kl_between(mean, log_variance, mean, log_variance).item() == pytest.approx(0.0, abs=1e-6)
    assert kl_between(mean, log_variance, zero, zero).item() == pytest.approx(
        kl_to_normal(mean, log_variance).item(), rel=1e-5
    )
    wanted = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, torch.exp(0.5 * log_variance)), torch.distributions.Normal(zero, 1.0)
    ).mean()
    assert kl_to_normal(mean, log_variance).item() == pytest.approx(wanted.item(), rel=1e-5)


def test_an_untrained_unet_is_the_best_guess_without_a_network():
    """Its velocity must lead to the posterior mean of a normal residual around the condition."""
    torch.manual_seed(1)
    network = UNet(width=16, blocks=(1, 1, 1)).eval()
    network.residual_std.fill_(0.6)
    noisy, condition = torch.randn(3, 16, 4, 32), torch.randn(3, 16, 4, 32)
    timesteps = torch.tensor([999, 500, 20])
    with torch.no_grad():
        velocity = network(torch.cat((noisy, condition), dim=1), timesteps)
    alpha = network.alphas[timesteps].view(-1, 1, 1, 1)
    clean = alpha.sqrt() * noisy - (1 - alpha).sqrt() * velocity
    gain = alpha.sqrt() * 0.36 / (alpha * 0.36 + 1 - alpha)
    wanted = condition + gain * (noisy - alpha.sqrt() * condition)
    torch.testing.assert_close(clean, wanted, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(clean[0], condition[0], atol=1e-4, rtol=1e-4)  # pure noise says nothing


def test_losses_fall_to_nothing_for_equal_sound_and_not_before(sound):
    target = torch.from_numpy(sound)
    assert losses.multi_resolution_stft_loss(target, target).item() == pytest.approx(0.0, abs=1e-5)
    quieter = losses.multi_resolution_stft_loss(0.5 * target, target).item()
    assert quieter > losses.multi_resolution_stft_loss(0.9 * target, target).item() > 0.05
    spectrum = losses.magnitudes(target, 2048, 480)
    halved = losses.log_spectral_loss(0.1 * spectrum, spectrum).item()
    assert halved == pytest.approx(2.0, abs=0.01)  # a tenth of the level is 2 decades of power
