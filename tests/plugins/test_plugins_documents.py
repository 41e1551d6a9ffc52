"""What the help says is what runs."""

import re

import numpy as np

from audiosr_desktop import paths


def test_the_effect_in_the_help_runs(plugin_home, apply_plugin, stereo) -> None:
    text = (paths.resources_dir() / "help" / "plugins.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```(python|toml)\n(.*?)```", text, re.DOTALL))
    assert len([line for line in blocks["python"].splitlines() if line.strip()]) <= 20
    folder = plugin_home / "drive"
    folder.mkdir(parents=True)
    (folder / "drive.py").write_text(blocks["python"])
    (folder / "plugin.toml").write_text(blocks["toml"])
    driven = apply_plugin("my.drive", {"drive_db": 6.0}).read(0, stereo.length)
    gain = 10 ** (6 / 20)
    np.testing.assert_allclose(
        driven, np.tanh(gain * stereo.read(0, stereo.length)) / np.tanh(gain), rtol=1e-4, atol=1e-7
    )
