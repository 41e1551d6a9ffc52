"""What the user reads after a run."""

from collections.abc import Mapping

from audiosr_desktop.ui.catalogue import steps_words
from audiosr_desktop.ui.device_words import device_words
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.readout import figures, format_hz
from audiosr_desktop.ui.restoring import Restored

_NAMED_GAPS = 8


def summary_of(result: Restored) -> str:
    """Return the facts of a run in a few short lines: what was found, with what, and warnings."""
    facts = result.facts
    parts = []
    cutoff = facts.get("cutoff_hz")
    if isinstance(cutoff, int | float) and cutoff > 0:
        parts.append(tr("cutoff {hz}", hz=format_hz(float(cutoff))))
    if "model" in facts:
        parts.append(str(facts["model"]))
    if "steps" in facts:
        parts.append(steps_words(str(facts["steps"])))
    if "seed" in facts:
        parts.append(tr("seed {seed}", seed=facts["seed"]))
    if facts.get("device"):
        parts.append(device_words(str(facts["device"])))
    line = " · ".join(parts)
    tones = facts.get("tones")
    if isinstance(tones, list) and tones:
        line += ("\n" if line else "") + tr("Tones: {tones}", tones=", ".join(map(_tone_words, tones)))
    gaps = facts.get("gaps")
    if isinstance(gaps, list) and gaps:
        listed = ", ".join(map(_gap_words, gaps[:_NAMED_GAPS]))
        line += ("\n" if line else "") + tr("Gaps: {gaps}", gaps=listed)
        if len(gaps) > _NAMED_GAPS:
            line += tr(" and {count} more", count=len(gaps) - _NAMED_GAPS)
    lines = [line[:1].upper() + line[1:]] if line else []
    if not result.changed and not result.warnings:
        lines.append(tr("Nothing was found to restore; the sound is unchanged."))
    return "\n".join([*lines, *(f"⚠ {tr_message(warning)}" for warning in result.warnings)])


def _tone_words(tone: Mapping[str, float]) -> str:
    return f"{format_hz(tone['frequency_hz'])} ({figures(tone['level_dbfs'], '.0f')} dBFS)"


def _gap_words(gap: Mapping[str, float]) -> str:
    length_ms = 1000.0 * (gap["end_s"] - gap["start_s"])
    return tr(
        "{start} s ({length} ms)", start=figures(gap["start_s"], ".2f"), length=figures(length_ms, ".0f")
    )
