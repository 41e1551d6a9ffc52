import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from audiosr_desktop.training import calibrate

pytestmark = pytest.mark.torch


def test_the_gain_makes_up_for_the_median_error(packed_corpus, tmp_path, monkeypatch, capsys):
    tiny_bundle = pytest.importorskip("tiny_bundle", reason="needs onnx")
    tiny_folder = tiny_bundle.build_tiny_bundle(tmp_path / "tiny")
    errors = {
        4_000.0: [-9.0, -4.0, -3.0, 1.0, -3.5],
        8_000.0: [-1.0] * 5,
        12_000.0: [2.0, 9.0, 9.0, 9.0, 2.0],
    }
    asked: dict[float, dict[int, int]] = {}

    def error_db(_, __, cutoff_hz, steps):
        place = asked.setdefault(cutoff_hz, {}).setdefault(steps, 0)
        asked[cutoff_hz][steps] += 1
        return errors[cutoff_hz][place] - 1.0 / steps

    monkeypatch.setattr(calibrate, "level_error_db", error_db)
    assert calibrate.main([str(tiny_folder), str(packed_corpus), "--examples", "5"]) == 0
    manifest = json.loads((tiny_folder / "manifest.json").read_text())
    assert manifest["band_gain_db"] == {
        quality: [[4_000.0, round(3.5 + 1 / steps, 2)], [8_000.0, round(1 + 1 / steps, 2)], [12_000.0, -6.0]]
        for quality, steps in manifest["default_steps"].items()
    }
    draft = manifest["default_steps"]["draft"]
    assert f"4000 Hz {3.5 + 1 / draft:+.2f} dB" in capsys.readouterr().out


def test_a_level_error_is_measured_on_restored_sound(tiny_folder):
    bundle = calibrate.load_bundle(tiny_folder)
    restorer = calibrate.Restorer(calibrate.run_job(calibrate.open_sessions(bundle, "cpu", 1)))
    sound = np.random.default_rng(0).normal(0, 0.05, (1, 96_000)).astype(np.float32)
    quiet = calibrate.level_error_db(restorer, sound, 6_000.0, 1)
    assert np.isfinite(quiet)
    assert abs(calibrate.level_error_db(restorer, 0.5 * sound, 6_000.0, 1)) < 60.0
