"""The evaluation measures each system on each file, and says so in three formats."""

import csv
import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from test_evaluation_picture import read_png

from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import SoundError
from audiosr_desktop.evaluation import report
from audiosr_desktop.evaluation.evaluate import Pictures, Plan, evaluate, find_files, kind_of
from audiosr_desktop.evaluation.systems import Mender, Model, System, baseline_systems, effect_system, menders
from audiosr_desktop.evaluation.table import MendResult, Result, Skipped, Table
from audiosr_desktop.job import Progress, run_job

RATE = 48_000


def write(path, seconds=0.5, rate=RATE, channels=1, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


@pytest.fixture
def files(tmp_path):
    return [write(tmp_path / "data" / name, seed=n) for n, name in enumerate(["music_a.wav", "speech_b.wav"])]


def truth_system():
    return System("truth", lambda samples, cutoff_hz, rng: samples, uses_truth=True)


def test_kind_is_the_prefix_or_else_the_folder():
    assert kind_of(Path("x/music_ivory.flac")) == "music"
    assert kind_of(Path("x/speech/p225.wav")) == "speech"
    assert kind_of(Path("effects/_odd.wav")) == "effects"


def test_files_are_found_in_folders(tmp_path, files):
    (tmp_path / "data" / "notes.txt").write_text("no sound")
    assert find_files(tmp_path) == files
    assert find_files(files[0]) == [files[0]]
    with pytest.raises(SoundError, match="no sound file"):
        find_files(tmp_path / "empty")


def test_rows_tell_systems_apart(files, run_scratch):
    systems = [*baseline_systems().values(), truth_system()]
    table = run_job(
        evaluate(systems, files, Plan((4_000, 8_000), band_limits=("resample", "ellip")), scratch=run_scratch)
    )
    assert len(table.results) == 2 * 4 * 2 * 2
    rows = {(row.system, row.band_limit, row.cutoff_hz, row.kind): row for row in table.rows()}
    for limit in ("resample", "ellip"):
        for kind in ("music", "speech", "all"):
            truth = rows["truth", limit, 4_000, kind]
            assert truth.lsd == pytest.approx(0.0, abs=1e-6)
            assert truth.energy_high_db == pytest.approx(0.0, abs=1e-6)
            nothing, fill = (rows[name, limit, 4_000, kind] for name in ("unprocessed", "noise-fill"))
            assert nothing.lsd > 3 > fill.lsd
            assert nothing.energy_high_db < -20 < fill.energy_high_db
            assert nothing.rtf < 0.1
    assert rows["truth", "ellip", 8_000, "all"].files == 2


def test_same_seed_same_figures(files, run_scratch):
    def figures(seed):
        systems, mending = [baseline_systems()["noise-fill"]], [Mender("same", lambda samples, kind: samples)]
        plan = Plan((4_000,), seed=seed, longest_s=0.3)
        table = run_job(evaluate(systems, files, plan, scratch=run_scratch, menders=mending))
        return [result.lsd for result in (*table.results, *table.mended)]

    assert figures(1) == figures(1) != figures(2)


def test_progress_rises_to_one_and_names_the_file(files, run_scratch):
    seen = []
    run_job(evaluate([truth_system()], files, Plan((4_000, 8_000)), scratch=run_scratch), seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("speech_b.wav" in progress.stage for progress in seen)


def test_files_that_cannot_be_measured_on_are_left_out_and_named(files, tmp_path, run_scratch):
    data = tmp_path / "data"
    low = write(data / "music_low.wav", rate=16_000)
    soundfile.write(data / "music_silent.wav", np.zeros(9_600), RATE)
    soundfile.write(data / "music_short.wav", np.ones(100) * 0.1, RATE)
    soundfile.write(data / "music_nan.wav", np.full(9_600, np.nan), RATE, subtype="FLOAT")
    (data / "music_text.wav").write_text("no sound at all")
    (data / "music_empty.wav").touch()
    bad = [path for path in find_files(data) if path not in files]
    table = run_job(evaluate([truth_system()], find_files(data), Plan((4_000,)), scratch=run_scratch))
    assert {Path(result.path) for result in table.results} == set(files)
    assert [Path(item.path) for item in table.skipped] == bad
    assert all(item.reason for item in table.skipped)
    assert "16000 Hz" in report.markdown(table)
    with pytest.raises(SoundError, match=r"music_low\.wav"):
        run_job(evaluate([truth_system()], [low], Plan((4_000,)), scratch=run_scratch))


def test_other_rates_are_brought_to_48_khz(tmp_path, run_scratch):
    path = write(tmp_path / "music_cd.wav", rate=44_100, channels=2)
    shapes = []

    def run(samples, cutoff_hz, rng):
        shapes.append(samples.shape)
        return samples

    run_job(evaluate([System("probe", run)], [path], Plan((4_000,)), scratch=run_scratch))
    assert shapes == [(2, 24_000)]


class Doubler:
    """An effect that raises the level by 6 dB and notes the cutoff it was given."""

    id, title, seamless = "test.double", "Double", False
    parameters = (Parameter("cutoff_hz", "Cutoff", "float", 0.0), Parameter("factor", "Factor", "float", 2.0))

    def __init__(self):
        self.cutoffs = []

    def process(self, sound, region, values):
        self.cutoffs.append(values["cutoff_hz"])
        yield Progress(0.5, "Doubling")
        samples = sound.read(region.start, region.stop) * np.float32(values["factor"])
        return type(sound).from_array(samples, sound.sample_rate)


def test_effects_are_measured_as_systems(files, run_scratch):
    effect = Doubler()
    systems = [
        effect_system("told", effect, {}, run_scratch),
        effect_system("untold", effect, {"factor": 10 ** (-10 / 20)}, run_scratch, cutoff_parameter=None),
    ]
    table = run_job(evaluate(systems, files[:1], Plan((4_000,)), scratch=run_scratch))
    assert effect.cutoffs == [4_000, 0.0]
    told, untold = table.results
    assert told.si_sdr_low_db == pytest.approx(untold.si_sdr_low_db, abs=0.5)
    assert told.lsd != pytest.approx(untold.lsd, abs=0.01)


def test_evaluation_stopped_half_way_closes_the_effect(files, run_scratch):
    closed = []

    class Slow(Doubler):
        def process(self, sound, region, values):
            try:
                while True:
                    yield Progress(0.1, "Working")
            finally:
                closed.append(True)

    job = evaluate(
        [effect_system("slow", Slow(), {}, run_scratch)], files, Plan((4_000,)), scratch=run_scratch
    )
    for _ in range(20):
        next(job)
    job.close()
    assert closed == [True]


def test_wrong_shapes_and_empty_lists_are_errors(files, run_scratch):
    cut = System("cut", lambda samples, cutoff_hz, rng: samples[:, :-1])
    with pytest.raises(SoundError, match="cut made"):
        run_job(evaluate([cut], files, Plan((4_000,)), scratch=run_scratch))
    with pytest.raises(SoundError, match="needs a file"):
        run_job(evaluate([], files, scratch=run_scratch))
    with pytest.raises(SoundError, match="needs a file"):
        run_job(evaluate([truth_system()], files, Plan(()), scratch=run_scratch))
    with pytest.raises(SoundError, match="24000 Hz"):
        Plan((30_000,))


def test_menders_are_given_the_damage_and_measured_on_what_they_are_for(files, run_scratch):
    seen = []

    def mute(samples, kind):
        seen.append(kind)
        yield Progress(0.5, "Muting")
        return samples * np.float32(0.5)

    mending = [Mender("same", lambda samples, kind: samples), Mender("quieter", mute, ("white",))]
    table = run_job(evaluate([], files, scratch=run_scratch, menders=mending))
    assert seen == ["white", "white"]
    rows = {(row.system, row.damage, row.kind): row for row in table.mend_rows()}
    assert rows["same", "tone 0.1", "all"].suppression_db == pytest.approx(0.0, abs=1e-4)
    assert rows["same", "white 20 dB", "music"].si_sdr_db == pytest.approx(20.0, abs=0.2)
    assert rows["quieter", "white 20 dB", "all"].si_sdr_gain_db == pytest.approx(0.0, abs=1e-4)
    assert math.isnan(rows["same", "white 20 dB", "all"].suppression_db)
    assert ("quieter", "tone 0.1", "all") not in rows


def test_the_effects_mend_what_they_are_made_for(tmp_path, run_scratch):
    time = np.arange(4 * RATE) / RATE
    rng = np.random.default_rng(0)
    melody = sum(0.05 * np.sin(2 * np.pi * hz * time) * np.exp(-5 * (time % 0.5)) for hz in (220, 550, 1_310))
    soundfile.write(tmp_path / "music_a.wav", melody + 1e-4 * rng.standard_normal(time.size), RATE)
    known = menders(built_in_effects(Engines(), run_scratch), run_scratch)
    job = evaluate([], [tmp_path / "music_a.wav"], Plan(), scratch=run_scratch, menders=known[:2])
    rows = {(row.system, row.damage): row for row in run_job(job).mend_rows()}
    assert rows["effect", "tone 0.1"].suppression_db > 20
    assert rows["effect", "white 20 dB"].si_sdr_gain_db > 1
    assert rows["effect", "gaps 50 ms"].gap_lsd < rows["unprocessed", "gaps 50 ms"].gap_lsd


def tiny_model(tiny_folder):
    bundle = load_bundle(tiny_folder)
    return Model(bundle, Engines(1, find=lambda _: bundle))


def test_a_model_is_measured_by_quality_steps_true_mel_and_whole(
    files, tiny_folder, run_scratch, no_threads_left
):
    model = tiny_model(tiny_folder)
    assert not model.is_noise_aware
    systems = [*model.systems(("draft", "best"), (1, 3), run_scratch), model.true_mel()]
    mending = [Mender("same", lambda samples, kind: samples), model.mender()]
    plan = Plan((4_000,), damages=("white",))
    table = run_job(evaluate(systems, files[:1], plan, scratch=run_scratch, menders=mending))
    lsd = {result.system: result.lsd for result in table.results}
    assert list(lsd) == ["tiny-draft", "tiny-best", "tiny-1-step", "tiny-3-steps", "gt-mel-tiny"]
    assert lsd["tiny-draft"] == lsd["tiny-1-step"] != lsd["tiny-3-steps"]
    assert table.steps == {"tiny-1-step": 1, "tiny-3-steps": 3}
    assert [result.system for result in table.mended] == ["same", "tiny-noise"]
    assert 0 < table.mended[1].lsd < 5


def test_a_bundle_trained_on_noise_says_so(tmp_path):
    tiny_bundle = pytest.importorskip("tiny_bundle", reason="onnx is not installed")
    by_task = tiny_bundle.build_tiny_bundle(tmp_path / "task", tasks=["super-resolution", "denoise"])
    by_mel = tiny_bundle.build_tiny_bundle(tmp_path / "mel", condition="degraded_mel")
    assert tiny_model(by_task).is_noise_aware
    assert tiny_model(by_mel).is_noise_aware


def test_report_files_hold_the_rows(files, tmp_path, run_scratch):
    folder = tmp_path / "report"
    many = System("two-steps", lambda samples, cutoff_hz, rng: samples, steps=2)
    systems = [baseline_systems()["noise-fill"], truth_system(), many]
    mending = [Mender("same", lambda samples, kind: samples)]
    plan = Plan((4_000, 8_000), pictures=Pictures(folder / "spectrograms"))
    table = run_job(evaluate(systems, files, plan, scratch=run_scratch, menders=mending))
    names = [path.name for path in report.write(table, folder)]
    assert names == [
        *("table.md", "table.csv", "damage.csv"),
        *("lsd_by_cutoff_resample.png", "lsd_by_step_resample.png"),
    ]
    rows = list(csv.DictReader((folder / "table.csv").read_text().splitlines()))
    assert len(rows) == len(table.rows()) == 2 * 3 * 3
    assert float(rows[0]["lsd"]) == pytest.approx(table.rows()[0].lsd, rel=1e-5)
    damage = list(csv.DictReader((folder / "damage.csv").read_text().splitlines()))
    assert len(damage) == len(table.mend_rows())
    assert {row["damage"] for row in damage} >= {"tone 0.01", "white 20 dB"}
    assert json.loads(json.dumps(table.as_dict()))["rows"][0]["system"] == "noise-fill"
    for path in [*folder.glob("*.png"), *folder.glob("spectrograms/*.png")]:
        assert min(read_png(path).shape[:2]) > 300
    # a file of each kind: three systems at two cutoffs and one mender on each damage
    count = len({result.damage for result in table.mended})
    assert len(list(folder.glob("spectrograms/*.png"))) == 2 * (3 * 2 + count)


def test_every_file_can_be_drawn_and_nothing_drawn_of_the_unprocessed(tmp_path, run_scratch):
    files = [write(tmp_path / f"music_{n}.wav", seed=n) for n in range(2)]
    plan = Plan((4_000,), pictures=Pictures(tmp_path / "all", every_file=True))
    systems = [baseline_systems()["unprocessed"], truth_system()]
    run_job(evaluate(systems, files, plan, scratch=run_scratch))
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == [
        "music_0_resample-4000-Hz_truth.png",
        "music_1_resample-4000-Hz_truth.png",
    ]


def test_tables_for_people_have_whole_rows_in_order():
    def result(kind, system, cutoff_hz, value):
        return Result("f", kind, system, "resample", cutoff_hz, value, value, value, value, 0.1)

    results = [
        result(kind, system, cutoff_hz, value)
        for kind in ("speech", "music")
        for cutoff_hz in (4_000.0, 8_000.0)
        for system, value in (("one", 1.0), ("two", math.nan))
    ]
    mended = MendResult("f", "music", "one", "tone 0.1", 1.0, 60.0, -50.0, math.nan, math.nan, math.nan, 0.1)
    text = report.markdown(Table(tuple(results), (Skipped("x.wav", "it is silent"),), (mended,)))
    headings = [line for line in text.splitlines() if line.startswith("###")]
    assert [heading.split(",")[0] for heading in headings] == [
        *("### Music", "### Speech", "### All kinds", "### All kinds", "### Music: damage mended"),
        "### For reference",
    ]
    assert "| System | 4 kHz | 8 kHz |" in text
    assert "| one | 1.00 (+1.0) | 1.00 (+1.0) |" in text
    assert "| two | – (–) | – (–) |" in text
    assert "| one | tone 0.1 | 1 | 1.00 | 60.00 | -50.00 | – | – | – | 0.10 |" in text
    assert "measured on other data" in text
    assert text.endswith("- x.wav: it is silent\n")
    widths = [line.count("|") for line in text.splitlines()]
    assert all(a == b for a, b in pairwise(widths) if a and b)


def test_means_are_over_files_then_over_kinds():
    def result(kind, value, rtf=0.1):
        return Result("f", kind, "s", "resample", 4_000.0, value, value, value, value, rtf)

    table = Table(
        (
            result("music", 1.0),
            result("music", 3.0, 0.2),
            result("music", math.nan, 9.0),
            result("speech", 6.0),
        ),
        (Skipped("x.wav", "it is silent"),),
    )
    music, speech, all_kinds = table.rows()
    assert (music.kind, music.files, music.lsd, music.rtf) == ("music", 3, 2.0, 0.2)
    assert speech.lsd == 6.0
    assert (all_kinds.kind, all_kinds.lsd, all_kinds.files) == ("all", 4.0, 4)
    values = table.as_dict()
    assert values["rows"][2]["lsd"] == 4.0
    assert values["skipped"] == [{"path": "x.wav", "reason": "it is silent"}]
