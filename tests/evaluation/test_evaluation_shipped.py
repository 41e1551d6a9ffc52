"""The shipped model against shaped noise that learned nothing, on sound it never saw."""

from pathlib import Path

import pytest

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.evaluation.evaluate import Plan, evaluate, find_files
from audiosr_desktop.evaluation.systems import baseline_systems, effect_system
from audiosr_desktop.job import run_job

pytestmark = pytest.mark.model

CLIPS = Path(__file__).parents[1] / "clips"


@pytest.mark.parametrize("cutoff_hz", [4_000.0, 8_000.0])
def test_the_model_beats_the_noise_fill_on_every_kind_of_sound(cutoff_hz, tmp_path):
    with Scratch.create(tmp_path) as scratch:
        compact = effect_system("compact", SuperResolution(Engines(1), scratch), {}, scratch)
        systems = [baseline_systems()["noise-fill"], compact]
        table = run_job(
            evaluate(systems, find_files(CLIPS), Plan([cutoff_hz], longest_s=6.0), scratch=scratch)
        )
    distances = {(result.kind, result.system): result.lsd for result in table.results}
    for kind in ("music", "speech", "effects"):
        assert distances[kind, "compact"] < distances[kind, "noise-fill"] - 0.03
