"""What effects tell about a run: facts and warnings in a dictionary that the caller gives them."""

Report = dict[str, object]


def note(report: Report, name: str, fact: object) -> None:
    """Append a fact to the list of that name, once."""
    facts = report.setdefault(name, [])
    assert isinstance(facts, list)
    if fact not in facts:
        facts.append(fact)


def warn(report: Report, warning: str) -> None:
    """Append a sentence for the user."""
    note(report, "warnings", warning)
