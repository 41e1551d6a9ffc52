"""The page for listening: what it holds, and how it behaves in a real browser."""

import base64
import io
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiosr_desktop import paths
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.cli import main
from audiosr_desktop.dsp.level import integrated_loudness
from audiosr_desktop.errors import AudioFileError, SoundError
from audiosr_desktop.evaluation.listening import ListeningTake, write_listening
from audiosr_desktop.evaluation.listening_facts import FORMS, told_facts
from audiosr_desktop.job import run_job
from audiosr_desktop.playback.abx import p_value

RATE = 16_000


def noise(seed: int = 1, seconds: float = 4.0, channels: int = 2) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)), np.float32)


def takes_of(*arrays: np.ndarray, rate: int = RATE) -> list[ListeningTake]:
    names = ("source </script> <!-- file", "made by A & B", "third")
    facts = {"seed": 7, "tones": [{"frequency_hz": 1000.04, "level_dbfs": -40.2}], "warnings": []}
    return [
        ListeningTake(name, Sound.from_array(array, rate), facts)
        for name, array in zip(names, arrays, strict=False)
    ]


def data_of(page: Path) -> dict[str, Any]:
    text = page.read_text("utf-8")
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def sound_of(text: str) -> np.ndarray:
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(text)), dtype="float32", always_2d=True)
    assert rate == RATE
    return samples.T


def test_a_page_holds_everything_and_asks_for_nothing(tmp_path: Path) -> None:
    x = noise()
    page = tmp_path / "page.html"
    written = run_job(write_listening(takes_of(x, 2 * x, 0.5 * x), page))
    np.testing.assert_allclose(written.gains_db, [-6.02, -12.04, 0.0], atol=0.01)
    text = page.read_text("utf-8")
    assert not re.search(r"(https?:)?//[a-z]|src=\"(?!data:)|@import|url\(", text.partition("<script id")[0])
    assert "fetch(" not in text
    assert "XMLHttpRequest" not in text
    data = data_of(page)
    assert [take["name"] for take in data["takes"]] == [
        "source </script> <!-- file",
        "made by A & B",
        "third",
    ]
    heard = [sound_of(take["audio"]) for take in data["takes"]]
    for samples in heard:
        np.testing.assert_allclose(samples, 0.5 * x, atol=2.0**-22)
    loudness = [integrated_loudness(samples, RATE) for samples in heard]
    assert max(loudness) - min(loudness) < 0.01
    anchor = np.abs(np.fft.rfft(sound_of(data["anchor"])[0]))
    hz = np.fft.rfftfreq(x.shape[1], 1 / RATE)
    assert anchor[hz > 4000].max() < 0.001 * anchor[hz < 3000].max()
    assert base64.b64decode(data["takes"][0]["picture"]).startswith(b"\x89PNG")
    assert data["figures"][1]["Seed"] == "7"
    assert data["figures"][1]["Warnings"] == "none"
    assert data["figures"][1]["Gain for equal loudness"] == "-12.0 dB"


def test_facts_of_a_run_are_told_to_a_listener() -> None:
    told = told_facts(
        {
            "model_sha256": "0123456789abcdef",
            "device": "cuda:1",
            "cutoff_hz": 4031.7,
            "cutoff_confidence": 0.974,
            "gain_db": 4.0,
            "quality": "",
            "gaps": [{"start_s": 1.5, "end_s": 1.52}, {"start_s": 3.0, "end_s": 3.005}],
            "tones": [],
            "proposal": [{"effect": "audiosr.denoise", "values": {"strength": 1.0}}],
            "warnings": ["One.", "Two."],
            "a plugin's": 0.25,
        }
    )
    assert told == {
        "Checksum of the model": "0123456789ab",
        "Device": "GPU 1",
        "Cutoff": "4032 Hz",
        "Confidence of the cutoff": "97 %",
        "Gain of the new band": "+4.0 dB",
        "Quality": "none",
        "Gaps": ["1.50 s (20 ms)", "3.00 s (5 ms)"],
        "Tones": "none",
        "Proposed modules": ["audiosr.denoise"],
        "Warnings": ["One.", "Two."],
        "a plugin's": "0.25",
    }


