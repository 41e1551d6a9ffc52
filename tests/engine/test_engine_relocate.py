import shutil
from pathlib import Path

import pytest

from audiosr_desktop import paths
from audiosr_desktop.engine import install, relocate
from audiosr_desktop.engine.bundle import Verifier, find_bundle, installed_bundles
from audiosr_desktop.engine.install import import_bundle
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import run_job


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path) -> Path:
    """A user's folders with the imported model `tiny`."""
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(paths, "default_models_dir", lambda: tmp_path / "data" / "models")
    monkeypatch.setattr(paths, "models_choice_file", lambda: tmp_path / "config" / "models-folder.txt")
    run_job(import_bundle(tiny_folder))
    return tmp_path


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_models_move_and_later_ones_go_there_too(home: Path, tiny_folder: Path) -> None:
    before = files_of(home / "data" / "models")
    assert run_job(relocate.move_models(home / "disk")) == home / "disk"
    assert paths.user_models_dir() == home / "disk"
    assert files_of(home / "disk") == before
    assert files_of(home / "data") == []
    run_job(Verifier().verify(find_bundle("tiny")))
    run_job(import_bundle(tiny_folder, bundle_id="second"))
    assert (home / "disk" / "second" / "manifest.json").is_file()


def test_moving_back_undoes_the_choice(home: Path) -> None:
    run_job(relocate.move_models(home / "disk"))
    run_job(relocate.move_models(home / "data" / "models"))
    assert not paths.models_choice_file().exists()
    assert paths.user_models_dir() == home / "data" / "models"
    assert [bundle.id for bundle in installed_bundles()] == ["tiny"]


def test_moving_to_the_same_place_does_nothing(home: Path) -> None:
    before = files_of(home)
    run_job(relocate.move_models(home / "data" / "models"))
    assert files_of(home) == before


def test_a_move_that_is_closed_half_way_changes_nothing(home: Path) -> None:
    before = files_of(home)
    job = relocate.move_models(home / "disk")
    next(job)
    assert files_of(home / "disk") != []
    job.close()
    assert files_of(home) == before
    assert paths.user_models_dir() == home / "data" / "models"


def test_a_move_that_cannot_be_made_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files_of(home)
    (home / "disk" / "tiny").mkdir(parents=True)
    with pytest.raises(BundleError, match="holds a folder tiny already"):
        run_job(relocate.move_models(home / "disk"))
    with pytest.raises(BundleError, match="belongs to the program"):
        run_job(relocate.move_models(paths.program_dir() / "models"))
    (home / "file").write_text("no folder")
    with pytest.raises(BundleError, match="cannot be kept"):
        run_job(relocate.move_models(home / "file"))
    usage = shutil.disk_usage(home)._replace(free=1000)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(BundleError, match=f"not enough room in {home / 'other'}"):
        run_job(relocate.move_models(home / "other"))
    assert files_of(home) == sorted([*before, "file"])


def test_a_choice_that_is_no_absolute_path_counts_for_nothing(home: Path) -> None:
    paths.models_choice_file().parent.mkdir()
    paths.models_choice_file().write_text("somewhere\n")
    assert paths.user_models_dir() == home / "data" / "models"
