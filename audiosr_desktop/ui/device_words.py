"""What computes, in words."""

from typing import TYPE_CHECKING

from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.readout import figures

if TYPE_CHECKING:
    from audiosr_desktop.engine.device_test import DeviceReport


def device_words(device: str) -> str:
    """Return a device in words: "cpu" is CPU, "cuda:0" is GPU 0."""
    kind, _, number = device.partition(":")
    return "CPU" if kind == "cpu" else f"GPU {number or 0}"


def report_words(report: "DeviceReport") -> str:
    """Return how a test of a device ended, for the user."""
    device = device_words(report.provider.device)
    worst = max(report.errors, key=lambda graph: report.errors[graph])
    error = report.errors[worst]
    verdict = (
        tr(
            "{device} agrees with the reference (largest difference {error} of the peak).",
            device=device,
            error=figures(error, ".0e"),
        )
        if report.good
        else tr(
            "{device} does not agree with the reference: {worst} differs by {error} of the peak. "
            "Choose the CPU, and check the driver.",
            device=device,
            worst=worst,
            error=figures(error, ".0e"),
        )
    )
    times = sum(report.times.values())
    spent = tr(
        "One pass over {sound_s} s of sound took {times} s.",
        sound_s=figures(report.sound_s, ".2f"),
        times=figures(times, ".2f"),
    )
    return " ".join(part for part in (verdict, spent, tr_message(report.provider.reason)) if part)
