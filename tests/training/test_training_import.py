"""Import of official checkpoints: what becomes of good ones, and how bad ones end."""

import multiprocessing
import os
import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from official_checkpoint import SCALE_FACTOR, TINY, export_here, random_state, write_checkpoint  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from audiosr_desktop import paths  # noqa: E402
from audiosr_desktop.cli import main  # noqa: E402
from audiosr_desktop.engine.bundle import Verifier, find_bundle, installed_bundles  # noqa: E402
from audiosr_desktop.engine.install import ImportOptions, import_model, remove_bundle  # noqa: E402
from audiosr_desktop.engine.sessions import check_graphs, open_sessions  # noqa: E402
from audiosr_desktop.errors import BundleError, TrainingError  # noqa: E402
from audiosr_desktop.job import run_job  # noqa: E402
from audiosr_desktop.training.import_checkpoint import import_checkpoint  # noqa: E402
from audiosr_desktop.training.official import checkpoint as checkpoints  # noqa: E402
from audiosr_desktop.training.official.checkpoint import (  # noqa: E402
    find_parts,
    load_network,
    open_checkpoint,
    read_scale_factor,
    vaes_are_equal,
    weights_sum,
)
from audiosr_desktop.training.official.graphs import write_graph  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user"
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(paths, "user_models_dir", lambda: folder)
    return folder


