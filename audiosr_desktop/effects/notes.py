"""What effects tell about a run: facts and warnings in a dictionary that the caller gives them."""

from audiosr_desktop.audio.region import Region

Report = dict[str, object]

PLACES = "places"  # of a fact that holds for several: each is a fact with its start and end


def note(report: Report, name: str, fact: object) -> None:
    """Append a fact to the list of that name, once."""
    facts = report.setdefault(name, [])
    assert isinstance(facts, list)
    if fact not in facts:
        facts.append(fact)


def warn(report: Report, warning: str) -> None:
    """Append a sentence for the user."""
    note(report, "warnings", warning)


def keep_inside(report: Report, region: Region, sample_rate: int) -> None:
    """Take out of a report what was done around a region alone, to be heard and then dropped.

    Gaps and tones know where they lie. A tone that is heard in several places is told as in the loudest of
    those that reach into the region.
    """
    start_s, stop_s = region.start / sample_rate, region.stop / sample_rate
    for name in ("gaps", "tones"):
        facts = report.get(name, [])
        assert isinstance(facts, list)
        kept = []
        for fact in facts:
            places = [
                place
                for place in fact.get(PLACES, [fact])
                if place.get("start_s", start_s) < stop_s and place.get("end_s", stop_s) > start_s
            ]
            if PLACES not in fact:
                kept += places
            elif places:
                loudest = max(places, key=lambda place: float(place["level_dbfs"]))
                kept.append({key: loudest[key] for key in fact if key != PLACES})
        if kept:
            report[name] = kept
        else:
            report.pop(name, None)
