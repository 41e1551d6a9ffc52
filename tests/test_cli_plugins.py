"""The sub-command `plugins`, and plugins by `restore` and `batch`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop import paths
from audiosr_desktop.cli import main
from audiosr_desktop.plugins.manifest import NATIVE_PATHS

RAISES = """\
from audiosr_desktop.plugins.api import BlockEffect

class Raises(BlockEffect):
    id = title = "my.raises"

    def process_block(self, block, sample_rate, values):
        raise RuntimeError("no")

def effects(scratch):
    return [Raises(scratch)]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data" / "plugins"
    monkeypatch.setattr(paths, "user_plugins_dir", lambda: folder)
    monkeypatch.setattr(paths, "plugin_records", lambda: tmp_path / "data" / "plugins.json")
    monkeypatch.setenv(NATIVE_PATHS, "")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.wav"
    noise = np.random.default_rng(3).standard_normal((48_000, 2)) * 0.1
    soundfile.write(path, noise, 48_000, "PCM_16")
    return path


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    assert main(["plugins", "list", "--json"]) == 0
    return {row["id"]: row["state"] for row in json.loads(capsys.readouterr().out)}


def test_list_new_enable_restore_disable(
    source: Path, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed(capsys) == {"example.stereo-width": "off"}
    assert main(["plugins", "new", "soft-half"]) == 0
    assert "plugins enable my.soft-half" in capsys.readouterr().out
    out = tmp_path / "out.wav"
    words = ["restore", str(source), "-o", str(out), "--effect", "my.soft-half"]
    assert main(words) == 1
    assert capsys.readouterr().err == (
        "The plugin my.soft-half is off: `audiosr-desktop plugins enable my.soft-half` switches it on.\n"
    )
    assert not out.exists()
    assert main(["plugins", "enable", "my.soft-half", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["state"], facts["trusted"], facts["effects"]) == ("on", True, ["my.soft-half"])
    assert main(["plugins", "scan"]) == 0
    assert "my.soft-half" in capsys.readouterr().out
    assert main([*words, "--set", "halvings=2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["effect"] == "my.soft-half"
    before, after = (soundfile.read(path)[0] for path in (source, out))
    np.testing.assert_allclose(after, before / 4, atol=2 / 32768)
    assert main([*words, "--set", "halves=2", "--overwrite"]) == 2
    assert "there is no parameter named 'halves'" in capsys.readouterr().err
    assert main(["plugins", "disable", "my.soft-half"]) == 0
    assert listed(capsys)["my.soft-half"] == "off"


def test_batch_and_chains_take_plugins(source: Path, tmp_path: Path) -> None:
    assert main(["plugins", "enable", "example.stereo-width"]) == 0
    shutil.copy(source, tmp_path / "second.wav")
    preset = tmp_path / "narrow.json"
    preset.write_text('{"effects": [{"effect": "example.stereo-width", "values": {"width": 0}}]}')
    out = tmp_path / "out"
    words = ["batch", str(source), str(tmp_path / "second.wav"), "--out", str(out), "-q"]
    assert main([*words, "--chain", str(preset)]) == 0
    found = sorted(out.glob("*.wav"))
    assert [path.name for path in found] == ["in_narrow.wav", "second_narrow.wav"]
    for path in found:
        samples = soundfile.read(path)[0]
        np.testing.assert_array_equal(samples[:, 0], samples[:, 1])


def test_a_plugin_that_raises_ends_in_one_sentence(
    source: Path, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugins", "new", "raises"]) == 0
    (home / "raises" / "raises.py").write_text(RAISES)
    assert main(["plugins", "enable", "my.raises"]) == 0
    capsys.readouterr()
    out = tmp_path / "out.wav"
    words = ["restore", str(source), "-o", str(out), "--effect", "my.raises"]
    assert main(words) == 1
    assert capsys.readouterr().err == "Raises failed with RuntimeError: no; nothing was changed.\n"
    assert not out.exists()
    assert main(words) == 1
    assert "failed (Raises failed with RuntimeError: no" in capsys.readouterr().err
    assert listed(capsys)["my.raises"] == "failed"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["plugins", "enable", "no.such"], 1, "There is no plugin 'no.such'"),
        (["plugins", "disable", "no.such"], 1, "There is no plugin 'no.such'"),
        (["plugins", "new", "Bad Name"], 1, "small letters"),
        (["restore", "x.wav", "-o", "y.wav", "--effect", "no.such"], 1, "There is no effect 'no.such'"),
        (["restore", "x.wav", "-o", "y.wav", "--effect", "nosuch"], 2, "'nosuch' is neither one of"),
    ],
)
def test_wrong_words(words, code, sentence, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == code
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