@pytest.fixture
def installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, in which the basic model is."""
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: home / "shipped")
    monkeypatch.setattr(paths, "user_models_dir", lambda: home / "models")
    return home / "models"


def test_graphs_of_a_checkpoint_run_and_equal_torch(home: Path, installed: Path) -> None:
    bundle = find_bundle("basic")
    run_job(Verifier().verify(bundle))
    assert sorted(path.name for path in installed.iterdir()) == ["basic"]
    assert bundle.manifest.scale_factor == SCALE_FACTOR
    assert bundle.manifest.vocoder_output == "waveform"
    assert bundle.manifest.guidance_scale == 3.5
    parity = bundle.manifest.about["parity"]
    assert set(parity) == set(checkpoints.PREFIXES)
    assert max(parity.values()) < 1e-4
    sessions = run_job(open_sessions(bundle, "cpu", 1, optimise=False))  # which takes long of the UNet
    checkpoint = open_checkpoint(home / "basic.ckpt")
    parts = find_parts(checkpoint, TINY)
    mel = np.random.default_rng(0).normal(-6, 2, (1, 256, 64)).astype(np.float32)
    running = sessions.run("vocoder", {"mel": mel})
    with pytest.raises(StopIteration) as end:
        while True:
            next(running)
    network = load_network(checkpoint, parts["vocoder"], TINY, 1.0)
    expected = network(torch.from_numpy(mel)).numpy()
    assert end.value.value.shape == (1, 1, 64 * 480 + 16)
    assert np.allclose(end.value.value, expected, atol=1e-5)


def test_a_model_that_differs_in_one_part_borrows_the_rest(
    home: Path, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_here(monkeypatch)
    state = {
        name: value * 0.9 if ".vocoder." in name else value  # the UNet would do as well, and takes long
        for name, value in random_state().items()
    }
    speech = run_job(
        import_checkpoint(write_checkpoint(tmp_path / "speech.bin", state), ImportOptions(), TINY)
    )
    assert set(speech.bundle.manifest.graphs) == {"vocoder"}
    assert set(speech.bundle.manifest.borrowed) == {"vae_feature_extract", "vae_decoder", "ddpm"}
    assert speech.bundle.graph_path("ddpm") == installed / "basic" / "ddpm.onnx"
    assert "speech borrows" in " ".join(speech.notes)
    assert "equal and one is kept" in " ".join(speech.notes)
    run_job(Verifier().verify(speech.bundle))
    run_job(check_graphs(speech.bundle))

    # a file of the UNet alone: all of it is there already
    alone = {name: value for name, value in state.items() if name.startswith("model.")}
    save_file(alone, tmp_path / "alone.safetensors")
    tuned = run_job(import_checkpoint(tmp_path / "alone.safetensors", ImportOptions(), TINY))
    assert {graph: loan.bundle for graph, loan in tuned.bundle.manifest.borrowed.items()} == {
        "vae_feature_extract": "basic",
        "ddpm": "basic",
        "vae_decoder": "basic",
        "vocoder": "basic",
    }
    assert tuned.bundle.manifest.scale_factor == SCALE_FACTOR
    remove_bundle("alone")
    remove_bundle("speech")


def test_a_file_of_a_unet_alone_needs_a_model_of_its_scale(
    home: Path, installed: Path, tmp_path: Path
) -> None:
    state = {name: value for name, value in random_state().items() if name.startswith("model.")}
    save_file({**state, "scale_factor": torch.tensor(0.5)}, tmp_path / "other.safetensors")
    with pytest.raises(BundleError, match="same scale factor"):
        run_job(import_checkpoint(tmp_path / "other.safetensors", ImportOptions(), TINY))


def test_half_precision_takes_half_the_room(home: Path, tmp_path: Path, capfd) -> None:
    checkpoint = open_checkpoint(home / "basic.ckpt")
    part = find_parts(checkpoint, TINY)["vocoder"]
    error = write_graph(checkpoint, part, TINY, SCALE_FACTOR, precision="half", folder=tmp_path)
    assert 1e-6 < error < 3e-2
    decoder = find_parts(checkpoint, TINY)["vae_decoder"]
    error = write_graph(checkpoint, decoder, TINY, SCALE_FACTOR, precision="half", folder=tmp_path)
    assert 1e-6 < error < 3e-2
    assert capfd.readouterr().err == ""  # the runtime's warnings are nothing for the user
    whole = (home / "models" / "basic" / "vocoder.onnx").stat().st_size
    assert (tmp_path / "vocoder.onnx").stat().st_size < 0.6 * whole


def test_an_import_that_was_interrupted_goes_on(
    home: Path, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = random_state()
    for name in ("first_stage_model.vocoder.conv_post.bias", "cond_stage_models.0.vae.quant_conv.bias"):
        state[name] = state[name] + 0.1
    source = write_checkpoint(tmp_path / "changed.ckpt", state)
    job = import_checkpoint(source, ImportOptions(), TINY)
    while not list(installed.glob(".import-*/vae_feature_extract.record")):
        next(job)
    job.close()
    first = next(iter(installed.glob(".import-*/vae_feature_extract.onnx")))
    written = first.stat().st_mtime_ns
    assert [bundle.id for bundle in installed_bundles()] == ["basic"]
    export_here(monkeypatch)
    imported = run_job(import_checkpoint(source, ImportOptions(), TINY))
    assert imported.bundle.graph_path("vae_feature_extract").stat().st_mtime_ns == written
    assert set(imported.parity) == {"vae_feature_extract", "vocoder"}
    assert "VAEs differ" in " ".join(imported.notes)
    assert not any(path.suffix in (".record", ".part") for path in imported.bundle.folder.iterdir())
    remove_bundle("changed")
    assert [path.name for path in installed.iterdir()] == ["basic"]


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/official-checkpoint-was-executed",)


def save_evil(path: Path) -> None:
    torch.save({"state_dict": random_state(), "hyper_parameters": Evil()}, path)


def save_plain_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Evil()))


def save_cut(path: Path) -> None:
    write_checkpoint(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def save_list(path: Path) -> None:
    torch.save([1, 2, 3], path)


def save_other_model(path: Path) -> None:
    torch.save({"state_dict": {"encoder.weight": torch.zeros(3)}}, path)


def changed(path: Path, **changes: object) -> None:
    state = random_state()
    for name, value in changes.items():
        key = name.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value
    write_checkpoint(path, state)


@pytest.mark.parametrize(
    ("save", "words"),
    [
        (save_evil, "asks for the code (posix|nt).system"),
        (save_plain_pickle, "cut short, or older"),
        (save_cut, "cut short"),
        (save_list, "no table of tensors"),
        (save_other_model, "not an AudioSR checkpoint"),
        (lambda path: changed(path, scale_factor=None), "lacks scale_factor"),
        (lambda path: changed(path, scale_factor=torch.tensor(float("nan"))), "not a positive number"),
        (
            lambda path: changed(path, model__diffusion_model__out__2__bias=None),
            r"lacks model\.diffusion_model\.out\.2\.bias\.$",
        ),
        (
            lambda path: changed(path, first_stage_model__vocoder__conv_pre__bias=torch.zeros(7)),
            r"first_stage_model\.vocoder\.conv_pre\.bias is 7 instead of 64",
        ),
    ],
)
def test_bad_checkpoints_are_one_sentence_and_leave_nothing(
    tmp_path: Path, user: Path, save, words: str
) -> None:
    path = tmp_path / "bad.ckpt"
    save(path)
    with pytest.raises(BundleError, match=words) as caught:
        run_job(import_checkpoint(path, ImportOptions(), TINY))
    assert "\n" not in str(caught.value)
    assert not Path("/tmp/official-checkpoint-was-executed").exists()
    assert not user.exists()


def test_a_full_disk_is_told_before_anything_is_exported(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_checkpoint(tmp_path / "basic.ckpt")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=200 << 20))
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: pytest.fail("the export began"))
    with pytest.raises(BundleError, match="not enough room"):
        run_job(import_checkpoint(path, ImportOptions(), TINY))
    assert list(user.iterdir()) == []


def test_weights_that_are_not_numbers_end_the_export(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_here(monkeypatch)
    path = tmp_path / "bad.ckpt"
    changed(path, cond_stage_models__0__vae__quant_conv__bias=torch.full((32,), torch.nan))
    with pytest.raises(TrainingError, match="values that are not numbers"):
        run_job(import_checkpoint(path, ImportOptions(), TINY))


def test_a_damaged_safetensors_file_is_one_sentence(tmp_path: Path, user: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes((10**12).to_bytes(8, "little") + b"{}")
    with pytest.raises(BundleError, match="damaged or cut short"):
        run_job(import_model(path))


def test_the_small_model_is_not_the_published_one(tmp_path: Path, user: Path, capsys) -> None:
    path = write_checkpoint(tmp_path / "small.ckpt")
    assert main(["models", "import", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "lacks" in said


def test_weight_norm_is_folded(tmp_path: Path) -> None:
    state = random_state()
    expected = {}
    for name, parts in (
        ("first_stage_model.vocoder.ups.1.weight", ("weight_g", "weight_v")),
        (
            "first_stage_model.vocoder.conv_post.weight",
            ("parametrizations.weight.original0", "parametrizations.weight.original1"),
        ),
    ):
        layer = torch.nn.Module()
        layer.weight = torch.nn.Parameter(state.pop(name) * 3)
        torch.nn.utils.parametrizations.weight_norm(layer)
        with torch.no_grad():
            layer.parametrizations.weight.original0 *= 0.5
        expected[name] = layer.weight.detach()
        state[name.removesuffix("weight") + parts[0]] = layer.parametrizations.weight.original0.detach()
        state[name.removesuffix("weight") + parts[1]] = layer.parametrizations.weight.original1.detach()
    checkpoint = open_checkpoint(write_checkpoint(tmp_path / "norm.ckpt", state))
    part = find_parts(checkpoint, TINY)["vocoder"]
    folded = dict(part.tensors(checkpoint))
    for name, weight in expected.items():
        assert torch.allclose(folded[name.removeprefix("first_stage_model.vocoder.")], weight, atol=1e-6)


def test_half_precision_files_and_unequal_vaes(tmp_path: Path) -> None:
    state = {name: value.half() for name, value in random_state().items()}
    state["cond_stage_models.0.vae.quant_conv.bias"] = torch.ones(32).half()
    checkpoint = open_checkpoint(write_checkpoint(tmp_path / "half.ckpt", state))
    assert checkpoint.tensor("betas").dtype == torch.float32
    assert vaes_are_equal(checkpoint) is False
    part = find_parts(checkpoint, TINY)["vae_feature_extract"]
    assert dict(part.tensors(checkpoint))["quant_conv.bias"].tolist() == [1.0] * 32
    assert read_scale_factor(checkpoint) == pytest.approx(SCALE_FACTOR, rel=1e-3)


def test_a_file_with_one_vae_encodes_the_condition_with_it(tmp_path: Path) -> None:
    state = {name: value for name, value in random_state().items() if not name.startswith("cond")}
    checkpoint = open_checkpoint(write_checkpoint(tmp_path / "one.ckpt", state))
    assert vaes_are_equal(checkpoint) is None
    names = find_parts(checkpoint, TINY)["vae_feature_extract"].names.values()
    assert all(found[0].startswith("first_stage_model.") for found in names)


def test_the_sum_of_weights_tells_parts_apart(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write_checkpoint(tmp_path / "basic.ckpt"))
    parts = find_parts(checkpoint, TINY)
    assert weights_sum(checkpoint, parts["ddpm"], 0.3) == weights_sum(checkpoint, parts["ddpm"], 0.4)
    decoder = parts["vae_decoder"]
    assert weights_sum(checkpoint, decoder, 0.3) != weights_sum(checkpoint, decoder, 0.4)
