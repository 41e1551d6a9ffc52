import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from audiosr_desktop import paths  # noqa: E402
from audiosr_desktop.training import corpus, half_hour  # noqa: E402
from audiosr_desktop.training.corpus_pack import read_index  # noqa: E402
from audiosr_desktop.training.weights import load_weights  # noqa: E402

pytestmark = pytest.mark.torch

BUNDLE = paths.shipped_models_dir() / "audiosr-compact"


def call(tmp_path, *words):
    fixed = [
        "--work",
        str(tmp_path / "work"),
        "--out",
        str(tmp_path / "out"),
        "--bundle",
        str(BUNDLE),
        "--tiny",
    ]
    return half_hour.main([*words, *fixed])


def test_calls_take_their_parts_train_and_bring_small_weights_back(packed_corpus, tmp_path, capsys):
    parts = tmp_path / "parts"
    assert corpus.main(["pack", str(packed_corpus), "--out", str(parts), "--part-mb", "0.25"]) == 0
    first, *rest = sorted(parts.glob("*.zip"))
    early, late = tmp_path / "early", tmp_path / "late"
    for folder, files in ((early, [first]), (late, rest)):
        folder.mkdir()
        for file in files:
            file.rename(folder / file.name)
    assert call(tmp_path, "vocoder", "--parts", str(early)) == 0
    before = len(read_index(tmp_path / "work/pack"))
    assert call(tmp_path, "autoencoder", "--fresh", "--parts", str(late)) == 0
    assert len(read_index(tmp_path / "work/pack")) > before
    assert call(tmp_path, "unet") == 0  # on the VAE that was just trained, hence from nothing
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"vocoder.pt", "vocoder-log.txt", "vocoder-curves.csv", "autoencoder.pt", "unet.pt"}
    for task in ("vocoder", "autoencoder", "unet"):
        found = load_weights(tmp_path / f"out/{task}.pt", task)
        whole = load_weights(tmp_path / f"work/runs/{task}/last.pt", task)
        assert found.steps == whole.steps == 2
        assert found.scale_factor == whole.scale_factor
        assert all(torch.equal(value, whole.state[name].half()) for name, value in found.state.items())
    assert "MiB" in capsys.readouterr().out


def test_stages_follow_on_from_each_other_or_from_the_bundle(tmp_path):
    def stage(task, **more):
        settings = {"adversarial": False, "fresh": False, "tiny": False, **more}
        return half_hour.stage_run(task, tmp_path, BUNDLE, 8.0, **settings)

    assert stage("vocoder").start == stage("unet").autoencoder == stage("unet").start == str(BUNDLE)
    assert stage("vocoder", fresh=True).start == ""
    for name in ("vocoder", "autoencoder"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "last.pt").touch()
    assert stage("vocoder", adversarial=True).start.endswith("vocoder/last.pt")
    assert stage("unet").vocoder.endswith("vocoder/last.pt")
    assert stage("unet").autoencoder.endswith("autoencoder/last.pt")
    assert stage("unet").start == ""
    assert stage("unet").estimator == stage("estimator").start == str(BUNDLE)
    assert stage("unet").minutes == 8.0


def test_without_parts_there_is_nothing_to_train_on(tmp_path, capsys):
    assert call(tmp_path, "vocoder") == 1
    assert "corpus pack" in capsys.readouterr().err
