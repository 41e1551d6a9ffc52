"""The sub-command `demo`: the main job on the bundled example, from damage to figures, without a screen."""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from audiosr_desktop import paths
from audiosr_desktop.audio.files import write_sound
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.cli_output import drive, write_json, write_table
from audiosr_desktop.cli_sound import open_input, whole
from audiosr_desktop.dsp.degrade import band_limit
from audiosr_desktop.effects.chain import PREFIX, Step, run_steps
from audiosr_desktop.effects.effect import resolve_values
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.evaluation.comparison import compare
from audiosr_desktop.evaluation.picture import write_before_after_png

CUTOFF_HZ = 6_000.0
REGION_S = (2.0, 6.0)


def demo(arguments: argparse.Namespace) -> int:
    """Carry out `demo`."""
    out: Path = arguments.out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(f"The folder {out} cannot be made: {error.strerror}.", out) from error
    before, after, picture = out / "before.wav", out / "after.wav", out / "before-after.png"
    told: dict[str, Any] = {}
    with Scratch.create() as scratch:
        clean_info, clean = open_input(paths.clean_example_sound(), scratch)
        rate = clean.sample_rate
        narrow = band_limit(whole(clean), rate, CUTOFF_HZ, "cheby")
        drive(write_sound(Sound.from_array(narrow, rate), before, like=clean_info, overwrite=True))

        info, sound = open_input(before, scratch)
        region = Region(round(REGION_S[0] * rate), round(REGION_S[1] * rate))
        effect = built_in_effects(Engines(), scratch, told)[PREFIX + "super-resolution"]
        steps = [Step(effect, resolve_values(effect, {}))]
        restored = drive(run_steps(steps, sound, region, scratch))
        drive(write_sound(restored.after, after, like=info, overwrite=True))

        # What is measured is what was written
        damaged, mended = whole(sound), whole(open_input(after, scratch)[1])
        write_before_after_png(picture, damaged, mended, rate)
        figures = _figures(whole(clean), damaged, mended, rate, region)
    report = {
        "before": before,
        "after": after,
        "picture": picture,
        "region_s": REGION_S,
        **figures,
        **{name: told.get(name) for name in ("cutoff_hz", "model", "device", "provider", "seed", "steps")},
        "elapsed_s": restored.elapsed_s,
        "rtf": restored.rtf,
        "warnings": list(told.get("warnings", [])),
    }
    if arguments.json:
        write_json(report)
    else:
        _tell(report)
    return 0


def _figures(clean: Samples, before: Samples, after: Samples, rate: int, region: Region) -> dict[str, Any]:
    inside = slice(region.start, region.stop)
    outside = np.r_[0 : region.start, region.stop : clean.shape[1]]
    damaged, mended = (
        compare(clean[:, inside], samples[:, inside], rate, CUTOFF_HZ) for samples in (before, after)
    )
    return {
        "lsd_before": damaged.lsd,
        "lsd_after": mended.lsd,
        "energy_above_cutoff_before_db": damaged.energy_high_db,
        "energy_above_cutoff_after_db": mended.energy_high_db,
        "outside_bit_identical": bool(np.array_equal(before[:, outside], after[:, outside])),
    }


def _tell(report: dict[str, Any]) -> None:
    for warning in report["warnings"]:
        print(warning, file=sys.stderr)
    print(
        f"The example was cut off at {CUTOFF_HZ:g} Hz ({report['before']}) and restored from "
        f"{REGION_S[0]:g} s to {REGION_S[1]:g} s ({report['after']}); {report['picture']} shows both.\n"
    )
    write_table({name: value for name, value in report.items() if name not in ("before", "after", "picture")})
