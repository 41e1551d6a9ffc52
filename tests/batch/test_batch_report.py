"""The report: the same facts as CSV, JSON and one page that needs nothing else."""

import base64
import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import batch_kit
import pytest

from audiosr_desktop.batch.api import recipe_of, run_batch
from audiosr_desktop.batch.recipe import Recipe
from audiosr_desktop.batch.report import COLUMNS, check_report
from audiosr_desktop.errors import BatchError


class Page(HTMLParser):
    """Collects what a page shows and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def reports(tmp_path: Path, sources: Path, gain: Recipe) -> Path:
    """A folder with the three reports of a run with one bad file; one name has marks of HTML in it."""
    (sources / "a.wav").rename(sources / "a<b>&.wav")
    (sources / "bad.wav").write_text("no sound")
    paths = [tmp_path / f"report.{suffix}" for suffix in ("csv", "json", "html")]
    run_batch([sources], tmp_path / "out", gain, reports=paths)
    return tmp_path


def test_csv_and_json_tell_the_same(reports: Path) -> None:
    data = json.loads((reports / "report.json").read_text())
    assert data["summary"] | {"done": 4, "failed": 1, "skipped": 0, "left": 0} == data["summary"]
    with (reports / "report.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert [row["source"] for row in table] == [row["source"] for row in data["files"]]
    assert float(table[0]["loudness_lufs_after"]) == data["files"][0]["loudness_lufs_after"]
    done = next(row for row in data["files"] if row["state"] == "done")
    missing = {name for name in COLUMNS if done[name] is None}
    model_only = {"model", "model_sha256", "device", "provider", "steps", "quality", "cutoff_hz", "gain_db"}
    assert missing == {"reason", *model_only}


def test_the_page_holds_all_that_it_shows(reports: Path) -> None:
    text = (reports / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.loaded) == 8
    for source in page.loaded:
        kind, _, data = source.partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(b"\x89PNG")
    assert not re.search(r"https?://|@import|url\(", text)
    assert "a<b>&.wav" in page.text
    assert "4 done, 1 failed" in page.text
    assert "cannot be read as sound" in page.text


def test_pictures_are_made_for_the_page_alone(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    run_batch([sources], tmp_path / "out", gain, reports=[tmp_path / "r.json"])
    assert (tmp_path / "out" / ".audiosr-batch" / "queue.sqlite").stat().st_size < 60_000


def test_silence_has_no_figures(tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "silent.wav", np.zeros((4_800, 1)), 48_000, "PCM_16")
    paths = [tmp_path / "r.json", tmp_path / "r.html"]
    report = run_batch([tmp_path / "silent.wav"], tmp_path / "out", recipe_of("restore"), reports=paths)
    row = report["files"][0]
    assert row["state"] == "done"
    assert row["loudness_lufs_before"] is None
    assert row["cutoff_hz_before"] is None
    json.loads(paths[0].read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("name", ["report.txt", "missing/report.csv", "folder.csv"])
def test_reports_that_cannot_be_written_are_refused_first(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BatchError, match="report"):
        check_report(tmp_path / name)


def test_a_name_that_is_no_utf8_gets_into_the_report(tmp_path: Path, gain: Recipe) -> None:
    import os

    try:
        source = batch_kit.write_sound(tmp_path / "f.wav", 1).rename(tmp_path / os.fsdecode(b"f\xff.wav"))
    except OSError:
        pytest.skip("this disk takes only UTF-8")
    paths = [tmp_path / f"r.{suffix}" for suffix in ("csv", "json", "html")]
    run_batch([source], tmp_path / "out", gain, reports=paths)
    for path in paths:
        assert "xff" in path.read_text(encoding="utf-8") or "udcff" in path.read_text(encoding="utf-8")
