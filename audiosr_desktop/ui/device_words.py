"""What computes, in words."""

from typing import TYPE_CHECKING

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
        f"{device} agrees with the reference (largest difference {error:.0e} of the peak)."
        if report.good
        else f"{device} does not agree with the reference: {worst} differs by {error:.0e} of the peak. "
        "Choose the CPU, and check the driver."
    )
    times = sum(report.times.values())
    spent = f"One pass over {report.sound_s:.2f} s of sound took {times:.2f} s."
    return " ".join(part for part in (verdict, spent, report.provider.reason) if part)
