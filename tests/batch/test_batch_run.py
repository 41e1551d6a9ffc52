"""A run: what is written where, what stays, what fails without stopping the rest."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import batch_kit
import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from audiosr_desktop.batch import crew as crew_module
from audiosr_desktop.batch.api import fill_queue, local_crew, open_queue, recipe_of, run_batch, settings_for
from audiosr_desktop.batch.crew import ThreadCrew
from audiosr_desktop.batch.placing import Placer
from audiosr_desktop.batch.queue import Queue
from audiosr_desktop.batch.recipe import Recipe
from audiosr_desktop.batch.runner import Runner
from audiosr_desktop.batch.sources import STATE_FOLDER
from audiosr_desktop.errors import BatchError, BundleError, EffectError
from audiosr_desktop.job import Job, run_job

SAME_NAME = "{name}.{ext}"

pytestmark = pytest.mark.usefixtures("no_threads_left")


@pytest.fixture
def filled(tmp_path: Path, sources: Path, gain: Recipe) -> Iterator[Queue]:
    """A queue of the four files, ready to run."""
    queue = open_queue(tmp_path / "out")
    run_job(fill_queue(queue, [sources], settings_for(gain, tmp_path / "out"), resume=False))
    yield queue
    queue.close()


def states(report: dict[str, object]) -> dict[str, str]:
    files = report["files"]
    assert isinstance(files, list)
    return {Path(row["source"]).name: row["state"] for row in files}


def test_every_file_gets_its_result_in_the_tree(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    out = tmp_path / "out"
    report = run_batch([sources], out, gain)
    assert set(batch_kit.results(out)) == {
        "a_gain.wav",
        "b_gain.flac",
        "sub/c_gain.wav",
        "sub/deep/d_gain.flac",
    }
    before, _ = soundfile.read(sources / "sub" / "c.wav")
    after, rate = soundfile.read(out / "sub" / "c_gain.wav")
    assert rate == 48_000
    assert np.abs(after - before * 10 ** (-6 / 20)).max() <= 1.0 / 32768
    row = report["files"][0]
    assert row["effects"] == ["audiosr.gain"]
    assert row["loudness_lufs_after"] == pytest.approx(row["loudness_lufs_before"] - 6.0, abs=0.05)
    assert row["true_peak_dbtp_after"] == pytest.approx(row["true_peak_dbtp_before"] - 6.0, abs=0.05)
    assert report["summary"]["done"] == 4
    assert [path.name for path in (out / STATE_FOLDER).iterdir() if path.is_dir()] == []


def test_metadata_stays_with_its_file(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    tags = FLAC(sources / "b.flac")
    tags["title"] = "Ünder"
    tags.save()
    run_batch([sources], tmp_path / "out", gain)
    assert FLAC(tmp_path / "out" / "b_gain.flac")["title"] == ["Ünder"]
    assert "title" not in FLAC(tmp_path / "out" / "sub" / "deep" / "d_gain.flac")


def test_bad_files_stop_no_other(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    bad = batch_kit.write_bad_files(tmp_path / "in" / "sub" / "deep")
    report = run_batch([sources], tmp_path / "out", gain)
    assert report["summary"]["done"] == 4
    assert report["summary"]["failed"] == 7
    reasons = {Path(row["source"]).name: row["reason"] for row in report["files"] if row["state"] == "failed"}
    assert set(reasons) == {path.name for path in bad} - {"d.flac"}
    assert len(set(reasons.values())) == 7
    assert "not a number" in reasons["nan.wav"]
    assert "12 channels" in reasons["many.wav"]


def test_strange_names_all_get_results(tmp_path: Path, gain: Recipe) -> None:
    folder = tmp_path / "in"
    names = [
        "with space.wav",
        "ünï Ω 音.wav",
        "x" * 250 + ".wav",
        "x" * 249 + "y.wav",
        "Same.wav",
        "same.wav",
        "quo'te\".wav",
    ]
    for seed, name in enumerate(names):
        batch_kit.write_sound(folder / name, seed)
    report = run_batch([folder], tmp_path / "out", gain)
    assert report["summary"]["done"] == len(names)
    found = batch_kit.results(tmp_path / "out")
    assert len(found) == len(names)
    assert {"same_gain-2.wav", "Same_gain.wav", "ünï Ω 音_gain.wav"} <= set(found)


def test_files_of_one_name_from_several_folders(tmp_path: Path, gain: Recipe) -> None:
    paths = [batch_kit.write_sound(tmp_path / folder / "x.wav", seed) for seed, folder in enumerate("abc")]
    for rule in ("number", "overwrite"):
        out = tmp_path / rule
        run_batch(paths, out, gain, template=SAME_NAME, on_clash=rule)  # type: ignore[arg-type]
        assert set(batch_kit.results(out)) == {"x.wav", "x-2.wav", "x-3.wav"}


@pytest.mark.parametrize(
    ("rule", "expected"), [("number", "a-2.wav"), ("skip", None), ("overwrite", "a.wav")]
)
def test_clash_rules(tmp_path: Path, sources: Path, gain: Recipe, rule: str, expected: str | None) -> None:
    out = tmp_path / "out"
    batch_kit.write_sound(out / "a.wav", 50)
    before = (out / "a.wav").read_bytes()
    report = run_batch([sources / "a.wav"], out, gain, template=SAME_NAME, on_clash=rule)  # type: ignore[arg-type]
    row = report["files"][0]
    assert row["target"] == (str(out / expected) if expected else None)
    assert row["state"] == ("done" if expected else "skipped")
    assert ((out / "a.wav").read_bytes() == before) is (rule != "overwrite")


@pytest.mark.parametrize("rule", ["number", "skip", "overwrite"])
@pytest.mark.parametrize("how", ["itself", "symlink", "hardlink", "folder"])
def test_a_source_is_never_the_target(tmp_path: Path, gain: Recipe, rule: str, how: str) -> None:
    source = batch_kit.write_sound(tmp_path / "in" / "a.wav", 1)
    before = source.read_bytes()
    out = tmp_path / "out"
    if how == "itself":
        out = source.parent
    elif how == "folder":
        out.symlink_to(source.parent, target_is_directory=True)
    else:
        out.mkdir()
        (os.symlink if how == "symlink" else os.link)(source, out / "a.wav")
    run_batch([source], out, gain, template=SAME_NAME, on_clash=rule)  # type: ignore[arg-type]
    assert source.read_bytes() == before
    if how != "folder":
        assert (out / "a.wav").samefile(source)
    assert (out / "a-2.wav").exists() is (rule != "skip")


def test_resume_does_only_what_changed(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    out = tmp_path / "out"
    run_batch([sources], out, gain, template=SAME_NAME)
    before = batch_kit.stamps(out)
    batch_kit.write_sound(sources / "a.wav", 77)
    (out / "b.flac").unlink()
    batch_kit.write_sound(sources / "new.wav", 8)
    (sources / "sub" / "c.wav").touch()  # another time, the same bytes
    report = run_batch([sources], out, gain, template=SAME_NAME, resume=True)
    now = batch_kit.stamps(out)
    assert set(now) == {*before, "new.wav", "a-2.wav"}
    assert {name for name in before if now[name] != before[name]} == {"b.flac"}
    assert report["summary"]["done"] == 5

    run_batch(
        [sources], out, recipe_of("gain", gain_db=3.0), template=SAME_NAME, on_clash="overwrite", resume=True
    )
    assert not set(batch_kit.stamps(out).items()) & {(name, now[name]) for name in before if name != "a.wav"}


def test_without_resume_the_queue_begins_anew(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    run_batch([sources], tmp_path / "out", gain)
    report = run_batch([sources / "a.wav"], tmp_path / "out", gain)
    assert [Path(row["target"]).name for row in report["files"]] == ["a_gain-2.wav"]


def test_pause_finishes_what_is_begun(filled: Queue) -> None:
    runner = Runner(filled, lambda: local_crew(1), on_end=lambda _item: runner.pause())
    summary = run_job(runner.run())
    assert summary.left + summary.done == 4
    assert summary.failed == 0
    runner.go_on()
    assert run_job(runner.run()).done == 4


def test_closing_the_run_leaves_nothing_half(tmp_path: Path, filled: Queue) -> None:
    job = Runner(filled, lambda: local_crew(1)).run()
    for _ in range(3):
        next(job)
    job.close()
    counts = filled.counts()
    assert counts["queued"] + counts["done"] == 4
    assert len(batch_kit.results(tmp_path / "out")) == counts["done"]
    assert run_job(Runner(filled, lambda: local_crew(1)).run()).done == 4


def test_what_was_complete_but_not_in_place_is_brought_there(
    tmp_path: Path, filled: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_source: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("audiosr_desktop.batch.placing.put_in_place", dies)
        patch.setattr(Placer, "remove_partial", lambda _self: None)  # as a kill leaves it
        run_job(Runner(filled, lambda: local_crew(1)).run())
    written = filled.items("written")
    assert len(written) == 1
    assert written[0].staged is not None
    number = written[0].staged.stat().st_ino
    assert run_job(Runner(filled, lambda: local_crew(1)).run()).done == 4
    assert written[0].target is not None
    assert written[0].target.stat().st_ino == number, "it was done again"


def test_files_may_be_added_and_moved_while_it_runs(filled: Queue, sources: Path) -> None:
    ended: list[str] = []
    late = batch_kit.write_sound(sources / "late.wav", 9)
    from audiosr_desktop.batch.sources import find_sources

    def on_end(item: object) -> None:
        if not ended:
            filled.add(run_job(find_sources([late])))
        ended.append(item.path.name)  # type: ignore[attr-defined]

    assert run_job(Runner(filled, lambda: local_crew(1), on_end=on_end).run()).done == 5
    assert ended[-1] == "late.wav"


def test_progress_never_falls_and_tells_the_time_left(filled: Queue) -> None:
    told = list(Runner(filled, lambda: local_crew(1)).run())
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert any("left" in progress.stage for progress in told)


def test_processes_give_the_same_bytes(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    batch_kit.write_bad_files(sources / "bad")
    one = run_batch([sources], tmp_path / "one", gain)
    two = run_batch([sources], tmp_path / "two", gain, jobs=2)
    assert batch_kit.results(tmp_path / "two") == batch_kit.results(tmp_path / "one")
    assert states(one) == states(two)


def test_a_fault_in_one_file_is_told_and_stops_no_other(
    filled: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = crew_module.Workshop.compute

    def faulty(self: crew_module.Workshop, prepared: crew_module.Prepared) -> Job[crew_module.Computed]:
        if prepared.task.source.name == "b.flac":
            raise RuntimeError("a mistake")
        if prepared.task.source.name == "a.wav":
            raise MemoryError
        return compute(self, prepared)

    def guarded(self: crew_module.Workshop, prepared: crew_module.Prepared) -> Job[crew_module.Computed]:
        return (yield from faulty(self, prepared))

    monkeypatch.setattr(crew_module.Workshop, "compute", guarded)
    summary = run_job(Runner(filled, ThreadCrew).run())
    assert (summary.done, summary.failed) == (2, 2)
    reasons = [item.reason for item in filled.items("failed")]
    assert "not enough memory" in reasons[0]
    assert "fault in the program (RuntimeError: a mistake)" in reasons[1]


def test_a_model_that_is_not_there_is_told_before_anything_is_done(tmp_path: Path) -> None:
    recipe = recipe_of("super-resolution", model="nowhere")
    with pytest.raises(BundleError, match="nowhere"):
        settings_for(recipe, tmp_path / "out")
    with pytest.raises(BatchError, match="no effect 'sing'"):
        recipe_of("sing")
    with pytest.raises(EffectError, match="no parameter"):
        recipe_of("gain", volume=3)


def test_a_full_disk_fails_the_file_and_leaves_the_old_one(tmp_path: Path, gain: Recipe) -> None:
    if not batch_kit.has_root():
        pytest.skip("mounting a small disk needs root")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine mounts no tmpfs")
    try:
        sources = [batch_kit.write_sound(tmp_path / "in" / f"{seed}.wav", seed, 0.5) for seed in range(6)]
        report = run_batch(sources, small, gain)
        assert report["summary"]["failed"] > 0
        assert report["summary"]["done"] > 0
        assert all(
            "MB free" in row["reason"] or "full" in row["reason"] for row in report["files"] if row["reason"]
        )
        for name in batch_kit.results(small):
            assert soundfile.info(small / name).frames == 24_000
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_target_that_cannot_be_written(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(BatchError, match="is a file"):
        run_batch([sources], tmp_path / "out", gain)
    out = tmp_path / "elsewhere"
    out.mkdir()
    (out / "sub").touch()  # where a folder of the tree belongs
    report = run_batch([sources], out, gain)
    assert states(report) == {"a.wav": "done", "b.flac": "done", "c.wav": "failed", "d.flac": "failed"}
    assert "cannot be written" in report["files"][2]["reason"]


@pytest.mark.skipif(batch_kit.has_root(), reason="root writes everywhere")
def test_a_read_only_target(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    with pytest.raises(BatchError, match="cannot be opened"):
        run_batch([sources], out, gain)


def test_two_runs_do_not_meet(tmp_path: Path, filled: Queue, sources: Path, gain: Recipe) -> None:
    with filled.working(), pytest.raises(BatchError, match="Another run"):
        run_batch([sources], tmp_path / "out", gain)
    shutil.rmtree(tmp_path / "out" / "missing", ignore_errors=True)
