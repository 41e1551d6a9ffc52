from pathlib import Path

import pytest

from audiosr_desktop import paths
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.chain import Chain, Module, chain_steps
from audiosr_desktop.effects.presets import (
    export_preset,
    find_preset,
    import_preset,
    installed_presets,
    remove_preset,
    save_preset,
)
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import EffectError

CHAIN = Chain("My Hum & Hiss", (Module("audiosr.remove-tone"), Module("audiosr.denoise")), "For tapes.")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "presets"
    monkeypatch.setattr(paths, "user_presets_dir", lambda: folder)
    return folder


def test_the_presets_that_came_along_can_be_run(run_scratch: Scratch) -> None:
    presets, broken = installed_presets()
    assert len(presets) >= 5
    assert not broken
    effects = built_in_effects(Engines(), run_scratch)
    for preset in presets:
        assert preset.is_factory
        assert preset.chain.description
        assert chain_steps(preset.chain, effects)


def test_saved_presets_are_found_by_name_and_by_file(own_folder: Path) -> None:
    saved = save_preset(CHAIN)
    assert saved.path == own_folder / "my-hum-hiss.json"
    assert find_preset("my-hum-hiss").chain == CHAIN
    assert find_preset(saved.path).chain == CHAIN
    assert not saved.is_factory
    assert [preset.id for preset in installed_presets()[0] if not preset.is_factory] == ["my-hum-hiss"]
    assert list(own_folder.iterdir()) == [saved.path]


def test_saving_again_asks_first() -> None:
    save_preset(CHAIN)
    other = Chain(CHAIN.title, CHAIN.modules[:1])
    with pytest.raises(EffectError, match="already"):
        save_preset(other)
    assert find_preset("my-hum-hiss").chain == CHAIN
    save_preset(other, overwrite=True)
    assert find_preset("my-hum-hiss").chain == other


def test_export_and_import_give_the_same_chain(tmp_path: Path) -> None:
    export_preset(CHAIN, tmp_path / "out" / "shared.json")
    assert import_preset(tmp_path / "out" / "shared.json").chain == CHAIN
    assert find_preset("my-hum-hiss").chain == CHAIN


def test_a_broken_file_is_told_and_the_others_stay(own_folder: Path) -> None:
    save_preset(CHAIN)
    (own_folder / "bad.json").write_text("no", encoding="utf-8")
    (own_folder / "worse.json").write_bytes(b"\xff\xfe\x00")
    presets, broken = installed_presets()
    assert [preset.id for preset in presets if not preset.is_factory] == ["my-hum-hiss"]
    assert sorted(Path(str(error).split(" is not")[0]).name for error in broken) == ["bad.json", "worse.json"]


def test_what_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(EffectError, match="dialogue"):
        find_preset("no-such")
    with pytest.raises(EffectError, match="cannot be read"):
        find_preset("no-such.json")
    with pytest.raises(EffectError, match="no preset"):
        find_preset("../presets/dialogue")


def test_only_own_presets_can_be_removed(own_folder: Path) -> None:
    saved = save_preset(CHAIN)
    remove_preset(saved)
    assert not saved.path.exists()
    with pytest.raises(EffectError, match="came with"):
        remove_preset(find_preset("dialogue"))


def test_a_name_needs_letters_and_a_folder_must_take_it(own_folder: Path) -> None:
    with pytest.raises(EffectError, match="letters"):
        save_preset(Chain("…", CHAIN.modules))
    own_folder.parent.mkdir(exist_ok=True)
    own_folder.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(EffectError, match="cannot be written"):
        save_preset(CHAIN)
