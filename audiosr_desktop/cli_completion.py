"""The sub-command `completion`: a script for bash, zsh or fish, made from the parsers themselves."""

import argparse
import shlex
from collections.abc import Iterator, Mapping

from audiosr_desktop.cli_options import PROGRAM, build_parser
from audiosr_desktop.cli_output import write_json

_BASH = """\
_audiosr_desktop() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    local line="${{COMP_WORDS[*]:1:2}}" words="" reply
    if [ "$COMP_CWORD" -eq 1 ]; then
        words={commands}
    else
        case "$line" in
{cases}
        esac
    fi
    COMPREPLY=()
    while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen -W "$words" -- "$word")
}}
complete -o default -F _audiosr_desktop {program}
"""


def completion(arguments: argparse.Namespace) -> int:
    """Carry out `completion`."""
    parsers = _parsers(build_parser()[0])
    script = "\n".join(_fish(parsers)) + "\n" if arguments.shell == "fish" else _bash(parsers)
    if arguments.shell == "zsh":
        script = f"autoload -U +X bashcompinit && bashcompinit\n{script}"
    if arguments.json:
        write_json({"shell": arguments.shell, "script": script})
    else:
        print(script, end="")
    return 0


def _parsers(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> dict[tuple[str, ...], argparse.ArgumentParser]:
    """Return the parsers of all commands by their words: ("models", "list")."""
    found = {words: parser}
    for action in parser._actions:  # argparse has no public way to list them
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                found |= _parsers(child, (*words, name))
    return found


def _bash(parsers: Mapping[tuple[str, ...], argparse.ArgumentParser]) -> str:
    cases = []
    for words, parser in sorted(parsers.items(), key=lambda pair: -len(pair[0])):
        if not words:
            continue
        chosen = []
        for action in parser._actions:
            if action.option_strings and action.choices:
                values = shlex.quote(" ".join(map(str, action.choices)))
                chosen.append(f"                {'|'.join(action.option_strings)}) words={values} ;;")
        pattern = f'"{" ".join(words)}"*'
        cases.append(f"            {pattern}) words={shlex.quote(' '.join(_words(parser)))}")
        if chosen:
            cases += ['                case "$before" in', *chosen, "                esac"]
        cases.append("                ;;")
    commands = shlex.quote(" ".join(_words(parsers[()])))
    return _BASH.format(commands=commands, cases="\n".join(cases), program=PROGRAM)


def _words(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield what may stand behind a command: its options, and the words that a place is chosen from."""
    for action in parser._actions:
        if action.option_strings:
            yield from action.option_strings
        elif action.choices:
            yield from map(str, action.choices)


def _fish(parsers: Mapping[tuple[str, ...], argparse.ArgumentParser]) -> Iterator[str]:
    for words, parser in parsers.items():
        condition = " and ".join(f"__fish_seen_subcommand_from {word}" for word in words)
        where = f"-n {shlex.quote(condition or '__fish_use_subcommand')}"
        for action in parser._actions:
            told = (
                f" -d {shlex.quote(action.help)}" if action.help and action.help != argparse.SUPPRESS else ""
            )
            if not action.option_strings:
                names = " ".join(map(str, action.choices or ()))
                if names:
                    yield f"complete -c {PROGRAM} {where} -a {shlex.quote(names)}"
                continue
            flags = [
                f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
                for option in action.option_strings
            ]
            values = f" -xa {shlex.quote(' '.join(map(str, action.choices)))}" if action.choices else ""
            takes = " -r" if action.nargs != 0 and not values else ""
            yield f"complete -c {PROGRAM} {where} {' '.join(flags)}{takes}{values}{told}"
