import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_bundle import build_port_bundle, build_tiny_bundle, write_graph_with_outside_data

from audiosr_desktop import paths
from audiosr_desktop.engine.bundle import (
    Verifier,
    bundle_problems,
    find_bundle,
    installed_bundles,
    load_bundle,
)
from audiosr_desktop.engine.manifest import read_manifest
from audiosr_desktop.engine.sessions import open_sessions
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import run_job


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    for dotted, value in changes.items():
        *parents, key = dotted.split("__")
        part = data
        for parent in parents:
            part = part[parent]
        part[key] = value
    path.write_text(json.dumps(data))


def test_reads_what_the_manifest_says(tiny_folder: Path) -> None:
    bundle = load_bundle(tiny_folder)
    manifest = bundle.manifest
    assert bundle.id == "tiny"
    assert manifest.default_steps == {"draft": 1, "standard": 2, "best": 4}
    assert manifest.latent.channels == 16
    assert manifest.vocoder_output == "stft"
    assert manifest.condition == "canonical_mel"
    assert not manifest.condition_sampled
    assert bundle.graph_path("ddpm") == tiny_folder / "ddpm.onnx"
    assert len(bundle.manifest_sha256) == 64


def test_reads_the_manifest_of_the_public_port(tmp_path: Path) -> None:
    manifest = load_bundle(build_port_bundle(tmp_path / "port")).manifest
    assert manifest.id == "port"
    assert manifest.title == "haoheliu/audiosr_basic"
    assert manifest.condition == "lowpass_mel"
    assert manifest.condition_sampled
    assert manifest.unconditional_latent == -11.4981
    assert manifest.eta == 1.0
    assert manifest.guidance_scale == 3.5
    assert manifest.vocoder_output == "waveform"
    assert manifest.latent.frames_per_latent == 8
    assert manifest.graphs["vocoder"] == "vocoder.onnx"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sampling_rate": 44_100}, "sampling_rate: expected 48000, found 44100"),
        ({"stft__hop": 512}, "stft.hop: expected 480, found 512"),
        ({"mel__fmin": 0}, "mel.fmin: expected 20, found 0"),
        ({"latent__channels": "16"}, "latent.channels: expected a whole number"),
        ({"latent__frames_multiple": 0}, "frames_multiple: expected a positive whole number"),
        ({"scale_factor": True}, "scale_factor: expected a number"),
        ({"band_gain_db": "4"}, "band_gain_db: expected a number, or rising cutoffs"),
        ({"band_gain_db": []}, "band_gain_db: expected a number, or rising cutoffs"),
        ({"band_gain_db": [[4000, 5], [4000, 4]]}, "band_gain_db: expected a number, or rising cutoffs"),
        ({"band_gain_db": [[0, 5], [4000, 4]]}, "band_gain_db: expected a number, or rising cutoffs"),
        ({"band_gain_db": [[4000, 5, 1]]}, "band_gain_db: expected a number, or rising cutoffs"),
        ({"band_gain_db": {"draft": 1, "best": 2}}, "band_gain_db.standard: expected a number, or rising"),
        ({"condition": "chroma"}, "condition: expected one of"),
        ({"sampler": "euler"}, "sampler: expected one of ddim, dpm, found euler"),
        ({"scheduler__prediction": "eps"}, "scheduler.prediction: expected one of v, found eps"),
        ({"window_seconds": 0.5}, "window_seconds: expected"),
        ({"graphs": {"ddpm": "ddpm.onnx"}}, "graphs.vae_feature_extract: expected a file name"),
        ({"graphs__ddpm": "../ddpm.onnx"}, "inside the bundle's folder"),
        ({"required_files": ["/etc/passwd"]}, "inside the bundle's folder"),
        ({"default_steps__best": 2000}, "default_steps.best: expected at most 1000"),
        ({"speeds": {"draft": 0}}, "speeds.draft: expected a positive number, found 0"),
    ],
)
def test_refuses_what_it_cannot_run(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    folder = build_tiny_bundle(tmp_path / "tiny")
    edit_manifest(folder, **changes)
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    assert words in str(caught.value)
    assert "manifest.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_a_folder_without_manifest_and_one_that_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no manifest\.json"):
        load_bundle(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(BundleError, match="cannot be read as JSON"):
        load_bundle(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(BundleError, match="expected an object"):
        load_bundle(tmp_path)


def test_names_a_missing_graph(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "tiny")
    (folder / "vocoder.onnx").unlink()
    with pytest.raises(BundleError, match=r"vocoder\.onnx is missing"):
        load_bundle(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_refuses_a_link_out_of_the_folder(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "tiny")
    (folder / "vocoder.onnx").rename(tmp_path / "outside.onnx")
    (folder / "vocoder.onnx").symlink_to(tmp_path / "outside.onnx")
    with pytest.raises(BundleError, match="link out of"):
        load_bundle(folder)


def test_verify_names_file_expected_and_found_sum(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "tiny"))
    run_job(Verifier().verify(bundle))
    graph = bundle.graph_path("ddpm")
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    with pytest.raises(BundleError) as caught:
        run_job(Verifier().verify(bundle))
    message = str(caught.value)
    assert str(graph) in message
    assert bundle.manifest.sha256["ddpm.onnx"] in message
    assert caught.value.path == graph


def test_verify_reads_a_good_file_once_and_a_changed_one_again(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "tiny"))
    verifier = Verifier()
    fractions: list[float] = []
    run_job(verifier.verify(bundle), lambda progress: fractions.append(progress.fraction))
    first = len(fractions)
    assert fractions == sorted(fractions)
    run_job(verifier.verify(bundle), lambda progress: fractions.append(progress.fraction))
    assert len(fractions) - first < first  # only one report a file: no block was read
    graph = bundle.graph_path("vocoder")
    graph.write_bytes(graph.read_bytes() + b"!")
    with pytest.raises(BundleError, match="damaged"):
        run_job(verifier.verify(bundle))


def test_refuses_weights_outside_the_folder(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "tiny", sha256=None)
    (tmp_path / "weights.bin").write_bytes(bytes(64))
    write_graph_with_outside_data(folder / "vae_decoder.onnx", "../weights.bin")
    with pytest.raises(BundleError, match=r"vae_decoder\.onnx cannot be loaded"):
        run_job(open_sessions(load_bundle(folder), "cpu", 1))


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    shipped, user = tmp_path / "shipped", tmp_path / "user"
    shipped.mkdir()
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: shipped)
    monkeypatch.setattr(paths, "user_models_dir", lambda: user)
    return shipped, user


