# shellcheck shell=bash
# Shared by run.sh and test.sh, which source it: finds Python, installs what is missing, makes .venv.
# Everything it does is skipped when it was done before.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$root/.venv"

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

say() {
    printf '%s\n' "$*" >&2
}

# Print the first Python that is new enough; $PYTHON chooses another one.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# Run a command as root: directly, or by sudo, which asks for a password only where there is a terminal.
as_root() {
    if [[ "$(id -u)" == 0 ]]; then
        "$@"
    elif ! command -v sudo >/dev/null 2>&1; then
        return 1
    elif [[ -t 0 ]]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# Install those of the named Debian packages that are missing; 1 when that did not work.
apt_install() {
    local package found missing=()
    command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || return 0
    for package in "$@"; do
        # Since the change to 64-bit time some packages end in t64 and provide the old name
        found="$(dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null || true)"
        [[ "$found" == *"install ok installed"* ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "Installing system packages: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# System packages that the program can do without in part: say so and go on.
want_packages() {
    apt_install "$@" || say "These system packages could not all be installed, so the window or the sound may" \
        "not start; install them yourself with: apt-get install $*"
}

# Make .venv, or make it again when its Python is gone or the checkout was moved (its scripts name their place).
make_venv() {
    local python version
    if "$venv/bin/python" -c '' >/dev/null 2>&1 && head -n 2 "$venv/bin/pip" 2>/dev/null | grep -qF "$venv/"; then
        return 0
    fi
    python="$(find_python)" ||
        fail "AudioSR Desktop needs Python 3.11 or newer: install it, or set PYTHON to its path, and try again."
    version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        apt_install "python$version-venv" || true
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
            fail "Python $version lacks its venv module: install the package python$version-venv and try again."
    fi
    say "Making the Python environment .venv with Python $version"
    "$python" -m venv --clear "$venv" ||
        fail "The Python environment could not be made in $venv: see the message above."
}

# Install the program and the named extras ("" or "[dev,train]") unless .venv/installed-… says that was done.
install_program() {
    local extras="$1" stamp state
    stamp="$venv/installed-${extras//[^a-z]/}"
    state="$root $(cksum <"$root/pyproject.toml")"
    if [[ -f "$stamp" && "$(<"$stamp")" == "$state" ]]; then
        return 0
    fi
    say "Installing the Python packages into .venv (a few minutes the first time)"
    (cd "$root" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -e ".$extras") ||
        fail "The Python packages could not be installed: see pip's message above, check the network, and try again."
    printf '%s\n' "$state" >"$stamp"
}
