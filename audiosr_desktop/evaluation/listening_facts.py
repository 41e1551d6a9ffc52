"""Facts of a run as the page for listening tells them: with titles and values for whoever only listens."""

from collections.abc import Callable, Mapping
from typing import Any

Told = str | list[str]

_SUM_DIGITS = 12


def _device(value: Any) -> str:
    kind, _, number = str(value).partition(":")
    return "CPU" if kind == "cpu" else f"GPU {number or 0}"


def _tone(tone: Any) -> str:
    return f"{tone['frequency_hz']:.1f} Hz ({tone['level_dbfs']:.0f} dBFS)"


def _gap(gap: Any) -> str:
    return f"{gap['start_s']:.2f} s ({1000.0 * (gap['end_s'] - gap['start_s']):.0f} ms)"


def _plain(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


# what runs tell (`effects`), with a title and the form of a value, or of each value of a list
FORMS: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "model": ("Model", str),
    "model_sha256": ("Checksum of the model", lambda digits: str(digits)[:_SUM_DIGITS]),
    "device": ("Device", _device),
    "provider": ("Provider", str),
    "seed": ("Seed", str),
    "steps": ("Steps", str),
    "quality": ("Quality", str),
    "guidance": ("Guidance", _plain),
    "cutoff_hz": ("Cutoff", lambda hz: f"{hz:.0f} Hz"),
    "cutoff_confidence": ("Confidence of the cutoff", lambda share: f"{100.0 * share:.0f} %"),
    "gain_db": ("Gain of the new band", lambda gain: f"{gain:+.1f} dB"),
    "noise_dbfs": ("Noise", lambda level: f"{level:.1f} dBFS"),
    "tones": ("Tones", _tone),
    "gaps": ("Gaps", _gap),
    "proposal": ("Proposed modules", lambda step: str(step["effect"])),
    "steps_done": ("Modules that ran", str),
    "warnings": ("Warnings", str),
}


def told_facts(facts: Mapping[str, object]) -> dict[str, Told]:
    """Return facts as the page tells them, by their English titles.

    Args:
        facts: plain values; those that no run of ours tells keep their names.

    Returns:
        A text, or one for each value of a list; an empty value is "none".
    """
    told: dict[str, Told] = {}
    for name, value in facts.items():
        title, form = FORMS.get(name, (name, _plain))
        if isinstance(value, list | tuple):
            told[title] = [form(part) for part in value] or "none"
        else:
            told[title] = "none" if value in ("", None) else form(value)
    return told