def test_words_of_facts_stand_beside_those_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run_job(write_listening(takes_of(noise(), noise(2)), page, words={"de": {"One.": "Eins."}, "xx": {}}))
    words = data_of(page)["words"]
    assert list(words) == ["de"]
    assert (words["de"]["One."], words["de"]["Play"]) == ("Eins.", "Spielen")


def test_a_folder_gets_page_takes_and_pictures(tmp_path: Path) -> None:
    x = noise(seconds=1.0)
    written = run_job(write_listening(takes_of(x, 2 * x), tmp_path / "out"))
    assert written.path == tmp_path / "out" / "index.html"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "A.png",
        "A.wav",
        "B.png",
        "B.wav",
        "index.html",
    ]
    with pytest.raises(AudioFileError, match="there already"):
        run_job(write_listening(takes_of(x, x), tmp_path / "out"))


def test_sound_over_full_scale_is_turned_down_as_a_whole(tmp_path: Path) -> None:
    x = 20 * noise(seconds=1.0)
    run_job(write_listening(takes_of(x, x), tmp_path / "p.html"))
    heard = [sound_of(take["audio"]) for take in data_of(tmp_path / "p.html")["takes"]]
    np.testing.assert_allclose(heard[0], x / np.abs(x).max(), atol=2.0**-21)
    np.testing.assert_array_equal(heard[0], heard[1])


