"""Figures of mended damage against cases whose answer is known."""

import math

import numpy as np
import pytest

from audiosr_desktop.dsp.degrade import Damage, Gap
from audiosr_desktop.evaluation.damages import DAMAGE_KINDS, Case, draw_cases, measure, tone_figures
from audiosr_desktop.evaluation.metrics import lsd, lsd_within

RATE = 48_000


def noise(seconds=2.0, channels=1, seed=0, amplitude=0.1):
    shape = (channels, round(seconds * RATE))
    return (amplitude * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def tone(frequency_hz, amplitude, seconds=2.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time))[None].astype(np.float32)


@pytest.mark.parametrize("left_db", [-20, -40, -60])
def test_a_tone_lowered_by_so_much_is_suppressed_by_so_much(left_db):
    truth, added = noise(), tone(1_234.5, 0.05)
    estimate = truth + np.float32(10 ** (left_db / 20)) * added
    suppressed, changed = tone_figures(truth, truth + added, estimate, RATE, 1_234.5)
    assert suppressed == pytest.approx(-left_db, abs=0.1)
    assert changed < -90


def test_a_tone_left_alone_and_one_fully_gone():
    truth, added = noise(), tone(3_000, 0.05)
    assert tone_figures(truth, truth + added, truth + added, RATE, 3_000)[0] == pytest.approx(0, abs=1e-6)
    assert tone_figures(truth, truth + added, truth, RATE, 3_000) == (120.0, -120.0)


def test_change_elsewhere_is_told_apart_from_the_tone():
    truth, added = noise(), tone(3_000, 0.05)
    estimate = truth + np.float32(0.01) * noise(seed=5)  # 40 dB below, all over the band
    suppressed, changed = tone_figures(truth, truth + added, estimate, RATE, 3_000)
    assert changed == pytest.approx(-40, abs=0.5)
    assert suppressed > 30


def test_lsd_within_looks_at_the_places_only():
    truth = noise(channels=2)
    estimate = truth.copy()
    estimate[:, 20_000:30_000] *= np.float32(10 ** (-10 / 20))
    inside, outside = [(24_000, 26_000)], [(60_000, 70_000)]
    assert lsd_within(truth, estimate, RATE, inside) == pytest.approx(1.0, abs=0.01)
    assert lsd_within(truth, estimate, RATE, outside) == pytest.approx(0.0, abs=1e-9)
    assert math.isnan(lsd_within(truth, estimate, RATE, []))
    assert math.isnan(lsd_within(np.zeros_like(truth), estimate, RATE, inside))


def test_lsd_within_the_whole_is_lsd():
    truth, estimate = noise(), noise(seed=1, amplitude=0.03)
    whole = lsd_within(truth, estimate, RATE, [(0, truth.shape[1])])
    assert whole == pytest.approx(lsd(truth, estimate, RATE), rel=0.01)


def test_each_kind_of_damage_has_its_figures():
    truth, rng = noise(), np.random.default_rng(0)
    white = Case("white", "white", Damage(white_amplitude=0.01))
    damaged = white.apply(truth, RATE, rng)
    half = truth + (damaged - truth) * np.float32(0.5)
    found = measure(white, truth, damaged, half, RATE)
    assert found.si_sdr_gain_db == pytest.approx(20 * math.log10(2), abs=0.05)
    assert math.isnan(found.suppression_db)
    assert math.isnan(found.gap_lsd)
    gap = Case("gap", "gaps", Damage(gaps=(Gap(0.5, 50.0), Gap(1.5, 50.0))))
    damaged = gap.apply(truth, RATE, rng)
    assert measure(gap, truth, damaged, damaged, RATE).gap_lsd > 1.5
    assert measure(gap, truth, damaged, truth, RATE).gap_lsd == pytest.approx(0.0, abs=1e-9)
    single = Case("tone", "tone", Damage(tone_hz=2_000.0))
    assert measure(single, truth, single.apply(truth, RATE, rng), truth, RATE).suppression_db > 100


def test_cases_follow_from_the_seed_and_hold_what_they_say():
    truth = noise(channels=2, amplitude=0.05)
    truth[:, : RATE // 2] = 0.0  # nothing is heard in the first gap's part
    one, again, other = (
        draw_cases(DAMAGE_KINDS, truth, RATE, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one == again
    assert one != other
    assert [case.name for case in one] == [
        "tone 0.01",
        "tone 0.1",
        "white 20 dB",
        "gaps 50 ms",
        "gaps 100 ms",
    ]
    white = one[2].apply(truth, RATE, np.random.default_rng(3)) - truth
    assert 20 * np.log10(np.std(truth) / np.std(white)) == pytest.approx(20, abs=0.1)
    for case in one[3:]:
        assert len(case.damage.gaps) == 3
        damaged = case.apply(truth, RATE, np.random.default_rng(0))
        for gap in case.damage.gaps:
            start = round(gap.start_s * RATE)
            assert truth[:, start].any()
            assert not damaged[:, start : start + round(gap.length_ms * 48)].any()
    assert [case.kind for case in draw_cases(("white",), truth, RATE, np.random.default_rng(1))] == ["white"]


def test_sound_too_short_for_gaps_has_none():
    cases = draw_cases(DAMAGE_KINDS, noise(0.3), RATE, np.random.default_rng(0))
    assert {case.kind for case in cases} == {"tone", "white"}
