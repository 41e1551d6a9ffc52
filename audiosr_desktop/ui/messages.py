"""Messages: sentences of the rooms below the window, found again by their templates, in another language.

The rooms below know no languages: an error, a warning or a stage is an English sentence with its facts in it.
A language file holds the templates, "{0} is a folder; choose a sound file in it.", and its own ones for them;
the window looks a sentence up by the template that made it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audiosr_desktop.ui.readout import own_mark

_PLACE = re.compile(r"\{(\d+)\}")
_NUMBER = re.compile(r"[-+]?\d+\.\d+")
_SHARE = re.compile(r"\d+%")
_KEPT = 500  # sentences that are remembered; stages come thirty times a second


@dataclass(frozen=True, slots=True)
class _Template:
    pattern: re.Pattern[str]
    places: tuple[int, ...]
    text: str


class Messages:
    """The sentences of one language.

    Args:
        templates: by the English ones; facts are numbered in braces.
        words: other texts of the language, as facts may be such (titles of effects).
        own_mark: writes figures as their reader does.
    """

    def __init__(
        self,
        templates: Mapping[str, str],
        words: Mapping[str, str],
        own_mark: Callable[[str], str] = own_mark,
    ) -> None:
        self._plain = {english: text for english, text in templates.items() if not _PLACE.search(english)}
        self._words, self._own_mark = words, own_mark
        with_facts = [english for english in templates if english not in self._plain]
        # the one with the most words of its own is meant, where several fit
        with_facts.sort(key=lambda english: len(_PLACE.sub("", english)), reverse=True)
        self._templates = [_template(english, templates[english]) for english in with_facts]
        self._known: dict[str, str] = {}

    def translated(self, sentence: str) -> str | None:
        """Return a sentence in the language; None where no template made it."""
        found = self._plain.get(sentence) or self._known.get(sentence)
        if found is not None:
            return found
        for template in self._templates:
            match = template.pattern.fullmatch(sentence)
            if match is not None:
                told = _filled(template, [self._fact(fact) for fact in match.groups()])
                if len(self._known) >= _KEPT:
                    self._known.clear()
                self._known[sentence] = told
                return told
        return None

    def _fact(self, text: str) -> str:
        """Return a fact as it is told: a sentence or a title in the language, a number with its mark."""
        if _SHARE.fullmatch(text):
            return f"{text[:-1]} %"
        if _NUMBER.fullmatch(text):
            return self._own_mark(text)
        return self._words.get(text) or self.translated(text) or text


def _filled(template: _Template, facts: list[str]) -> str:
    by_number = dict(zip(template.places, facts, strict=True))
    return _PLACE.sub(lambda place: by_number[int(place[1])], template.text)


def _template(english: str, text: str) -> _Template:
    parts = _PLACE.split(english)  # literal, number, literal, …
    pattern = "".join(re.escape(part) if not place % 2 else "(.*?)" for place, part in enumerate(parts))
    return _Template(re.compile(pattern, re.DOTALL), tuple(int(number) for number in parts[1::2]), text)
