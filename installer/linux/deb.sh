#!/usr/bin/env bash
# Make Debian packages of the frozen program: VENV=… bash installer/linux/deb.sh OUT (build.sh calls it)
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
root="$(cd "$here/../.." && pwd -P)"
out="$1"
python="$VENV/bin/python"
version="$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$root/audiosr_desktop/__init__.py")"
architecture="$(dpkg --print-architecture)"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}"
date="$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)"
maintainer="${MAINTAINER:-AudioSR Desktop authors <nobody@localhost>}"
# The packages that run.sh installs, which Qt and the sound card need
depends="$(sed -n '/^want_packages/,/[^\\]$/p' "$root/installer/run.sh" | tr -d '\\\n' | sed 's/^want_packages *//; s/  */, /g')"

# The newest version of the C library that anything in a folder asks for
libc_of() {
    find "$1" -type f \( -name '*.so*' -o -perm -u+x \) -exec objdump -T {} + 2>/dev/null |
        grep -o 'GLIBC_2\.[0-9]*' | sort -u -V | tail -n 1 | sed 's/GLIBC_//'
}

# Write control data for a tree and pack it: pack NAME DEPENDS SUMMARY < long description
pack() {
    local name="$1" needs="$2" summary="$3" tree="$out/$1.tree" described
    described="$(sed 's/^/ /')"
    mkdir -p "$tree/DEBIAN" "$tree/usr/share/doc/$name"
    cat >"$tree/usr/share/doc/$name/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: AudioSR Desktop
Comment: The work of others that is contained, and its licences, are listed in /usr/lib/audiosr-desktop/licences.txt.

Files: *
Copyright: the AudioSR Desktop authors
License: GPL-3+
 On Debian systems the text of the GNU General Public License, version 3,
 is in /usr/share/common-licenses/GPL-3.
END
    cat >"$tree/DEBIAN/control" <<END
Package: $name
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: $needs
Section: sound
Priority: optional
Description: $summary
$described
END
    find "$tree" -type d -exec chmod 755 {} +
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb -Zzstd --root-owner-group --build "$tree" "$out/${name}_${version}_$architecture.deb" >/dev/null
    rm -rf "$tree"
}

tree="$out/audiosr-desktop.tree"
rm -rf "$tree"
share="$tree/usr/share"
mkdir -p "$tree/usr/lib" "$tree/usr/bin" "$share/applications" "$share/metainfo" "$share/mime/packages" "$share/man/man1"
cp -a "$out/audiosr-desktop" "$tree/usr/lib/audiosr-desktop"
for program in audiosr-desktop audiosr-desktop-window; do
    ln -s "../lib/audiosr-desktop/$program" "$tree/usr/bin/$program"
done
cp "$here/audiosr-desktop.desktop" "$share/applications/"
cp "$here/audiosr-desktop.mime.xml" "$share/mime/packages/audiosr-desktop.xml"
for file in "$here"/*.metainfo.xml; do
    sed "s/@VERSION@/$version/; s/@DATE@/$date/" "$file" >"$share/metainfo/$(basename "$file")"
done
for picture in "$root"/resources/icons/[0-9]*.png; do
    size="$(basename "$picture" .png)"
    install -D -m 644 "$picture" "$share/icons/hicolor/${size}x$size/apps/audiosr-desktop.png"
done
install -D -m 644 "$root/resources/icons/audiosr-desktop.svg" "$share/icons/hicolor/scalable/apps/audiosr-desktop.svg"
PYTHONPATH="$root" "$python" "$root/installer/package/man.py" | gzip -9n >"$share/man/man1/audiosr-desktop.1.gz"
ln -s audiosr-desktop.1.gz "$share/man/man1/audiosr-desktop-window.1.gz"
mkdir -p "$tree/usr/share/doc/audiosr-desktop"
gzip -9nc "$root/CHANGELOG.md" >"$tree/usr/share/doc/audiosr-desktop/changelog.gz"
find "$share" -type f -exec chmod 644 {} +
pack audiosr-desktop "libc6 (>= $(libc_of "$out/audiosr-desktop")), $depends" \
    "audio editor that restores damaged sound" <<'END'
AudioSR Desktop gives damaged recordings back what they lost: the top of
the spectrum that an old recorder, a telephone or a codec cut off. It takes
away whistles, hum and steady noise, and fills drop-outs.
.
Everything runs on this machine, without a network. The window and the
command line (audiosr-desktop) do the same work.
END

# ONNX Runtime's part for graphics cards, from the very build that the program contains
card="$("$python" -c 'import importlib.util; print(importlib.util.find_spec("onnxruntime").submodule_search_locations[0])')/capi"
if [[ -f "$card/libonnxruntime_providers_cuda.so" ]]; then
    rm -rf "$out/audiosr-desktop-cuda.tree"
    install -D -m 644 -t "$out/audiosr-desktop-cuda.tree/usr/lib/audiosr-desktop/_internal/onnxruntime/capi" \
        "$card/libonnxruntime_providers_cuda.so"
    pack audiosr-desktop-cuda "audiosr-desktop (= $version)" "NVIDIA graphics cards for AudioSR Desktop" <<'END'
ONNX Runtime's part for NVIDIA graphics cards. It needs NVIDIA's driver, the
CUDA 13 runtime and cuDNN 9, which are not contained;
"audiosr-desktop setup cuda" says what of them is missing.
END
fi