def test_finds_installed_bundles_and_says_why_others_are_not_usable(models: tuple[Path, Path]) -> None:
    shipped, user = models
    build_tiny_bundle(shipped / "audiosr-compact")
    build_tiny_bundle(user / "mine")
    broken = build_tiny_bundle(user / "broken")
    (broken / "ddpm.onnx").unlink()
    (shipped / "notes").mkdir()
    assert [bundle.id for bundle in installed_bundles()] == ["audiosr-compact", "mine"]
    assert len(bundle_problems()) == 1
    assert find_bundle().id == "audiosr-compact"
    assert find_bundle("mine").folder == user / "mine"
    with pytest.raises(BundleError, match="named other; installed: audiosr-compact, mine"):
        find_bundle("other")
    with pytest.raises(BundleError, match=r"ddpm\.onnx is missing"):
        find_bundle("broken")


def test_without_the_shipped_bundle_the_first_is_taken_and_none_is_an_error(
    models: tuple[Path, Path],
) -> None:
    with pytest.raises(BundleError, match="No model is installed"):
        find_bundle()
    build_tiny_bundle(models[1] / "mine")
    assert find_bundle().id == "mine"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 3000) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    key=st.sampled_from(
        [
            "id",
            "latent",
            "cfg",
            "graphs",
            "scheduler",
            "sha256",
            "eta",
            "tasks",
            "required_files",
            "vocoder",
            "mel",
        ]
    ),
    value=json_values,
)
def test_any_manifest_is_read_or_refused_in_one_sentence(
    tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    data = json.loads((tiny_folder / "manifest.json").read_text())
    data[key] = value
    path = tmp_path_factory.mktemp("manifest") / "manifest.json"
    path.write_text(json.dumps(data))
    try:
        manifest = read_manifest(path)
    except BundleError as error:
        assert "\n" not in str(error)
    else:
        assert manifest.about == data
