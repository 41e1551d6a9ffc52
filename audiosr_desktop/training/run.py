"""Settings of a training run, from its TOML file."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from audiosr_desktop.dsp.degrade import Chances
from audiosr_desktop.errors import TrainingError

TASKS = (
    "vocoder",
    "autoencoder",
    "estimator",
    "unet",
    "condition_encoder",
    "mel_dnn",
    "mel_resunet",
    "official_unet",
)
WEIGHTINGS = ("velocity", "min_snr")
CONDITIONS = ("canonical_mel", "degraded_mel")
VOCODER_SECONDS_STEP = 0.01  # a frame
SECONDS_STEP = 0.16  # two latent columns: what the UNet's halved level needs


@dataclass(frozen=True, slots=True)
class Run:
    """Settings of a run, as in its TOML file.

    Attributes:
        task: one of `TASKS`.
        corpus: folder of the packed corpus.
        out: folder of checkpoints, figures and logs.
        steps: length of the run; the learning rate falls to zero over it (half cosine).
        minutes: the run ends sooner when this much time is used up; 0 is no limit.
        session_minutes: this process saves and stops after so long, and the next one goes on; 0 is no limit.
        batch_size: examples a step, in each process.
        seconds: length of an example; a multiple of 0.16, for the vocoder of 0.01.
        learning_rate: peak, reached after `warmup` steps.
        ema: decay of the averaged weights, which are what is exported.
        seed: of all randomness; the same seed on the same machine gives the same weights.
        threads: CPU threads of torch.
        workers: threads that prepare the next batches; 0 prepares each when it is needed.
        device: "cpu", "cuda" or "cuda:N"; under torchrun each process takes its own GPU.
        bfloat16: autocast of the networks, where the device computes in it.
        compile: torch.compile of the network; pays after some thousand steps on a GPU.
        channels_last: memory layout of the two-dimensional networks; quicker on a GPU.
        checkpoint_minutes: time between checkpoints.
        validate_minutes: time between restorations of held-out sound.
        validate_sounds: how many of them; 0 is none.
        vocoder: checkpoint or bundle of the vocoder by which held-out sound is judged; empty judges by the
            loss alone (the vocoder's own run needs none).
        autoencoder: checkpoint or bundle of the VAE, for the UNet and the condition encoder.
        condition_encoder: checkpoint or bundle of a noise-aware encoder that the UNet is to read; empty is
            the VAE's own.
        estimator: checkpoint or bundle of the estimator whose mel the UNet's encoder is to read; empty is the
            condition as it is.
        condition: "canonical_mel" replaces all above the cutoff by one form; "degraded_mel" leaves the mel.
        start: checkpoint or bundle whose weights the run starts from; a UNet also keeps its scale factor. The
            published UNet (official_unet) needs one, in the official layout or imported from it.
        colour_db: deviation of a random equaliser on each example's mels; sound of few sources is learnt by
            heart without it. Not for the vocoder and the autoencoder.
        damage: chances of each kind of damage, see `Chances`; without this table sound is only limited in
            band, on its mel, which is quicker.
        decoder_alone: train the VAE's decoder alone, so that latents mean to a trained UNet what they did.
        kl_weight: pull of the VAE's posterior to a normal.
        texture_weight: pull of the VAE's decoded mel to the differences between neighbours.
        adversarial: train against discriminators too (vocoder, autoencoder).
        adversarial_start: step at which they join.
        adversarial_weight: pull of the discriminators' verdict.
        feature_weight: pull of the distance between the discriminators' layers.
        discriminator_rate: their peak learning rate.
        draws: how often the UNet sees each latent, at different noise.
        high_noise_share: share of those draws from the noisiest third, where few steps spend their time.
        low_noise_share: share from the cleanest third, which the last of many steps meet; the rest is even.
        weighting: of the UNet's error over noise: none ("velocity") or "min_snr".
        min_snr_gamma: the bound of it.
        null_share: share of examples without condition, for guidance.
        mask_share: share of examples with spans of the condition unknown, for filling gaps.
    """

    task: str
    corpus: str
    out: str
    steps: int
    minutes: float = 0.0
    session_minutes: float = 0.0
    batch_size: int = 8
    seconds: float = 1.28
    learning_rate: float = 5e-4
    warmup: int = 100
    ema: float = 0.998
    seed: int = 0
    threads: int = 1
    workers: int = 0
    device: str = "cpu"
    bfloat16: bool = True
    compile: bool = False
    channels_last: bool = False
    checkpoint_minutes: float = 2.0
    validate_minutes: float = 15.0
    validate_sounds: int = 4
    vocoder: str = ""
    autoencoder: str = ""
    condition_encoder: str = ""
    estimator: str = ""
    condition: str = "canonical_mel"
    start: str = ""
    colour_db: float = 0.0
    damage: Mapping[str, float] = field(default_factory=dict)
    decoder_alone: bool = False
    kl_weight: float = 2e-3
    texture_weight: float = 0.5
    adversarial: bool = False
    adversarial_start: int = 0
    adversarial_weight: float = 0.1
    feature_weight: float = 0.2
    discriminator_rate: float = 2e-4
    draws: int = 4
    high_noise_share: float = 0.35
    low_noise_share: float = 0.25
    weighting: str = "velocity"
    min_snr_gamma: float = 5.0
    null_share: float = 0.08
    mask_share: float = 0.0

    def __post_init__(self) -> None:
        for name, choices in (("task", TASKS), ("weighting", WEIGHTINGS), ("condition", CONDITIONS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"there is no {name} '{getattr(self, name)}': {', '.join(choices)}")
        if self.steps < 1 or self.batch_size < 1:
            raise ValueError("steps and batch_size are 1 or more")
        step = VOCODER_SECONDS_STEP if self.task == "vocoder" else SECONDS_STEP
        parts = self.seconds / step
        if parts < 1 or abs(parts - round(parts)) > 1e-6:
            raise ValueError(f"seconds is a multiple of {step}, not {self.seconds}")
        if self.adversarial and self.task not in ("vocoder", "autoencoder"):
            raise ValueError("adversarial is for the vocoder and the autoencoder")
        if self.decoder_alone and (self.task != "autoencoder" or not self.start):
            raise ValueError("decoder_alone is for the autoencoder, with start")
        if self.task in ("unet", "condition_encoder", "official_unet") and not self.autoencoder:
            raise ValueError(f"the task {self.task} needs autoencoder, a checkpoint or a bundle")
        if self.low_noise_share + self.high_noise_share > 1.0:
            raise ValueError("low_noise_share and high_noise_share are at most 1 together")
        if self.condition == "degraded_mel" and not self.damage:
            raise ValueError("condition degraded_mel needs a table [damage]")

    @property
    def chances(self) -> Chances | None:
        """The damage on sound, or None where only the mel is limited in band."""
        return Chances(**self.damage) if self.damage else None

    @property
    def samples(self) -> int:
        """Length of an example at 48 kHz."""
        return round(self.seconds * 100) * 480


def read_run(path: Path, overrides: Mapping[str, Any]) -> Run:
    """Read a run's TOML file; raises TrainingError on unknown, missing or impossible settings.

    Args:
        path: the file.
        overrides: settings that replace the file's; within `damage` one by one.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
        damage = {**settings.get("damage", {}), **overrides.get("damage", {})}
        run = Run(**{**settings, **overrides, "damage": damage})
        _ = run.chances
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        names = ", ".join(field.name for field in fields(Run))
        chances = ", ".join(asdict(Chances()))
        raise TrainingError(
            f"The run '{path}' cannot be used: {error}. Known settings: {names}; of damage: {chances}."
        ) from error
    return run
