"""Import and removal of bundles: what is taken as it is, and what is refused with nothing left behind."""

import json
import os
import shutil
import stat
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import build_port_bundle, build_tiny_bundle, write_graph_with_outside_data

from audiosr_desktop import paths
from audiosr_desktop.engine import install
from audiosr_desktop.engine.bundle import Verifier, find_bundle, installed_bundles, load_bundle
from audiosr_desktop.engine.graph_file import external_files, is_inside
from audiosr_desktop.engine.install import ImportOptions, import_bundle, import_model, remove_bundle
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import run_job


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models; the program brings none."""
    folder = tmp_path / "user" / "models"
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(paths, "user_models_dir", lambda: folder)
    return folder


def zipped(folder: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, prefix + path.name)
    return target


def left_behind(user: Path) -> list[str]:
    return sorted(path.name for path in user.iterdir()) if user.is_dir() else []


@pytest.mark.parametrize("prefix", [None, "", "inner/"])
def test_a_bundle_comes_in_as_folder_or_zip(tmp_path: Path, user: Path, prefix: str | None) -> None:
    source = build_tiny_bundle(tmp_path / "made")
    (source / "README.md").write_text("about it")
    (source / "stray.bin").write_bytes(b"not asked for")
    path = source if prefix is None else zipped(source, tmp_path / "made.zip", prefix)
    fractions: list[float] = []
    bundle = run_job(import_bundle(path), lambda progress: fractions.append(progress.fraction))
    assert bundle.id == "made"
    assert bundle.folder == user / "made"
    assert fractions == sorted(fractions)
    run_job(Verifier().verify(find_bundle("made")))
    assert (user / "made" / "README.md").read_text() == "about it"
    assert not (user / "made" / "stray.bin").exists()
    assert left_behind(user) == ["made"]


def test_the_ports_folder_comes_in_as_it_is_and_gains_sums(tmp_path: Path, user: Path) -> None:
    source = build_port_bundle(tmp_path / "AudioSR ONNX")
    write_graph_with_outside_data(source / "vae_decoder.onnx", "vae_decoder.onnx.data")
    (source / "vae_decoder.onnx.data").write_bytes(np.zeros(16, np.float32).tobytes())
    bundle = run_job(import_model(source)).bundle
    assert bundle.id == "audiosr-onnx"
    assert bundle.manifest.eta == 1.0
    assert "vae_decoder.onnx.data" in bundle.manifest.required_files
    assert len(bundle.manifest.sha256) == 5
    original = json.loads((source / "manifest.json").read_text())
    assert {key: bundle.manifest.about[key] for key in original} == {
        **original,
        "cfg": {"interval": [166, 786], **original["cfg"]},
    }
    # what it does not say is as for a checkpoint that was imported
    assert bundle.manifest.sampler == "dpm"
    assert bundle.manifest.default_steps == {"draft": 4, "standard": 12, "best": 50}
    assert set(bundle.manifest.vocoders) == {"draft", "standard"}
    (user / "audiosr-onnx" / "vae_decoder.onnx.data").write_bytes(bytes(63) + b"!")
    with pytest.raises(BundleError, match="damaged"):
        run_job(Verifier().verify(bundle))


def test_an_id_is_taken_once(tmp_path: Path, user: Path) -> None:
    source = build_tiny_bundle(tmp_path / "made")
    run_job(import_bundle(source))
    with pytest.raises(BundleError, match="installed already"):
        run_job(import_bundle(source))
    second = run_job(import_model(source, ImportOptions(id="Other One")))
    assert second.bundle.id == "other-one"
    build_tiny_bundle(source, title="Newer", id="made")
    assert run_job(import_bundle(source, replace=True)).manifest.title == "Newer"
    assert left_behind(user) == ["made", "other-one"]
    with pytest.raises(BundleError, match="cannot be a model's id"):
        run_job(import_bundle(source, bundle_id="../.."))


def spoil_sum(folder: Path) -> None:
    path = folder / "ddpm.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def cut_graph(folder: Path) -> None:
    path = folder / "ddpm.onnx"
    path.write_bytes(path.read_bytes()[:-40])


def swap_graphs(folder: Path) -> None:
    shutil.copy(folder / "vocoder.onnx", folder / "ddpm.onnx")


def lose_graph(folder: Path) -> None:
    (folder / "vocoder.onnx").unlink()


def point_outside(folder: Path) -> None:
    (folder.parent / "weights.bin").write_bytes(bytes(64))
    write_graph_with_outside_data(folder / "vae_decoder.onnx", "../weights.bin")


def garble_graph(folder: Path) -> None:
    (folder / "ddpm.onnx").write_bytes(b"\xff" * 4000)


@pytest.mark.parametrize(
    ("spoil", "sums", "words"),
    [
        (spoil_sum, True, "damaged: expected sum"),
        (cut_graph, False, "cut short"),
        (garble_graph, False, "not an ONNX graph"),
        (swap_graphs, False, "is not the ddpm of"),
        (lose_graph, True, "incomplete: vocoder.onnx is missing"),
        (point_outside, False, "outside the model's folder"),
    ],
)
def test_a_bad_bundle_is_refused_and_leaves_nothing(
    tmp_path: Path, user: Path, spoil: Callable[[Path], None], sums: bool, words: str
) -> None:
    source = build_tiny_bundle(tmp_path / "made", **({} if sums else {"sha256": None}))
    spoil(source)
    for path in (source, zipped(source, tmp_path / "made.zip")):
        with pytest.raises(BundleError, match=words) as caught:
            run_job(import_bundle(path))
        assert "\n" not in str(caught.value)
        assert left_behind(user) == []


def rewritten(source: Path, name: str, **attributes: object) -> Path:
    """Return a zip of a bundle with one more entry."""
    path = zipped(source, source.with_suffix(".zip"))
    entry = zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(entry, key, value)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, b"../secret")
    return path


@pytest.mark.parametrize(
    ("name", "attributes", "words"),
    [
        ("../evil.txt", {}, "leads out of its folder"),
        ("/etc/evil", {}, "leads out of its folder"),
        ("C:\\evil", {}, "leads out of its folder"),
        ("a\\..\\..\\evil", {}, "leads out of its folder"),
        ("link", {"external_attr": (stat.S_IFLNK | 0o777) << 16}, "holds a link"),
        ("DDPM.onnx", {}, "twice"),
    ],
)
def test_hostile_zip_entries_are_refused(
    tmp_path: Path, user: Path, name: str, attributes: dict[str, object], words: str
) -> None:
    path = rewritten(build_tiny_bundle(tmp_path / "made"), name, **attributes)
    with pytest.raises(BundleError, match=words):
        run_job(import_bundle(path))
    assert left_behind(user) == []
    assert not (tmp_path / "evil.txt").exists()


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, user: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open("ddpm.onnx", "w", force_zip64=True) as entry:
            for _ in range(80):
                entry.write(bytes(1 << 20))
    with pytest.raises(BundleError, match="it is not unpacked"):
        run_job(import_bundle(path))
    assert left_behind(user) == []


def test_a_zip_that_is_cut_or_damaged_is_one_sentence(tmp_path: Path, user: Path) -> None:
    whole = zipped(build_tiny_bundle(tmp_path / "made"), tmp_path / "made.zip").read_bytes()
    path = tmp_path / "bad.zip"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match="no zip file"):
        run_job(import_bundle(path))
    path.write_bytes(whole[:2000] + bytes(400) + whole[2400:])
    with pytest.raises(BundleError):
        run_job(import_bundle(path))
    with pytest.raises(BundleError, match="cannot be read"):
        run_job(import_bundle(tmp_path / "none.zip"))
    assert left_behind(user) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, user: Path) -> None:
    source = build_tiny_bundle(tmp_path / "made")
    (source / "README.md").symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match="link out of"):
        run_job(import_bundle(source))


def test_a_full_disk_is_told_before_anything_is_copied(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(BundleError, match="not enough room"):
        run_job(import_bundle(build_tiny_bundle(tmp_path / "made")))
    assert left_behind(user) == []


def test_an_import_that_is_closed_half_way_leaves_nothing(tmp_path: Path, user: Path) -> None:
    job = import_bundle(build_tiny_bundle(tmp_path / "made"))
    for _ in range(3):
        next(job)
    job.close()
    assert left_behind(user) == []


def test_a_bundle_borrows_graphs_and_its_lender_stays(tmp_path: Path, user: Path) -> None:
    basic = run_job(import_bundle(build_tiny_bundle(tmp_path / "basic")))
    speech = build_tiny_bundle(
        tmp_path / "speech",
        graphs={"ddpm": "ddpm.onnx"},
        required_files=["ddpm.onnx"],
        sha256=None,
        borrowed={
            "vae_feature_extract": "basic",
            "vae_decoder": {"bundle": "basic", "sha256": basic.manifest.sha256["vae_decoder.onnx"]},
            "vocoder": "basic",
        },
    )
    for path in speech.glob("v*.onnx"):
        path.unlink()
    bundle = run_job(import_bundle(speech))
    assert bundle.graph_path("vocoder") == user / "basic" / "vocoder.onnx"
    assert bundle.graph_path("ddpm") == user / "speech" / "ddpm.onnx"
    assert bundle.size_bytes < basic.size_bytes
    with pytest.raises(BundleError, match="speech uses graphs of it"):
        remove_bundle("basic")
    lent = user / "basic" / "vae_decoder.onnx"
    lent.write_bytes(lent.read_bytes() + b"!")
    with pytest.raises(BundleError, match="damaged"):
        run_job(Verifier().verify(bundle))
    remove_bundle("speech")
    remove_bundle("basic")
    assert left_behind(user) == []
    with pytest.raises(BundleError, match="import that one first"):
        run_job(import_bundle(speech))


def test_two_bundles_that_borrow_from_one_another_are_refused(tmp_path: Path, user: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        graphs = {graph: f"{graph}.onnx" for graph in ("vae_feature_extract", "ddpm", "vae_decoder")}
        build_tiny_bundle(user / name, graphs=graphs, borrowed={"vocoder": other}, sha256=None)
    assert installed_bundles() == []
    with pytest.raises(BundleError, match="not installed"):
        load_bundle(user / "a")


def test_only_imported_models_can_be_removed(tmp_path: Path, user: Path) -> None:
    build_tiny_bundle(paths.shipped_models_dir() / "audiosr-compact")
    with pytest.raises(BundleError, match="came with the program"):
        remove_bundle("audiosr-compact")
    with pytest.raises(BundleError, match="no imported model named"):
        remove_bundle("../shipped/audiosr-compact")
    broken = build_tiny_bundle(user / "broken")
    (broken / "ddpm.onnx").unlink()
    remove_bundle("broken")
    assert not broken.exists()


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("a/b.bin", True),
        ("..b", True),
        ("../b", False),
        ("a/../../b", False),
        ("\\b", False),
        ("c:b", False),
        ("", False),
        ("a\0", False),
    ],
)
def test_names_that_stay_inside(name: str, inside: bool) -> None:
    assert is_inside(name) is inside


def test_a_graph_with_all_weights_inside_names_no_other_file(tiny_folder: Path) -> None:
    for path in tiny_folder.glob("*.onnx"):
        assert external_files(path) == ()
