"""What is said of a restored part: on its badge, and of how it was made."""

from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.language import tr


def badge_texts(span: RestoredSpan) -> tuple[str, ...]:
    """Return what a badge says, the longest first: process, preset and seed as far as there is room."""
    words = [f"✓ {span.title}"]
    for name, form in (("preset", "{}"), ("quality", "{}"), ("seed", tr("seed {}"))):
        if name in span.details:
            words.append(form.format(span.details[name]))
    return tuple(" · ".join(words[:count]) for count in range(len(words), 0, -1))


def span_details(span: RestoredSpan) -> str:
    """Return how a span was made, a line each."""
    plain = ((name, value) for name, value in span.details.items() if isinstance(value, str | int | float))
    return "\n".join([span.title, *(f"{name.replace('_', ' ')}: {value}" for name, value in plain)])
