"""The published networks: names and shapes of every tensor, and independent checks of the arithmetic."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from audiosr_desktop.training.official import unet, vae, vocoder  # noqa: E402
from audiosr_desktop.training.official.sizes import Sizes  # noqa: E402

pytestmark = pytest.mark.torch

LISTING = Path(__file__).resolve().parents[3] / "shared" / "reference" / "audiosr_basic_state_dict.tsv"
TINY = Sizes(32, (1, 1, 1, 1), 32, (1, 1, 2, 2), 64, (3, 7))


def shapes(module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


@pytest.mark.skipif(not LISTING.is_file(), reason="no list of the published tensors beside the checkout")
@pytest.mark.parametrize(
    ("make", "prefix"),
    [
        (unet.UNet, "model.diffusion_model."),
        (vae.ConditionEncoder, "cond_stage_models.0.vae."),
        (vae.LatentDecoder, "first_stage_model."),
        (vocoder.Vocoder, "first_stage_model.vocoder."),
    ],
)
def test_every_tensor_has_its_published_name_and_shape(make, prefix: str) -> None:
    listed = {}
    for line in LISTING.read_text().splitlines():
        key, shape, *_ = [*line.split("\t"), ""]
        if key.startswith(prefix):
            listed[key.removeprefix(prefix)] = tuple(int(size) for size in shape.split("x") if size)
    with torch.device("meta"):
        made = shapes(make())
    parts = {name.partition(".")[0] for name in made}
    assert {name: shape for name, shape in listed.items() if name.partition(".")[0] in parts} == made


def test_lengths_and_shapes() -> None:
    mel, noise = torch.randn(2, 1, 64, 256), torch.randn(2, 16, 8, 32)
    with torch.no_grad():
        assert vae.ConditionEncoder(TINY)(mel, noise).shape == (2, 16, 8, 32)
        assert vae.LatentDecoder(TINY)(noise).shape == (2, 1, 64, 256)
        velocity = unet.UNet(TINY)(torch.randn(2, 32, 8, 32), torch.tensor([1, 981]))
        assert velocity.shape == (2, 16, 8, 32)
        assert vocoder.Vocoder(TINY)(mel[:, 0].transpose(1, 2)).shape == (2, 1, 64 * 480 + 16)


def test_the_vocoders_surplus_is_eight_samples_on_each_side() -> None:
    """A mel that is the same backwards gives sound of which the same is true, if kernels are symmetric."""
    network = vocoder.Vocoder(TINY)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
                module.weight += module.weight.flip(-1)
        mel = torch.randn(1, 256, 9)
        sound = network(mel + mel.flip(-1))[0, 0]
    assert torch.allclose(sound, sound.flip(-1), atol=1e-6)


def test_condition_is_a_sample_of_the_posterior() -> None:
    torch.manual_seed(0)
    network = vae.ConditionEncoder(TINY)
    mel, noise = torch.randn(1, 1, 64, 256), torch.randn(1, 16, 8, 32)
    with torch.no_grad():
        mean, log_variance = network.quant_conv(network.encoder(mel)).chunk(2, dim=1)
        expected = mean + log_variance.exp().sqrt() * noise
        assert torch.allclose(network(mel, noise), expected, atol=1e-5)
        network.quant_conv.bias[16:] = 1e4  # clamped to e^20
        assert float(network(mel, noise).abs().max()) < np.exp(10.0) * 10
        assert torch.allclose(network(mel, noise * 0), mean, atol=1e-5)


def test_decoder_undoes_the_scale() -> None:
    torch.manual_seed(0)
    network, z = vae.LatentDecoder(TINY, 0.25), torch.randn(1, 16, 8, 32)
    with torch.no_grad():
        assert torch.equal(network(z), network.decoder(network.post_quant_conv(z * 4)))


def test_downsampling_of_the_vae_pads_right_and_bottom_only() -> None:
    layer = vae.Downsample(1)
    with torch.no_grad():
        layer.conv.weight.zero_()
        layer.conv.weight[0, 0, 0, 0] = 1.0  # sees the top left of each patch
        layer.conv.bias.zero_()
        x = torch.arange(16.0).view(1, 1, 4, 4)
        assert torch.equal(layer(x)[0, 0], torch.tensor([[0.0, 2.0], [8.0, 10.0]]))


def test_time_features_have_cosines_first() -> None:
    features = unet.time_features(torch.tensor([0, 981]), 128).numpy()
    frequencies = np.exp(-np.log(1e4) * np.arange(64) / 64)
    assert np.array_equal(features[0], [1.0] * 64 + [0.0] * 64)
    wanted = np.concatenate([np.cos(981 * frequencies), np.sin(981 * frequencies)])
    assert np.allclose(features[1], wanted, atol=2e-4)


def test_attention_and_gate_against_plain_arithmetic() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 64)).astype(np.float32)
    layer = unet.SelfAttention(64)
    weights = {name: value.numpy() for name, value in layer.state_dict().items()}
    heads = []
    for head in range(2):
        part = slice(32 * head, 32 * head + 32)
        q, k, v = (x @ weights[f"to_{name}.weight"].T[:, part] for name in "qkv")
        scores = np.exp(q @ k.T / np.sqrt(32))
        heads.append(scores / scores.sum(1, keepdims=True) @ v)
    wanted = np.concatenate(heads, 1) @ weights["to_out.0.weight"].T + weights["to_out.0.bias"]
    with torch.no_grad():
        assert np.allclose(layer(torch.from_numpy(x)[None])[0].numpy(), wanted, atol=1e-5)
        gate = unet.GatedLinear(64, 8)
        both = gate.proj(torch.from_numpy(x))
        erf = torch.special.erf(both[:, 8:] / np.sqrt(2))
        expected = both[:, :8] * both[:, 8:] * 0.5 * (1 + erf)
        assert torch.allclose(gate(torch.from_numpy(x)), expected, atol=1e-6)


def test_normalisations_have_the_published_eps() -> None:
    with torch.device("meta"):
        network = unet.UNet(TINY)
        assert {layer.eps for layer in vae.Encoder(TINY).modules() if hasattr(layer, "eps")} == {1e-6}
    blocks = {layer.in_layers[0].eps for layer in network.modules() if isinstance(layer, unet.ResidualBlock)}
    transformers = {
        layer.norm.eps for layer in network.modules() if isinstance(layer, unet.SpatialTransformer)
    }
    assert (blocks, transformers, network.out[0].eps) == ({1e-5}, {1e-6}, 1e-5)


@pytest.mark.parametrize("shape", [(1, 32, 3, 5), (2, 32, 8, 4), (1, 32, 1, 1)])
def test_doubling_in_parts_equals_repetition_and_a_convolution(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network, x = vae.Upsample(32), torch.randn(shape)
    with torch.no_grad():
        repeated = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        assert torch.allclose(network(x), network.conv(repeated), atol=1e-5)


def test_attention_does_not_overflow_in_half_precision() -> None:
    """Products of 1024 channels pass 65504 long before their softmax has any trouble."""
    block = vae.AttentionBlock(1024)
    with torch.no_grad():
        for layer in (block.q, block.k):
            layer.weight.zero_()
            layer.bias.fill_(14.0)  # 14 * 14 * 1024 = 200704
        out = block.half()(torch.randn(1, 1024, 2, 4).half())
    assert bool(torch.isfinite(out).all())
