"""The own windows of real plugins on a virtual screen: what is set in them comes back."""

import pytest
from plugin_kit import needs_zam
from screen_kit import Screen

from audiosr_desktop.errors import PluginError
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.host import enable, plugin_effects

RATIO = 290, 65  # where that knob is


def edited(effect, title: str, screen: Screen) -> dict[str, object]:
    """Open the window of an effect, drag a knob until it follows, close it, and return what it gives."""
    values = {parameter.id: parameter.default for parameter in effect.parameters}
    turns, job = 0, effect.edit(values)
    try:
        while True:
            next(job)
            if windows := screen.windows(title):
                turns += 1
                # it takes a while to be drawn, and nothing tells when it is
                if turns > 30:
                    screen.close_window(windows[0])
                elif turns % 10 == 0:
                    screen.drag(RATIO, up=20)
    except StopIteration as end:
        return end.value


@needs_zam
@pytest.mark.parametrize(("kind", "title"), [("vst3", "Pedalboard"), ("clap", "ZamCompX2")])
def test_a_knob_of_the_own_window_comes_back(kind, title, native, screen, run_scratch) -> None:
    native(f"ZamCompX2.{kind}")
    run_job(enable(f"{kind}.zamcompx2"))
    [effect] = plugin_effects(run_scratch)
    assert effect.has_window
    values = edited(effect, title, screen)
    assert 4.5 < values["ratio"] <= 20.0
    assert values["release_ms" if kind == "vst3" else "release"] == pytest.approx(80.0)
    assert bool(values["plugin_state"]) is (kind == "vst3")  # this CLAP plugin saves none


@needs_zam
@pytest.mark.parametrize("kind", ["vst3", "clap"])
def test_without_a_screen_one_sentence_says_so(kind, native, run_scratch, monkeypatch) -> None:
    native(f"ZamCompX2.{kind}")
    monkeypatch.delenv("DISPLAY", raising=False)
    run_job(enable(f"{kind}.zamcompx2"))
    [effect] = plugin_effects(run_scratch)
    with pytest.raises(PluginError, match=r"^The window of ZamCompX2 needs a screen, and there is none here"):
        run_job(effect.edit({parameter.id: parameter.default for parameter in effect.parameters}))
    assert [effect.id for effect in plugin_effects(run_scratch)] == [f"{kind}.zamcompx2"]
