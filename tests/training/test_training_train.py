import csv
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from audiosr_desktop import paths  # noqa: E402
from audiosr_desktop.dsp.degrade import Chances  # noqa: E402
from audiosr_desktop.errors import TrainingError  # noqa: E402
from audiosr_desktop.training import train  # noqa: E402
from audiosr_desktop.training.weights import load_weights  # noqa: E402

pytestmark = pytest.mark.torch


def _run(packed_corpus, out, **settings):
    values = {"task": "autoencoder", "steps": 4, "batch_size": 3, "seconds": 0.32, "warmup": 2, **settings}
    return train.Run(corpus=str(packed_corpus), out=str(out), **values)


def _steps(trainer, count):
    for _ in range(count):
        trainer.train_step()


def _assert_equal(first, second):
    assert first.step == second.step
    for one, other in ((first.ema, second.ema), (first.network.state_dict(), second.network.state_dict())):
        for name, value in one.items():
            assert torch.equal(other[name], value), name


@pytest.mark.parametrize("task", ["autoencoder", "unet"])
def test_equal_seeds_give_equal_weights_and_a_killed_run_goes_on_as_if_it_had_not_been(
    packed_corpus, exported, tmp_path, task
):
    settings = {"task": task, "adversarial": task == "autoencoder", "autoencoder": str(exported / "made")}
    if task == "unet":
        settings |= {"damage": {"tone": 0.5, "white": 0.5}, "mask_share": 0.3, "workers": 2, "batch_size": 2}
    whole = train.Trainer(_run(packed_corpus, tmp_path / "whole", **settings))
    _steps(whole, 4)
    killed = train.Trainer(_run(packed_corpus, tmp_path / "killed", **{**settings, "workers": 0}))
    _steps(killed, 2)
    killed.save()
    killed.train_step()  # lost with the process
    resumed = train.Trainer(_run(packed_corpus, tmp_path / "killed", **settings))
    resumed.resume()
    assert resumed.step == 2
    _steps(resumed, 2)
    _assert_equal(whole, resumed)
    other = train.Trainer(_run(packed_corpus, tmp_path / "other", **settings, seed=1))
    _steps(other, 4)
    assert not all(torch.equal(other.ema[name], value) for name, value in whole.ema.items())
    for trainer in (whole, resumed, other):
        trainer.close()


def test_a_process_killed_while_it_trains_loses_nothing_but_the_last_steps(packed_corpus, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        f'task = "autoencoder"\ncorpus = "{packed_corpus}"\nsteps = 60\nbatch_size = 1\nseconds = 0.16\n'
        "checkpoint_minutes = 0\nwarmup = 2\n"
    )
    command = [sys.executable, "-m", "audiosr_desktop.training.train", str(path)]
    out = tmp_path / "killed"
    with subprocess.Popen([*command, f'out="{out}"'], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"step 1 ")
        process.kill()  # while it writes the next checkpoint, or trains
    reached = torch.load(out / "last.pt", weights_only=True)["step"]
    assert 1 <= reached < 60
    overrides = {"steps": 60, "batch_size": 1, "seconds": 0.16}
    resumed = train.Trainer(_run(packed_corpus, out, **overrides))
    resumed.resume()
    whole = train.Trainer(_run(packed_corpus, tmp_path / "whole", **overrides))
    _steps(resumed, reached + 2 - resumed.step)
    _steps(whole, reached + 2)
    _assert_equal(whole, resumed)


