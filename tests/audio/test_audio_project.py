"""Projects and autosaves: what is saved comes back, what is damaged is refused, a killed run is recovered."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio import journal
from audiosr_desktop.audio.files import open_sound, probe
from audiosr_desktop.audio.history import History, Span, State, Step, space_bytes
from audiosr_desktop.audio.lanes import picked, put_back
from audiosr_desktop.audio.links import MissingStore
from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.mask import HOP, ROWS, Mask
from audiosr_desktop.audio.project import ProjectFile, missing_sources, save_as, source_paths
from audiosr_desktop.audio.project_database import Kind
from audiosr_desktop.audio.project_values import Contents
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.run_folders import holding
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch, ScratchStore, SilenceStore
from audiosr_desktop.audio.stored_samples import StoredSamples
from audiosr_desktop.audio.takes import Take, TakeSet
from audiosr_desktop.errors import AudioFileError, ProjectError
from audiosr_desktop.job import run_job

RATE = 48_000
_GAINS = np.zeros((ROWS, 3), np.uint8)
_GAINS[100:200, 1] = 77
MASKED = Region(5, 2_000, 500.0, None, Mask(0, HOP, _GAINS))


def write_source(path: Path, seconds: float = 2.0, subtype: str = "PCM_24") -> Path:
    values = 0.1 * np.random.default_rng(7).standard_normal((round(seconds * RATE), 2))
    soundfile.write(path, values, RATE, subtype)
    return path


def samples(sound: Sound) -> np.ndarray:
    return sound.read(0, sound.length)


def scratch_sound(scratch: Scratch, seconds: float = 25.0) -> Sound:
    with scratch.writer(2) as writer:
        for block in range(round(seconds)):
            writer.write(np.full((2, RATE), 0.01 * block, np.float32))
        store = writer.finish()
    assert isinstance(store, ScratchStore)
    return Sound.from_store(store, RATE)


def contents_of(path: Path, scratch: Scratch, **changes: object) -> Contents:
    """A history of five steps over a file, an array, a scratch file and silence."""
    opened = run_job(open_sound(path, scratch))
    state = State(opened)
    steps: list[tuple[Step, State]] = []

    def then(text: str, sound: Sound, region: Region, **more: object) -> None:
        span = Span(region, text, {"seed": np.int64(3), "cutoff_hz": 6000.0})
        mark = Mark(Region(region.start, region.start), f"at {text}")
        last = steps[-1][1] if steps else state
        steps.append((Step(text, region, **more), State(sound, (*last.spans, span), (*last.marks, mark))))  # type: ignore[arg-type]

    part = Sound.from_array(np.full((2, 1000), 0.5, np.float32), RATE)
    then(
        "Gain",
        opened.splice(Region(500, 1500), part),
        Region(500, 1500),
        effect_id="audiosr.gain",
        values={"gain_db": 3.0, "on": True},
    )
    then("Paste", steps[-1][1].sound.splice(Region(100, 100), scratch_sound(scratch)), Region(100, 100))
    quiet = Sound.from_store(SilenceStore(2, 5_000), RATE)
    then("Silence", steps[-1][1].sound.splice(Region(0, 5_000), quiet), Region(0, 5_000), elapsed_s=1.5)
    then("Delete", steps[-1][1].sound.splice(Region(10, 90), opened.slice(0, 0)), Region(10, 90))
    history = History(state, tuple(steps), index=3, clean=1)
    contents = with_takes(Contents(history, probe(path), {"playhead": 12, "zoom": [0.5, 99.0]}))
    return replace(contents, **changes)  # type: ignore[arg-type]


def with_takes(contents: Contents) -> Contents:
    """Add takes of the first step: source and result are states, another result is none."""
    step, after = contents.history.steps[0]
    other = after.sound.splice(Region(500, 1500), Sound.from_array(np.full((2, 1000), 0.7), RATE))
    region = Region(500, 1500, 20.0, None, MASKED.mask)
    takes = (
        Take("Source", contents.history.base.sound, Step("Source", Region(500, 1500))),
        Take("Gain", after.sound, step, {"seed": 3}),
        Take(
            "Softer", other, replace(step, values={"gain_db": 1.0}), {"seed": np.int64(4), "warnings": ["w"]}
        ),
    )
    return replace(contents, takes=(TakeSet(region, takes),))


def same(one: Contents, other: Contents) -> None:
    assert one.history.index == other.history.index
    assert other.history.clean in (one.history.clean, other.history.index)  # a project was saved as it is
    assert [step for step, _ in one.history.steps] == [step for step, _ in other.history.steps]
    for before, after in zip(one.history.states(), other.history.states(), strict=True):
        assert np.array_equal(samples(before.sound), samples(after.sound))
        assert before.sound.sample_rate == after.sound.sample_rate
        assert before.marks == after.marks
        assert [(s.region, s.title) for s in before.spans] == [(s.region, s.title) for s in after.spans]
    assert (one.view, one.self_contained) == (other.view, other.self_contained)
    for ours, theirs in zip(one.takes, other.takes, strict=True):
        assert ours.region == theirs.region
        for a, b in zip(ours.takes, theirs.takes, strict=True):
            assert (a.name, a.step, dict(a.facts)) == (b.name, b.step, dict(b.facts))
            assert np.array_equal(samples(a.sound), samples(b.sound))
        assert theirs.sounds[0] is other.history.base.sound  # so that they are found again
        assert theirs.sounds[1] is other.history.steps[0][1].sound


def load(path: Path, scratch: Scratch, moved: dict[Path, Path] | None = None) -> Contents:
    return run_job(ProjectFile.open(path, "project").load(scratch, moved))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_source(tmp_path / "source.wav")


@pytest.mark.parametrize("self_contained", [False, True])
def test_a_project_comes_back_whole(
    tmp_path: Path, source: Path, run_scratch: Scratch, self_contained: bool
) -> None:
    contents = contents_of(source, run_scratch, self_contained=self_contained)
    path = tmp_path / "one.asrproj"
    run_job(save_as(path, contents))
    loaded = load(path, run_scratch)
    same(contents, loaded)
    assert loaded.info == contents.info
    assert dict(loaded.history.present.spans[0].details) == {"seed": 3, "cutoff_hz": 6000.0}
    if self_contained:
        source.unlink()
        same(contents, load(path, run_scratch))
        assert not missing_sources(loaded.history)


@pytest.mark.parametrize("kind", ["project", "autosave"])
def test_edits_of_one_channel_come_back(
    tmp_path: Path, source: Path, run_scratch: Scratch, kind: Kind
) -> None:
    contents = contents_of(source, run_scratch)
    history, region = contents.history, Region(200, 900, 100.0, None, channels=(1,))
    before = history.base.sound
    part = before.splice(Region(200, 900), Sound.from_array(np.full((2, 700), 0.25, np.float32), RATE))
    edited = put_back(before, picked(part, (1,)), (1,))
    after = State(edited, (Span(region, "Gain"),), (Mark(region, "here"),))
    changed = replace(history, steps=((Step("Gain", replace(region, mask=MASKED.mask)), after),), index=1)
    path = tmp_path / "one.asrproj"
    run_job(save_as(path, replace(contents, history=changed, takes=()), kind))
    found = run_job(ProjectFile.open(path, kind).load(run_scratch)).history
    loaded, step = found.present, found.steps[0][0]
    assert step.region.channels == (1,)
    assert step.region.mask == MASKED.mask
    assert step.values == {}
    assert np.array_equal(samples(loaded.sound), samples(edited))
    assert (loaded.spans, loaded.marks) == (after.spans, after.marks)
    assert (
        loaded.sound.pieces[0].store is loaded.sound.pieces[-1].store
    )  # beside the edit it is the file's own
    assert space_bytes(changed) == [0, 2 * 700 * 4]


@pytest.mark.parametrize("subtype", ["DOUBLE", "PCM_32"])
def test_a_self_contained_project_keeps_every_bit(tmp_path: Path, run_scratch: Scratch, subtype: str) -> None:
    source = write_source(tmp_path / "deep.wav", 0.1, subtype)
    sound = run_job(open_sound(source, run_scratch))
    run_job(
        save_as(tmp_path / "p.asrproj", Contents(History(State(sound)), probe(source), self_contained=True))
    )
    back = load(tmp_path / "p.asrproj", run_scratch).history.base.sound
    wanted = sound.read(0, sound.length, np.float64)
    assert np.array_equal(back.read(0, back.length, np.float64), wanted)


def test_a_save_writes_only_what_is_new(tmp_path: Path, source: Path, run_scratch: Scratch) -> None:
    contents = contents_of(source, run_scratch)
    history = contents.history
    file = run_job(save_as(tmp_path / "p.asrproj", contents))
    size = (tmp_path / "p.asrproj").stat().st_size
    assert size > 9_000_000
    step, state = Step("Note", Region(0, 0)), replace(history.steps[2][1], marks=(Mark(MASKED, "new"),))
    run_job(
        file.save(replace(contents, history=History(history.base, (*history.steps[:3], (step, state)), 4, 4)))
    )
    assert (tmp_path / "p.asrproj").stat().st_size < size + 20_000
    loaded = load(tmp_path / "p.asrproj", run_scratch)
    assert [s.text for s, _ in loaded.history.steps] == ["Gain", "Paste", "Silence", "Note"]
    assert loaded.history.present.marks == (Mark(MASKED, "new"),)


def test_samples_that_nothing_needs_leave_the_file(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    contents = contents_of(source, run_scratch)
    file = run_job(save_as(tmp_path / "p.asrproj", contents))
    base = History(contents.history.base)
    info, contents = contents.info, None  # type: ignore[assignment]
    run_job(file.save(Contents(base, info)))
    file.close()
    with sqlite3.connect(tmp_path / "p.asrproj") as connection:
        assert connection.execute("SELECT count(*) FROM samples").fetchone() == (0,)
    connection.close()


def test_samples_of_a_loaded_project_are_read_while_it_is_saved_again(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    path = tmp_path / "p.asrproj"
    run_job(save_as(path, contents_of(source, run_scratch)))
    file = ProjectFile.open(path, "project")
    loaded = run_job(file.load(run_scratch))
    pasted = loaded.history.present.sound  # as on the clipboard
    wanted = samples(pasted)
    assert any(isinstance(piece.store, StoredSamples) for piece in pasted.pieces)
    run_job(file.save(replace(loaded, history=History(loaded.history.base))))
    assert np.array_equal(samples(pasted), wanted)


def test_a_project_saved_elsewhere_is_not_overwritten(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    path = tmp_path / "p.asrproj"
    run_job(save_as(path, contents_of(source, run_scratch)))
    one, other = ProjectFile.open(path, "project"), ProjectFile.open(path, "project")
    loaded, again = run_job(one.load(run_scratch)), run_job(other.load(run_scratch))
    run_job(one.save(loaded))
    with pytest.raises(ProjectError, match="another window"):
        run_job(other.save(again))


def test_a_cancelled_save_leaves_the_project_as_it_was(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    path = tmp_path / "p.asrproj"
    contents = contents_of(source, run_scratch)
    file = run_job(save_as(path, Contents(History(contents.history.base), contents.info)))
    job = file.save(contents)
    for _ in range(5):
        next(job)
    job.close()
    assert not load(path, run_scratch).history.steps
    run_job(file.save(contents))
    same(contents, load(path, run_scratch))
    before = path.read_bytes()
    job = save_as(path, contents_of(source, run_scratch))
    next(job)
    job.close()
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*.part*"))


def test_missing_sources_are_found_beside_the_project_or_where_the_user_says(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    contents = contents_of(source, run_scratch)
    run_job(save_as(folder / "p.asrproj", contents))
    (tmp_path / "moved").mkdir()
    folder.rename(tmp_path / "moved" / "work")
    path = tmp_path / "moved" / "work" / "p.asrproj"
    source.rename(tmp_path / "moved" / "source.wav")  # still "../source.wav"
    same(contents, load(path, run_scratch))

    elsewhere = (tmp_path / "moved" / "source.wav").rename(tmp_path / "other name.wav")
    loaded = load(path, run_scratch)
    assert [link.path for link in missing_sources(loaded.history)] == [source]
    assert loaded.history.base.sound.length == 2 * RATE
    found = load(path, run_scratch, {source: elsewhere})
    same(contents, found)
    assert found.info.path == elsewhere
    assert source_paths(found.history) == {elsewhere}


def test_a_missing_source_is_never_saved_away(tmp_path: Path, source: Path, run_scratch: Scratch) -> None:
    path = tmp_path / "p.asrproj"
    contents = contents_of(source, run_scratch)
    run_job(save_as(path, contents))
    away = source.rename(tmp_path / "away.wav")
    for self_contained in (False, True):
        file = ProjectFile.open(path, "project")
        loaded = run_job(file.load(run_scratch))
        assert isinstance(loaded.history.base.sound.pieces[0].store, MissingStore)
        run_job(file.save(loaded))
        run_job(save_as(path, replace(loaded, self_contained=self_contained)))
    away.rename(source)
    assert np.array_equal(
        samples(load(path, run_scratch).history.present.sound), samples(contents.history.present.sound)
    )


def test_a_source_that_was_replaced_is_not_taken_for_the_old_one(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    contents = contents_of(source, run_scratch)
    run_job(save_as(tmp_path / "p.asrproj", contents))
    source.unlink()
    write_source(source, 1.0)
    assert missing_sources(load(tmp_path / "p.asrproj", run_scratch).history)
    run_job(
        save_as(tmp_path / "q.asrproj", contents)
    )  # the open file still has the old samples: they are kept
    same(contents, load(tmp_path / "q.asrproj", run_scratch))


def test_lossy_sources_are_linked_and_decoded_again(tmp_path: Path, run_scratch: Scratch) -> None:
    source = write_source(tmp_path / "lossy.ogg", 3.0, "VORBIS")
    sound = run_job(open_sound(source, run_scratch))
    contents = Contents(History(State(sound)), probe(source))
    run_job(save_as(tmp_path / "p.asrproj", contents))
    assert (tmp_path / "p.asrproj").stat().st_size < 100_000
    same(contents, load(tmp_path / "p.asrproj", run_scratch))


def damage(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE steps",
        "CREATE TRIGGER evil AFTER INSERT ON meta BEGIN DELETE FROM samples; END",
        "CREATE VIEW more AS SELECT * FROM meta",
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 5",
        "DELETE FROM meta WHERE name = 'info'",
        "UPDATE meta SET value = 'x' WHERE name = 'done'",
        "UPDATE meta SET value = '77' WHERE name = 'done'",
        "UPDATE meta SET value = '[]' WHERE name = 'view'",
        "UPDATE meta SET value = '{\"path\": 3}' WHERE name = 'info'",
        "DELETE FROM states WHERE position = 2",
        "UPDATE states SET pieces = x'00'",
        "UPDATE states SET pieces = zeroblob(24)",
        "UPDATE states SET sample_rate = 1",
        "UPDATE states SET spans = '[[1]]'",
        "UPDATE states SET marks = '" + "[" * 100_000 + "'",
        "UPDATE stores SET channels = 9",
        "UPDATE stores SET length = length + 1",
        "UPDATE stores SET kind = 'scratch', link = '/etc/passwd' WHERE kind = 'silence'",
        "UPDATE stores SET link = '>f4' WHERE kind = 'samples'",
        "DELETE FROM stores",
        "DELETE FROM samples WHERE first > 0",
        "UPDATE samples SET data = x'0011'",
        "UPDATE steps SET start = -5",
        "UPDATE steps SET parameters = 'no'",
    ],
)
def test_a_hostile_project_is_refused_in_one_sentence(
    tmp_path: Path, source: Path, run_scratch: Scratch, statement: str
) -> None:
    path = tmp_path / "bad.asrproj"
    run_job(save_as(path, contents_of(source, run_scratch)))
    damage(path, statement)
    with pytest.raises((ProjectError, AudioFileError)) as caught:
        load(path, run_scratch)
    assert "bad.asrproj" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0", b"RIFF1234WAVE", b"SQLite format 3\0" + bytes(5000)]
)
def test_what_is_no_project_is_refused(tmp_path: Path, run_scratch: Scratch, content: bytes) -> None:
    path = tmp_path / "bad.asrproj"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match=r"bad\.asrproj"):
        load(path, run_scratch)
    with pytest.raises(ProjectError, match=r"none\.asrproj"):
        load(tmp_path / "none.asrproj", run_scratch)


def test_a_truncated_project_is_refused_or_whole(tmp_path: Path, source: Path, run_scratch: Scratch) -> None:
    contents = contents_of(source, run_scratch)
    whole = tmp_path / "whole.asrproj"
    run_job(save_as(whole, contents))
    data, wanted = whole.read_bytes(), samples(contents.history.present.sound)
    refused = 0
    for part in np.linspace(0, len(data) - 1, 40).astype(int):
        path = tmp_path / "cut.asrproj"
        path.write_bytes(data[:part])
        try:
            found = samples(load(path, run_scratch).history.present.sound)
        except (ProjectError, AudioFileError):
            refused += 1
        else:
            assert np.array_equal(found, wanted)
    assert refused >= 35  # the last page may hold what another state or take needs


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 255)), min_size=1, max_size=40))
def test_flipped_bytes_never_end_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("flips")
    with Scratch.create(folder / "scratch") as scratch:
        source = write_source(folder / "s.wav", 0.05)
        sound = run_job(open_sound(source, scratch))
        part = Sound.from_array(np.ones((2, 99), np.float32), RATE)
        steps = ((Step("Gain", Region(0, 99)), State(sound.splice(Region(0, 99), part))),)
        path = folder / "p.asrproj"
        run_job(save_as(path, Contents(History(State(sound), steps, 1), probe(source))))
        data = bytearray(path.read_bytes())
        for place, value in flips:
            data[place % len(data)] = value
        path.write_bytes(data)
        try:
            samples(load(path, scratch).history.present.sound)
        except (ProjectError, AudioFileError) as error:
            assert "\n" not in str(error)


# autosaves


def killed(tmp_path: Path, source: Path, contents: Contents, scratch: Scratch) -> Path:
    """Leave what a killed program leaves: the folder with its files, and nobody who holds its lock."""
    autosave = journal.Journal(scratch.folder)
    history = contents.history
    for count in range(1, history.index):  # after each step
        autosave.write(replace(contents, history=History(history.base, history.steps[:count], count, 1)))
    autosave.write(contents)
    assert not journal.find_recoverable(scratch.folder.parent)  # still running
    folder = tmp_path / "runs" / "audiosr-1-dead"
    shutil.copytree(scratch.folder, folder)
    autosave.discard()
    return folder


def test_a_killed_run_is_found_and_recovered(tmp_path: Path, source: Path, run_scratch: Scratch) -> None:
    contents = contents_of(source, run_scratch)
    folder = killed(tmp_path, source, contents, run_scratch)
    (entry,) = journal.find_recoverable(tmp_path / "runs")
    assert (entry.title, entry.steps, entry.last_step, entry.problem) == ("source.wav", 3, "Silence", "")
    with Scratch.create(tmp_path / "runs") as scratch:
        assert folder.exists()
        back, taken = run_job(journal.recover(entry.path, scratch))
        assert not folder.exists()
        same(contents, back)
        again = tmp_path / "runs" / "audiosr-2-dead"
        shutil.copytree(scratch.folder, again)  # killed once more
        taken.discard()
    (entry,) = journal.find_recoverable(tmp_path / "runs")
    back, taken = run_job(journal.recover(entry.path, run_scratch))
    same(contents, back)
    taken.discard()


def test_later_leaves_everything_and_discard_nothing(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    folder = killed(tmp_path, source, contents_of(source, run_scratch), run_scratch)
    for _ in range(3):  # later
        with Scratch.create(tmp_path / "runs"):
            (entry,) = journal.find_recoverable(tmp_path / "runs")
    assert list(folder.glob("*.f32"))
    journal.discard(entry.path)
    assert not folder.exists()
    assert source.exists()


def test_two_windows_do_not_recover_the_same(tmp_path: Path, source: Path, run_scratch: Scratch) -> None:
    folder = killed(tmp_path, source, contents_of(source, run_scratch), run_scratch)
    (path,) = folder.glob("*.autosave")
    with holding(folder):
        assert not journal.find_recoverable(tmp_path / "runs")
        with pytest.raises(AudioFileError, match="another window"):
            run_job(journal.recover(path, run_scratch))
        with pytest.raises(AudioFileError, match="another window"):
            journal.discard(path)
    assert path.exists()


def test_a_saved_document_is_not_offered(tmp_path: Path, source: Path, run_scratch: Scratch) -> None:
    contents = contents_of(source, run_scratch)
    saved = replace(contents, history=replace(contents.history, clean=3))
    folder = killed(tmp_path, source, saved, run_scratch)
    assert not journal.find_recoverable(tmp_path / "runs")
    assert not folder.exists()


def test_a_damaged_autosave_is_named_and_can_be_discarded(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    folder = killed(tmp_path, source, contents_of(source, run_scratch), run_scratch)
    (path,) = folder.glob("*.autosave")
    path.write_bytes(b"SQLite format 3\0" + bytes(3000))
    for part in folder.glob("*-wal"):
        part.unlink()
    (entry,) = journal.find_recoverable(tmp_path / "runs")
    assert "\n" not in entry.problem
    assert entry.problem
    with pytest.raises(ProjectError):
        run_job(journal.recover(entry.path, run_scratch))
    assert path.exists()
    journal.discard(entry.path)
    assert not folder.exists()


def test_steps_whose_samples_are_gone_are_left_out(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    contents = contents_of(source, run_scratch)
    folder = killed(tmp_path, source, contents, run_scratch)
    (entry,) = journal.find_recoverable(tmp_path / "runs")
    for path in folder.glob("*.f32"):
        path.unlink()
    with pytest.raises(ProjectError, match="present state"):
        run_job(journal.recover(entry.path, run_scratch))
    connection = sqlite3.connect(entry.path)
    connection.execute("UPDATE meta SET value = '1' WHERE name = 'done'")  # as after two undos
    connection.commit()
    connection.close()
    back, taken = run_job(journal.recover(entry.path, run_scratch))
    assert [step.text for step, _ in back.history.steps] == ["Gain"]
    assert [takes.names for takes in back.takes] == [["Source", "Gain", "Softer"]]  # all in memory
    assert np.array_equal(samples(back.history.present.sound), samples(contents.history.steps[0][1].sound))
    taken.discard()


def test_an_autosave_of_a_project_links_its_samples(
    tmp_path: Path, source: Path, run_scratch: Scratch
) -> None:
    project = tmp_path / "p.asrproj"
    run_job(save_as(project, contents_of(source, run_scratch)))
    loaded = load(project, run_scratch)
    changed = replace(loaded, project_path=project, history=replace(loaded.history, index=2))
    folder = killed(tmp_path, source, changed, run_scratch)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 200_000
    (entry,) = journal.find_recoverable(tmp_path / "runs")
    assert entry.title == "p.asrproj"
    back, taken = run_job(journal.recover(entry.path, run_scratch))
    same(changed, back)
    assert back.project_path == project
    taken.discard()


def test_the_space_of_each_step(source: Path, run_scratch: Scratch) -> None:
    sizes = space_bytes(contents_of(source, run_scratch).history)
    assert sizes == [0, 8_000, 25 * RATE * 8, 0, 0]
