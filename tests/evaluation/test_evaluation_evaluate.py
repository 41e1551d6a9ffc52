"""The evaluation measures each system on each file, and says so in three formats."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.errors import AudioFileError, SoundError
from audiosr_desktop.evaluation.evaluate import (
    System,
    baseline_systems,
    effect_system,
    evaluate,
    find_files,
    kind_of,
)
from audiosr_desktop.evaluation.table import Result, Skipped, Table
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
        evaluate(systems, files, (4_000, 8_000), scratch=run_scratch, band_limits=("resample", "ellip"))
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
        job = evaluate(
            [baseline_systems()["noise-fill"]], files, (4_000,), scratch=run_scratch, seed=seed, longest_s=0.3
        )
        return [result.lsd for result in run_job(job).results]

    assert figures(1) == figures(1) != figures(2)


def test_progress_rises_to_one_and_names_the_file(files, run_scratch):
    seen = []
    run_job(evaluate([truth_system()], files, (4_000, 8_000), scratch=run_scratch), seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("speech_b.wav" in progress.stage for progress in seen)


def test_files_without_a_truth_are_left_out_and_named(files, tmp_path, run_scratch):
    low = write(tmp_path / "data" / "music_low.wav", rate=16_000)
    silent = tmp_path / "data" / "music_silent.wav"
    soundfile.write(silent, np.zeros(4_800), RATE)
    table = run_job(evaluate([truth_system()], [*files, low, silent], (4_000,), scratch=run_scratch))
    assert len(table.results) == 2
    assert [Path(item.path).name for item in table.skipped] == ["music_low.wav", "music_silent.wav"]
    assert "16000 Hz" in table.markdown()


def test_other_rates_are_brought_to_48_khz(tmp_path, run_scratch):
    path = write(tmp_path / "music_cd.wav", rate=44_100, channels=2)
    shapes = []

    def run(samples, cutoff_hz, rng):
        shapes.append(samples.shape)
        return samples

    run_job(evaluate([System("probe", run)], [path], (4_000,), scratch=run_scratch))
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
    table = run_job(evaluate(systems, files[:1], (4_000,), scratch=run_scratch))
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

    job = evaluate([effect_system("slow", Slow(), {}, run_scratch)], files, (4_000,), scratch=run_scratch)
    for _ in range(20):
        next(job)
    job.close()
    assert closed == [True]


def test_missing_file_and_wrong_shape_and_empty_list_are_errors(files, tmp_path, run_scratch):
    with pytest.raises(AudioFileError):
        run_job(evaluate([truth_system()], [tmp_path / "music_none.wav"], (4_000,), scratch=run_scratch))
    cut = System("cut", lambda samples, cutoff_hz, rng: samples[:, :-1])
    with pytest.raises(SoundError, match="cut made"):
        run_job(evaluate([cut], files, (4_000,), scratch=run_scratch))
    with pytest.raises(SoundError, match="needs a system"):
        run_job(evaluate([], files, (4_000,), scratch=run_scratch))
    with pytest.raises(SoundError, match="24000 Hz"):
        run_job(evaluate([truth_system()], files, (30_000,), scratch=run_scratch))


def test_report_files_hold_the_rows(files, tmp_path, run_scratch):
    pictures = tmp_path / "report" / "spectrograms"
    systems = [baseline_systems()["noise-fill"], truth_system()]
    table = run_job(evaluate(systems, files, (4_000,), scratch=run_scratch, pictures=pictures))
    written = table.write(tmp_path / "report")
    assert [path.name for path in written] == ["table.csv", "table.md", "lsd_resample_4000.png"]
    assert len(list(pictures.glob("*.png"))) == 2
    rows = list(csv.DictReader(written[0].read_text().splitlines()))
    assert len(rows) == len(table.rows()) == 6
    assert float(rows[0]["lsd"]) == pytest.approx(table.rows()[0].lsd, rel=1e-5)
    lines = written[1].read_text().splitlines()
    assert len(lines) == 8
    assert all(line.count("|") == lines[0].count("|") for line in lines)
    assert written[2].read_bytes().startswith(b"\x89PNG")


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