def test_two_processes_keep_equal_weights_and_only_the_first_writes(packed_corpus, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        f'task = "autoencoder"\ncorpus = "{packed_corpus}"\nout = "{tmp_path}/out"\nsteps = 2\n'
        "batch_size = 1\nseconds = 0.16\nadversarial = true\nwarmup = 1\nbfloat16 = false\n"
    )
    script = tmp_path / "weights.py"
    script.write_text(
        "import sys, torch\n"
        "from audiosr_desktop.training import train\n"
        "def keep(trainer):\n"
        "    kept = (trainer.network.state_dict(), trainer.adversary.networks.state_dict())\n"
        "    torch.save((*kept, trainer.batches.draw(0).sound), f'{sys.argv[1]}.{trainer.process.rank}')\n"
        "train.Trainer.close = keep\n"
        "sys.exit(train.main(sys.argv[1:]))\n"
    )
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", str(script), str(path)]
    done = subprocess.run([sys.executable, *command], capture_output=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    network, judges, batch = torch.load(f"{path}.0", weights_only=True)
    other_network, other_judges, other_batch = torch.load(f"{path}.1", weights_only=True)
    assert not torch.equal(batch, other_batch)
    for one, other in ((network, other_network), (judges, other_judges)):
        for name, value in one.items():
            assert torch.equal(value, other[name]), name
    untrained = train.Trainer(train.read_run(path, {"out": str(tmp_path / "untrained")}))
    assert not all(torch.equal(value, network[name]) for name, value in untrained.ema.items())
    assert torch.load(tmp_path / "out/last.pt", weights_only=True)["step"] == 2
    assert (tmp_path / "out/log.txt").read_text().count("step 2 ") == 1


@pytest.mark.parametrize("task", ["vocoder", "autoencoder", "estimator", "unet", "condition_encoder"])
def test_every_network_learns(packed_corpus, exported, tmp_path, task):
    settings = {"learning_rate": 2e-3, "warmup": 1, "ema": 0.5, "bfloat16": False}
    if task in ("unet", "condition_encoder"):
        settings["autoencoder"] = str(exported / "made")
    if task == "condition_encoder":  # random latents hold nothing to learn
        settings["autoencoder"] = str(paths.shipped_models_dir() / "audiosr-compact")
        settings |= {"damage": {"undamaged": 0.0, "white": 1.0}, "learning_rate": 5e-4}
    trainer = train.Trainer(_run(packed_corpus, tmp_path / task, task=task, steps=1000, **settings))
    before = trainer.validate(1)
    for _ in range(12):
        figures = trainer.train_step()
    after = trainer.validate(1)
    keys = {"vocoder": "stft", "autoencoder": "l1", "estimator": "distance", "condition_encoder": "kl"}
    key = keys.get(task, "v")
    assert after[key] < before[key]
    assert "loss" in figures


def test_a_decoder_can_learn_while_latents_keep_their_meaning(packed_corpus, exported, tmp_path):
    start = exported / "made"
    settings = {"task": "autoencoder", "start": str(start), "decoder_alone": True, "warmup": 1}
    trainer = train.Trainer(_run(packed_corpus, tmp_path / "run", steps=1000, **settings))
    trainer.train_step()
    for name, value in load_weights(start, "autoencoder").state.items():
        kept = torch.equal(trainer.network.state_dict()[name], value)
        assert kept == name.startswith("encoder."), name


def test_a_run_file_is_read_and_checked(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('task = "vocoder"\ncorpus = "c"\nout = "o"\nsteps = 10\n')
    assert train.read_run(path, {"steps": 20}).steps == 20
    path.write_text('task = "vocoder"\nstepps = 10\n')
    with pytest.raises(TrainingError, match="stepps"):
        train.read_run(path, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('task = "nothing"', "no task"),
        ('task = "unet"', "needs autoencoder"),
        ('task = "autoencoder"\ndecoder_alone = true', "with start"),
        ('task = "autoencoder"\nseconds = 0.2', "multiple of 0.16"),
        ('task = "unet"\nautoencoder = "a"\nadversarial = true', "adversarial"),
        ('task = "vocoder"\n[damage]\ntone = 2.0', "0 to 1"),
        ('task = "vocoder"\n[damage]\nhum = 1.0', "hum"),
        ('task = "vocoder"\nlow_noise_share = 0.9', "at most 1"),
        ('task = "vocoder"\ncondition = "degraded_mel"', r"\[damage\]"),
    ],
)
def test_impossible_settings_are_one_sentence(tmp_path, text, said):
    path = tmp_path / "run.toml"
    path.write_text(f'corpus = "c"\nout = "o"\nsteps = 10\n{text}\n')
    with pytest.raises(TrainingError, match=said):
        train.read_run(path, {})


def test_shipped_runs_can_be_read():
    files = sorted((Path(train.__file__).parent / "runs").glob("*.toml"))
    assert len(files) >= 3
    for path in files:
        train.read_run(path, {})


def test_damage_of_the_file_is_kept_where_it_is_not_named(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        'task = "vocoder"\ncorpus = "c"\nout = "o"\nsteps = 1\n[damage]\ntone = 0.5\nwhite = 0.5\n'
    )
    assert train.read_run(path, {"damage": {"white": 0.1}}).chances == Chances(tone=0.5, white=0.1)


def test_a_checkpoint_of_another_network_is_refused(packed_corpus, tmp_path):
    first = train.Trainer(_run(packed_corpus, tmp_path))
    first.save()
    other = train.Trainer(_run(packed_corpus, tmp_path, task="vocoder"))
    with pytest.raises(TrainingError, match="another network"):
        other.resume()


def test_training_to_the_end_writes_a_checkpoint_and_figures(packed_corpus, tmp_path, capsys):
    path = tmp_path / "run.toml"
    path.write_text(
        f'task = "autoencoder"\ncorpus = "{packed_corpus}"\nout = "{tmp_path}/out"\n'
        "steps = 2\nbatch_size = 2\nseconds = 0.32\n"
    )
    assert train.main([str(path), "seed=3"]) == 0
    assert (tmp_path / "out/last.pt").is_file()
    assert "held out" in (tmp_path / "out/log.txt").read_text()
    assert list((tmp_path / "out/tensorboard").glob("events*"))
    rows = list(csv.DictReader((tmp_path / "out/curves.csv").read_text().splitlines()))
    assert {(row["step"], row["part"]) for row in rows} == {("2", "train"), ("2", "held_out")}
    assert {row["name"] for row in rows} >= {"loss", "l1", "kl"}
    assert train.main([str(path), "steps=3"]) == 0  # a longer run goes on, and keeps its curves
    steps = [row["step"] for row in csv.DictReader((tmp_path / "out/curves.csv").read_text().splitlines())]
    assert steps == sorted(steps)
    assert set(steps) == {"2", "3"}
    assert train.main([str(path), "nonsense=1"]) == 1
    assert "nonsense" in capsys.readouterr().err
    assert train.main([str(path), 'device="cuda"']) == (0 if torch.cuda.is_available() else 1)


def test_a_session_stops_early_and_the_next_goes_on(packed_corpus, tmp_path):
    run = _run(packed_corpus, tmp_path, steps=3, session_minutes=1e-6)
    for step in (1, 2, 3):
        train.train(run)
        assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == step