def test_what_cannot_be_compared_is_one_sentence(tmp_path: Path) -> None:
    x = noise(seconds=0.5)
    page = tmp_path / "p.html"
    with pytest.raises(SoundError, match="at least two"):
        run_job(write_listening(takes_of(x), page))
    with pytest.raises(SoundError, match="different rates, channels or lengths"):
        run_job(write_listening(takes_of(x, x[:, 1:]), page))
    with pytest.raises(SoundError, match="up to 10 min"):
        run_job(write_listening(takes_of(*[np.zeros((1, 601), np.float32)] * 2, rate=1), page))
    assert not page.exists()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = noise(seconds=1.0, channels=1)
    soundfile.write(tmp_path / "a.wav", x.T, RATE, "FLOAT")
    soundfile.write(tmp_path / "b.wav", x[:, ::2].T, RATE // 2, "FLOAT")
    soundfile.write(tmp_path / "short.wav", x[:, : RATE // 2].T, RATE, "FLOAT")
    soundfile.write(tmp_path / "stereo.wav", np.repeat(x, 2, axis=0).T, RATE, "FLOAT")
    paths = [str(tmp_path / name) for name in ("a.wav", "b.wav", "short.wav")]
    out = str(tmp_path / "page.html")
    assert main(["listen", *paths, "--out", out, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sample_rate"] == RATE
    assert told["duration_s"] == 0.5
    assert len(told["takes"]) == 3
    assert len(told["warnings"]) == 2
    assert main(["listen", *paths, "--out", out]) == 1
    assert "there already" in capsys.readouterr().err
    assert main(["listen", paths[0], str(tmp_path / "stereo.wav"), "--out", out, "--overwrite"]) == 1
    assert "different channels" in capsys.readouterr().err
    assert main(["listen", paths[0], "--out", out, "--overwrite"]) == 1
    assert "at least two takes" in capsys.readouterr().err


class Texts(HTMLParser):
    """The texts of the page that are there before its script runs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.found |= {value for name, value in attrs if name == "alt" and value}

    def handle_data(self, data: str) -> None:
        if self._tag not in ("script", "style", "title", "h1") and re.search(r"[A-Za-z]{2}", data):
            self.found.add(data.strip())


@pytest.mark.parametrize("catalogue", sorted((paths.resources_dir() / "listen").glob("*.json")), ids=str)
def test_every_text_of_the_page_has_a_translation(catalogue: Path, tmp_path: Path) -> None:
    page = (paths.resources_dir() / "listen" / "page.html").read_text(encoding="utf-8")
    texts = Texts()
    texts.feed(page)
    script = page.partition('"use strict"')[2]
    said = set(re.findall(r'"((?:[^"\\]|\\.)+)"', " ".join(re.findall(r"\bt\(([^\n]*)", script))))
    said = {text for text in said if re.match(r"[A-Z{].{3}", text)}
    said |= set(re.findall(r'name: "([a-z ]+)"', script))
    run_job(write_listening(takes_of(noise(), noise(2)), tmp_path / "page.html"))
    named = {name for figure in data_of(tmp_path / "page.html")["figures"] for name in figure}
    wanted = texts.found | said
    wanted |= named | {title for title, _ in FORMS.values()} | {"none", "draft", "standard", "best"}
    words = json.loads(catalogue.read_text(encoding="utf-8"))
    assert sorted(wanted - words.keys()) == []
    for english, other in words.items():
        assert set(re.findall(r"\{\d\}", english)) == set(re.findall(r"\{\d\}", other)), english


class Browser:
    """A page in headless Chromium."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def click(self, place: str) -> None:
        self.driver.execute_script("document.querySelector(arguments[0]).click()", place)

    def press(self, key: str) -> None:
        self.driver.execute_script(
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0]}))", key
        )

    def ask(self, expression: str) -> Any:
        return self.driver.execute_script(f"return {expression}")

    def wait(self, expression: str) -> None:
        self.until(lambda: bool(self.ask(expression)), expression)

    @staticmethod
    def until(true: Callable[[], bool], what: str = "") -> None:
        limit = time.monotonic() + 30
        while not true():
            assert time.monotonic() < limit, f"it never came: {what}"
            time.sleep(0.02)

    def shot(self, folder: Path, name: str) -> bytes:
        """Keep a picture of the whole page, for a person to look at."""
        path = folder / f"{name}.png"
        self.driver.save_screenshot(str(path))
        return path.read_bytes()

    def text(self, name: str) -> str:
        return str(self.ask(f"document.getElementById('{name}').textContent"))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    program, driver_program = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver_program is None:
        pytest.skip("chromium and chromedriver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1100,1500",
        "--autoplay-policy=no-user-gesture-required",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(word)
    options.add_experimental_option("prefs", {"download.default_directory": str(tmp_path / "downloads")})
    driver = webdriver.Chrome(options=options, service=Service(driver_program))
    try:
        driver.execute_cdp_cmd("Network.enable", {})
        driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["http://*", "https://*"]})
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture
def opened(tmp_path: Path, browser: Browser) -> Browser:
    """Open a page of three takes."""
    x = noise()
    path = tmp_path / "page.html"
    run_job(write_listening(takes_of(x, 2 * x, noise(2)), path))
    browser.driver.get(path.as_uri())
    browser.wait("!document.getElementById('play').disabled")
    return browser


def test_a_browser_plays_and_switches(opened: Browser, tmp_path: Path) -> None:
    browser = opened
    assert "3 takes, 4.0 s at 16 kHz" in browser.text("ready")

    browser.click("#play")
    browser.wait("listening.playing")
    browser.wait("context.currentTime > 0.2")
    browser.click("[data-take='2']")
    browser.until(lambda: [round(v, 3) for v in browser.ask("gains.map(g => g.gain.value)")] == [0, 0, 1, 0])
    browser.click("[data-take='0']")
    browser.until(lambda: [round(v, 3) for v in browser.ask("gains.map(g => g.gain.value)")] == [1, 0, 0, 0])
    assert browser.ask("document.getElementById('picture').src").startswith("data:image/png")
    assert [browser.ask(f"document.querySelectorAll('.{scale}').length") for scale in ("s", "hz")] == [9, 5]
    browser.driver.execute_script("go(3)")
    browser.wait("now() > 3.01")
    browser.press("ArrowLeft")
    browser.wait("listening.playing && now() > 2.02 && now() < 3")
    browser.click("#play")
    assert not browser.ask("listening.playing")
    browser.press("ArrowRight")
    browser.press("ArrowRight")
    assert 3.9 < browser.ask("now()") < 4
    assert browser.shot(tmp_path, "listen").startswith(b"\x89PNG")


