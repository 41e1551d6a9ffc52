#!/usr/bin/env bash
# Try the Debian package on a bare Debian: sudo bash installer/linux/try.sh OUT [SUITE]
#
# Makes a root with debootstrap that has neither Python nor anything of this checkout (OUT/root), installs the package
# there with apt, does the main job on the command line, opens the window on a virtual screen, looks at it and closes
# it, and removes the package. Exit code 0 only if all of that worked.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
out="$(cd "${1:-$here/../../build/linux}" && pwd -P)"
package="$(find "$out" -maxdepth 1 -name 'audiosr-desktop_*.deb' | head -n 1)"

# shellcheck source=bare.sh
source "$here/bare.sh"

[[ -n "$package" ]] || fail "there is no package in $out: bash installer/linux/build.sh makes it"
make_root "${2:-bookworm}"
cp "$package" "$bare/root/package.deb"
cp "$here/try_window.sh" "$bare/root/"

say "Installing $(basename "$package"), $(du -h "$package" | cut -f1)"
inside 'apt-get -qq -y install --no-install-recommends /root/package.deb >/root/apt.log 2>&1' ||
    { tail -n 20 "$bare/root/apt.log" >&2; fail "apt"; }
inside '! command -v python3' || fail "the root has a Python of its own"
inside 'du -sh /usr/lib/audiosr-desktop | cut -f1' >&2
inside '! find /usr/lib/audiosr-desktop -iname "*torch*" | grep .' || fail "torch is inside"
# Before the tools of this try are there, whose dependencies could hide that one of the package's own is missing
inside '! ldd /usr/lib/audiosr-desktop/_internal/PySide6/Qt/plugins/platforms/libq{xcb,offscreen}.so | grep "not found"' ||
    fail "Qt misses libraries"
inside 'apt-get -qq -y install --no-install-recommends xvfb xauth imagemagick xdotool desktop-file-utils \
    shared-mime-info man-db >/root/apt.log 2>&1' || { tail -n 20 "$bare/root/apt.log" >&2; fail "apt, tools"; }

say "What belongs to the desktop"
inside 'desktop-file-validate /usr/share/applications/audiosr-desktop.desktop
    update-mime-database /usr/share/mime
    grep -q audio/x-w64 /usr/share/mime/types
    gzip -t /usr/share/man/man1/audiosr-desktop.1.gz
    test -s /usr/share/icons/hicolor/48x48/apps/audiosr-desktop.png
    man --warnings -l /usr/share/man/man1/audiosr-desktop.1.gz 2>&1 >/root/man.txt | { ! grep .; }
    grep -q -- --cutoff-hz /root/man.txt'

say "The command line"
inside 'cd /root
    audiosr-desktop --version
    audiosr-desktop demo --out demo --json >demo.json
    grep -q "\"outside_bit_identical\": true" demo.json
    grep -E "lsd_|elapsed_s|\"rtf\"" demo.json
    audiosr-desktop restore demo/before.wav -o restored.wav --effect super-resolution --quality draft --start 1 --end 2
    test -s restored.wav
    mkdir many
    cp demo/before.wav many/a.wav
    cp demo/before.wav many/b.wav
    audiosr-desktop batch many --out done --effect denoise --jobs 2
    test "$(ls done | grep -c wav)" = 2
    audiosr-desktop plugins new soft-half
    audiosr-desktop plugins enable my.soft-half
    audiosr-desktop restore demo/before.wav -o half.wav --effect my.soft-half >/dev/null
    test -s half.wav
    test -z "$(audiosr-desktop --sound-process </dev/null 2>&1)" # ends with who starts it
    ! audiosr-desktop setup cuda
    audiosr-desktop models verify
    audiosr-desktop completion bash >/dev/null'

say "The window"
inside 'bash /root/try_window.sh'

say "Removing"
inside 'apt-get -qq -y purge audiosr-desktop >/dev/null 2>&1
    ! test -e /usr/lib/audiosr-desktop
    ! command -v audiosr-desktop
    ! find /usr -name "*audiosr*" | grep .'
say "All of it worked."
