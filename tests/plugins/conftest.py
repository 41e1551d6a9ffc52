"""Fixtures of the plugins' tests: a plugin folder of their own, and a set of plugins that do harm."""

import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from plugin_kit import CLAP, HEAD, LIMITS, MANIFEST, RATE, VST3, ApplyPlugin, WritePlugin
from screen_kit import Screen, virtual_screen

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.host import enable, plugin_effects
from audiosr_desktop.plugins.manifest import NATIVE_PATHS
from audiosr_desktop.plugins.process import Limits


@pytest.fixture(autouse=True)
def plugin_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_threads_left: None) -> Path:
    """The folder of the user's plugins; no native ones are found."""
    home = tmp_path / "data"
    monkeypatch.setattr(paths, "user_plugins_dir", lambda: home / "plugins")
    monkeypatch.setattr(paths, "plugin_records", lambda: home / "plugins.json")
    monkeypatch.setenv(NATIVE_PATHS, "")
    return home / "plugins"


@pytest.fixture
def write_plugin(plugin_home: Path) -> WritePlugin:
    """Write a plugin; `body` is what stands in its class."""

    def write(name: str, body: str, version: str = "1") -> Path:
        folder = plugin_home / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plugin.toml").write_text(MANIFEST.format(name=name, version=version))
        code = HEAD.format(name=name, body=textwrap.indent(textwrap.dedent(body), "    "))
        (folder / f"{name}.py").write_text(code)
        return folder

    return write


@pytest.fixture
def native(plugin_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Offer some of the installed native plugins, by their files' names, or other files."""
    folder = tmp_path / "native"
    folder.mkdir()
    monkeypatch.setenv(NATIVE_PATHS, str(folder))

    def offer(*names: str | Path) -> None:
        for path in map(Path, names):
            (folder / path.name).symlink_to((VST3 if path.suffix == ".vst3" else CLAP) / path)

    return offer


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLAP file of our own with several plugins: `kit.c`."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    target = tmp_path_factory.mktemp("kit") / "kit.clap"
    source = Path(__file__).with_name("kit.c")
    words = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(target), str(source), "-lm"]
    subprocess.run([compiler, *words], check=True)
    return target


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    """A virtual screen, on which windows of plugins are shown."""
    if shutil.which("Xvfb") is None:
        pytest.skip("there is no Xvfb")
    with virtual_screen() as screen:
        monkeypatch.setenv("DISPLAY", screen.name)
        yield screen


@pytest.fixture
def stereo() -> Sound:
    noise = np.random.default_rng(5).standard_normal((2, 3 * RATE)) * 0.1
    return Sound.from_array(noise.astype(np.float32), RATE)


@pytest.fixture
def apply_plugin(run_scratch: Scratch, stereo: Sound) -> Iterator[ApplyPlugin]:
    """Enable a plugin if it was not, and apply one of its effects to the stereo sound, or to another."""

    def run(
        effect_id: str,
        values: dict[str, object] | None = None,
        sound: Sound = stereo,
        limits: Limits = LIMITS,
    ) -> Sound:
        found = {effect.id: effect for effect in plugin_effects(run_scratch, limits)}
        if effect_id not in found:
            run_job(enable(effect_id, limits))
            found = {effect.id: effect for effect in plugin_effects(run_scratch, limits)}
        whole = Region(0, sound.length)
        return run_job(apply_effect(found[effect_id], sound, whole, values or {}, run_scratch))

    yield run
    # a plugin's process leaves nothing in the scratch folder but results
    assert not list(run_scratch.folder.glob("plugin-*"))