def test_the_page_speaks_the_readers_language(opened: Browser, tmp_path: Path) -> None:
    browser = opened
    agent = browser.ask("navigator.userAgent")
    browser.driver.execute_cdp_cmd(
        "Network.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": "de-AT"}
    )
    browser.driver.refresh()
    browser.wait("!document.getElementById('play').disabled")
    assert browser.ask("document.documentElement.lang") == "de"
    assert "3 Takes, 4,0 s mit 16 kHz" in browser.text("ready")
    heads = browser.ask("[...document.querySelectorAll('h2')].map(h => h.textContent)")
    assert heads[:1] + heads[2:] == ["Anhören", "Blinde Rangfolge", "Werte und Einstellungen"]
    assert re.search(r"Lautheit−?\d+,\d LUFS", browser.text("figures"))
    assert re.search(r"Startwert777Töne(1000,0 Hz \(−40 dBFS\)){3}Warnungenkeine", browser.text("figures"))
    browser.driver.execute_script("document.getElementById('abx-trials').value = 1")
    browser.click("#abx-start")
    assert "Versuch 1 von 1" in browser.text("abx-said")
    browser.click("#abx-a")
    assert re.match(r"[01] von 1 richtig, p = [01],\d+\. Es wurde kein", browser.text("abx-said"))
    english = browser.ask("Object.keys(words).filter(text => text.length > 8)")
    shown = str(browser.ask("document.body.innerText"))
    assert [text for text in english if text in shown] == []
    browser.shot(tmp_path, "german")


def test_a_browser_runs_abx_to_its_p_value(opened: Browser, tmp_path: Path) -> None:
    browser = opened
    for correct in range(17):
        assert browser.ask(f"pValue({correct}, 16)") == pytest.approx(p_value(correct, 16), rel=1e-12)

    browser.click("#duck")
    browser.click("#abx-start")
    browser.wait("listening.blind")
    assert browser.ask("['duck', 'abx-trials', 'abx-other'].every(i => document.getElementById(i).disabled)")
    assert browser.ask("getComputedStyle(document.getElementById('picture')).visibility") == "hidden"
    assert browser.ask("[...document.querySelectorAll('[data-take]')].every(b => b.disabled)")
    for trial in range(16):
        assert f"Trial {trial + 1} of 16" in browser.text("abx-said")
        for name in "ABX":
            browser.click(f"[data-abx={name}]")
        x_is = browser.ask("listening.abx.hidden[listening.abx.answers.length]")
        assert browser.ask("listening.heard") == (0 if x_is == "A" else 1)
        answer = x_is if trial else {"A": "B", "B": "A"}[x_is]  # the first one wrong
        browser.click(f"#abx-{answer.lower()}")
    assert browser.text("abx-said").startswith("15 of 16 correct, p = 0.00026.")
    result = browser.ask("listening.abx.result")
    assert result["p_value"] == pytest.approx(17 / 2**16)
    assert sorted(result["names"]) == ["A", "B"]
    browser.click("#abx-save")
    saved = tmp_path / "downloads" / "abx.json"
    browser.until(saved.exists, "the download")
    told = json.loads(saved.read_text())
    assert told["correct"] == 15
    assert told["facts"]["duck"] is True
    assert told["facts"]["gains_db"] == pytest.approx([0.0, -6.02, 0.0], abs=0.1)
    browser.shot(tmp_path, "abx")

    browser.driver.execute_script("document.getElementById('abx-trials').value = 3")
    browser.click("#abx-start")
    assert "Trial 1 of 3" in browser.text("abx-said")
    for _ in range(3):
        browser.click("#abx-a")
    assert "of 3 correct" in browser.text("abx-said")


