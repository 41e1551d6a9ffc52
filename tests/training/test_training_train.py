import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from audiosr_desktop.errors import TrainingError  # noqa: E402
from audiosr_desktop.training import train  # noqa: E402

pytestmark = pytest.mark.torch


def _run(packed_corpus, out, **settings):
    values = {"task": "autoencoder", "steps": 4, "batch_size": 3, "seconds": 0.32, "warmup": 2, **settings}
    return train.Run(corpus=str(packed_corpus), out=str(out), **values)


def test_a_killed_run_goes_on_as_if_it_had_not_been(packed_corpus, tmp_path):
    whole = train.Trainer(_run(packed_corpus, tmp_path / "whole"))
    for _ in range(4):
        whole.train_step()
    killed = train.Trainer(_run(packed_corpus, tmp_path / "killed"))
    for _ in range(2):
        killed.train_step()
    killed.save()
    killed.train_step()  # lost with the process
    resumed = train.Trainer(_run(packed_corpus, tmp_path / "killed"))
    resumed.resume()
    assert resumed.step == 2
    for _ in range(2):
        resumed.train_step()
    for name, value in whole.ema.items():
        torch.testing.assert_close(resumed.ema[name], value, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("task", ["vocoder", "autoencoder", "unet"])
def test_every_network_learns(packed_corpus, tmp_path, task):
    settings = {"learning_rate": 2e-3, "warmup": 1, "ema": 0.5, "bfloat16": False}
    if task == "unet":
        first = train.Trainer(_run(packed_corpus, tmp_path / "vae"))
        first.train_step()
        first.save()
        settings["autoencoder"] = str(tmp_path / "vae" / "last.pt")
    trainer = train.Trainer(_run(packed_corpus, tmp_path / task, task=task, steps=1000, **settings))
    before = trainer.validate(1)
    for _ in range(12):
        figures = trainer.train_step()
    after = trainer.validate(1)
    key = {"vocoder": "stft", "autoencoder": "l1", "unet": "v"}[task]
    assert after[key] < before[key]
    assert "loss" in figures


def test_a_run_file_is_read_and_checked(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('task = "vocoder"\ncorpus = "c"\nout = "o"\nsteps = 10\n')
    assert train.read_run(path, {"steps": 20}).steps == 20
    path.write_text('task = "vocoder"\nstepps = 10\n')
    with pytest.raises(TrainingError, match="stepps"):
        train.read_run(path, {})
    with pytest.raises(TrainingError, match="no task"):
        train.Trainer(train.Run(task="nothing", corpus="c", out=str(tmp_path), steps=1))


def test_training_to_the_end_writes_a_checkpoint_and_figures(packed_corpus, tmp_path, capsys):
    path = tmp_path / "run.toml"
    path.write_text(
        f'task = "autoencoder"\ncorpus = "{packed_corpus}"\nout = "{tmp_path}/out"\n'
        "steps = 2\nbatch_size = 2\nseconds = 0.32\n"
    )
    assert train.main([str(path), "seed=3"]) == 0
    assert (tmp_path / "out/last.pt").is_file()
    assert "held out" in (tmp_path / "out/figures.csv").read_text()
    assert train.main([str(path), "nonsense=1"]) == 1
    assert "nonsense" in capsys.readouterr().err
