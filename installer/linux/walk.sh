#!/usr/bin/env bash
# Walk through the README in a bare Debian, command by command: sudo bash installer/linux/walk.sh OUT [SUITE]
#
# The root has Python and apt and nothing else. Into it goes what git has of this checkout; then every command line of
# the README's two blocks runs as it stands there, in their order, on sounds with the names that it uses. What needs a
# screen or hours (the editor, the whole test suite) is named and left out. Exit code 0 only if all others worked.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
root="$(cd "$here/../.." && pwd -P)"
mkdir -p "${1:-$root/build/linux}"
out="$(cd "${1:-$root/build/linux}" && pwd -P)"

# shellcheck source=bare.sh
source "$here/bare.sh"

make_root "${2:-bookworm}"
say "Python, as the README asks for it"
inside 'apt-get -qq -y install --no-install-recommends python3 python3-venv ca-certificates >/root/apt.log 2>&1' ||
    { tail -n 20 "$bare/root/apt.log" >&2; fail "apt"; }
cp -L /etc/ssl/certs/ca-certificates.crt "$bare/etc/ssl/certs/ca-certificates.crt" # those of the network here
mkdir "$bare/root/checkout"
git -C "$root" archive HEAD | tar -C "$bare/root/checkout" -x

# The sounds that the README's commands name, made of the example
prepare='cd /root/checkout
    PATH=/root/checkout/.venv/bin:$PATH
    mkdir recordings folder
    cp resources/example/example-narrow.flac old.flac
    cp old.flac recordings/one.flac
    cp old.flac recordings/two.flac
    audiosr-desktop degrade resources/example/example.flac -o good.wav --lowpass-hz 20000 >/dev/null
    cp good.wav folder/clean.wav
    audiosr-desktop degrade good.wav -o old.wav --lowpass-hz 6000 >/dev/null
    audiosr-desktop degrade good.wav -o hum.wav --tone-hz 1000 --tone-amplitude 0.05 >/dev/null
    .venv/bin/python -c "import numpy, soundfile
sound, rate = soundfile.read(\"old.wav\")
soundfile.write(\"talk.wav\", numpy.concatenate([sound, sound]), rate)"
    cp old.wav before.wav
    cp old.wav restored.wav
    cp good.wav after.wav'

walked=0
walk() {
    local command="$1"
    say "$command"
    inside "cd /root/checkout
        PATH=/root/checkout/.venv/bin:\$PATH
        timeout 1200 $command </dev/null >/root/out.txt 2>/root/err.txt" || {
        tail -n 20 "$bare/root/out.txt" "$bare/root/err.txt" >&2
        fail "$command"
    }
    walked=$((walked + 1))
}

walk "bash installer/run.sh" # without a screen: the demonstration
inside 'grep -q "There is no screen" /root/err.txt && test -s /root/checkout/audiosr-demo/after.wav' ||
    fail "run.sh did not run the demonstration"
inside "$prepare"
while IFS= read -r command; do
    command="${command%%  #*}"
    case "$command" in
        "bash installer/run.sh"* | "bash installer/test.sh"* | "audiosr-desktop ["*) say "(left out) $command" ;;
        audiosr-desktop\ * | "bash "*) walk "$command" ;;
    esac
done < <(awk '/^```sh/ {inside = 1; next} /^```/ {inside = 0} inside' "$root/README.md")
walk "bash installer/run.sh restore old.wav -o new.wav"
say "$walked commands of the README worked."
