"""What CONTRIBUTING.md tells a newcomer to write works."""

import ast
import importlib.util
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli import main
from audiosr_desktop.effects import registry
from audiosr_desktop.plugins import registry as plugins_registry

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


@pytest.fixture
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put the effect of the text into the package for one test, and return the blocks of Python."""
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    name = "audiosr_desktop.effects.tremolo"
    path = tmp_path / "tremolo.py"
    path.write_text(blocks[0])
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, name, module)
    built_in = registry.built_in_effects

    def with_tremolo(engines: object, scratch: Scratch, *report: object) -> dict[str, object]:
        effect = module.Tremolo(scratch)
        return {**built_in(engines, scratch, *report), effect.id: effect}  # type: ignore[arg-type]

    for place in (registry, plugins_registry):
        monkeypatch.setattr(place, "built_in_effects", with_tremolo)
    return blocks


def test_the_test_of_the_example_passes(blocks: list[str], run_scratch: Scratch) -> None:
    names: dict[str, object] = {}
    exec(compile(blocks[1], "CONTRIBUTING.md", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 1
    tests[0](run_scratch)  # type: ignore[operator]


def test_the_chain_of_the_example_runs(
    blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home"))
    (chain,) = re.findall(r"echo '(\{.*\})' > tremble.json", TEXT)
    (tmp_path / "tremble.json").write_text(json.dumps(json.loads(chain)))
    soundfile.write(tmp_path / "in.wav", np.full(48_000, 0.5), 48_000)
    source, out, preset = (str(tmp_path / name) for name in ("in.wav", "out.wav", "tremble.json"))
    assert main(["restore", source, "-o", out, "--chain", preset]) == 0
    after, _ = soundfile.read(out)
    assert abs(after[6_000]) < 1e-3  # an eighth of a second: half a turn of 4 Hz
    assert after[12_000] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "ARCHITECTURE.md", "README.md"])
def test_files_that_a_document_names_are_there(document: str) -> None:
    text = (ROOT / document).read_text()
    named = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|sh|toml|md|spec))`", text))
    named |= {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    example = {"audiosr_desktop/effects/tremolo.py", "tests/effects/test_effects_tremolo.py"}
    missing = [
        name
        for name in sorted(named - example)
        if not any((ROOT / folder / name).exists() for folder in (".", "audiosr_desktop", "installer"))
        and not list((ROOT / "audiosr_desktop").glob(f"*/{name}"))
    ]
    assert missing == []


def test_the_example_keeps_to_the_style() -> None:
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        ast.parse(block)
        assert max(map(len, block.splitlines())) <= 110
