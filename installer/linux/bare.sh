# shellcheck shell=bash
# Shared by try.sh and walk.sh, which source it and set `out`: a bare Debian in OUT/root, and what runs inside it.

bare="$out/root"
mounted=()

say() {
    printf '== %s\n' "$*" >&2
}

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

clean_up() {
    local place
    for place in "${mounted[@]}"; do
        umount "$place" || umount -l "$place"
    done
    mounted=()
}

# Run a script inside, with nothing of this machine's environment but what is named
inside() {
    chroot "$bare" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$1"
}

# Make the root anew: debootstrap's answer is kept as OUT/bare-SUITE.tar
make_root() {
    local suite="$1" tar="$out/bare-$1.tar"
    [[ "$(id -u)" == 0 ]] || fail "debootstrap and chroot need root"
    # a root that an interrupted run left mounted must not be removed with what is mounted in it
    ! grep -q " $bare/" /proc/mounts || fail "something is still mounted in $bare: unmount it first"
    rm -rf --one-file-system "$bare"
    if [[ ! -f "$tar" ]]; then
        say "Making a bare $suite"
        debootstrap --variant=minbase "$suite" "$bare" >"$out/debootstrap.log"
        tar -C "$bare" --one-file-system -cf "$tar" .
        rm -rf --one-file-system "$bare"
    fi
    mkdir -p "$bare"
    tar -C "$bare" -xf "$tar"
    trap clean_up EXIT
    mount -t proc proc "$bare/proc"
    mounted=("$bare/proc")
    mount -t tmpfs tmpfs "$bare/dev/shm"
    mounted+=("$bare/dev/shm")
    cp -L /etc/resolv.conf "$bare/etc/resolv.conf"
    inside 'apt-get -qq update'
}
