#!/usr/bin/env bash
# Try the Windows installers on Linux, under Wine in a bare Debian: sudo bash installer/windows/check.sh [OUT] [SUITE]
#
# They are compiled with a stand-in for the program, which cannot be built here, then installed without a word, looked
# at, installed over, and removed: check_inside.sh. Needs debootstrap and npm, whose package `innosetup` holds Inno
# Setup's compiler. Exit code 0 only if all of it worked.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
root="$(cd "$here/../.." && pwd -P)"
mkdir -p "${1:-$root/build/windows}"
out="$(cd "${1:-$root/build/windows}" && pwd -P)"

# shellcheck source=../linux/bare.sh
source "$here/../linux/bare.sh"

make_root "${2:-bookworm}"
say "Wine, and Inno Setup's compiler"
inside 'dpkg --add-architecture i386
    apt-get -qq update
    apt-get -qq -y install --no-install-recommends wine wine64 wine32:i386 xvfb >/root/apt.log 2>&1' ||
    { tail -n 20 "$bare/root/apt.log" >&2; fail "apt"; }
(cd "$out" && rm -rf package && npm pack --silent innosetup@6 >npm.txt && tar -xf "$(tail -n 1 npm.txt)")
mv "$out/package/bin" "$bare/root/inno"
rm -r "$out/package"
mkdir -p "$bare/root/checkout/resources"
cp -r "$root/installer" "$root/LICENSE" "$bare/root/checkout/"
cp -r "$root/resources/icons" "$bare/root/checkout/resources/"

say "The installers"
inside 'bash /root/checkout/installer/windows/check_inside.sh'
say "All of it worked."