def test_who_stops_while_the_sound_wakes_up_hears_nothing(opened: Browser) -> None:
    browser = opened
    browser.driver.execute_script("start(); start(); stop()")
    assert not browser.driver.execute_async_script("context.resume().then(() => arguments[0](state.playing))")
    browser.driver.execute_script("start(); start()")  # twice is once
    browser.wait("listening.playing")
    assert browser.ask("sources.length") == 4
    browser.click("#play")
    assert not browser.ask("listening.playing")


def test_the_page_fits_a_narrow_screen(tmp_path: Path, browser: Browser) -> None:
    takes = takes_of(noise(), noise(2))
    takes[1] = replace(takes[1], name="a name that is much longer than a narrow screen is wide " * 2)
    path = tmp_path / "page.html"
    run_job(write_listening(takes, path))
    metrics = {"width": 390, "height": 1500, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.driver.get(path.as_uri())
    browser.wait("!document.getElementById('play').disabled")
    assert browser.ask("document.documentElement.scrollWidth") == 390
    outside = (
        "[...document.querySelectorAll('button, select, input')].map(e => e.getBoundingClientRect().right)"
    )
    assert max(browser.ask(outside)) < 390
    assert browser.shot(tmp_path, "narrow").startswith(b"\x89PNG")


def test_a_test_in_a_browser_is_left_and_another_does_not_hear_its_keys(opened: Browser) -> None:
    browser = opened
    browser.click("#abx-start")
    browser.click("#abx-a")
    browser.click("#abx-leave")
    assert not browser.ask("listening.blind || listening.playing")
    assert "drawn anew" in browser.text("abx-said")
    assert browser.ask("document.getElementById('abx-save').hidden")

    browser.driver.execute_script("document.getElementById('abx-trials').value = 1")
    browser.click("#abx-start")
    browser.click("#abx-b")
    browser.click("#rank-start")
    assert not browser.ask("document.getElementById('unseen').hidden")
    number = browser.ask("listening.ranking.stimuli.findIndex(s => s.role === 'anchor')")
    browser.driver.execute_script(
        "document.querySelectorAll('#rank-run .row button')[arguments[0]].click()", number
    )
    for key in "abxc":
        browser.press(key)
    assert browser.ask("listening.heard") == 3
    browser.click("#rank-leave")
    assert not browser.ask("listening.blind || listening.playing")
    assert browser.ask("document.getElementById('rank-run').children.length") == 0
    assert browser.text("abx-said").endswith("of 1 correct, p = 1.0. No difference was shown.") or (
        browser.text("abx-said").startswith("1 of 1 correct, p = 0.50.")
    )


def test_a_browser_ranks_blindly(opened: Browser, tmp_path: Path) -> None:
    browser = opened
    browser.click("#duck")
    browser.click("#rank-start")
    stimuli = browser.ask("listening.ranking.stimuli.map(s => s.role)")
    assert sorted(stimuli) == ["anchor", "reference", "take", "take"]
    assert browser.ask("document.getElementById('rank-done').disabled")
    for number, role in enumerate(stimuli):
        browser.driver.execute_script(
            "const s = document.querySelectorAll('#rank-run input')[arguments[0]]; s.value = arguments[1];"
            "s.dispatchEvent(new Event('input'))",
            number,
            {"reference": 96, "anchor": 12, "take": 50}[role],
        )
    browser.click("#rank-done")
    ranked = browser.ask("listening.ranking.result")
    assert ranked["reliable"]
    assert [entry["role"] for entry in ranked["marks"]] == ["reference", "take", "take", "anchor"]
    assert not browser.ask("listening.blind")
    assert browser.ask("[...document.querySelectorAll('#rank-run meter')].map(m => m.value)") == [
        96,
        50,
        50,
        12,
    ]
    browser.click("#rank-save")
    saved = tmp_path / "downloads" / "ranking.json"
    browser.until(saved.exists, "the download")
    told = json.loads(saved.read_text())
    assert told["marks"] == ranked["marks"]
    assert told["facts"]["duck"] is True
    browser.shot(tmp_path, "ranking")
