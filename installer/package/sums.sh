#!/usr/bin/env bash
# Write the check-sums of files that are handed out: bash installer/package/sums.sh FOLDER FILE…
# With SIGN_KEY=ID in the environment GnuPG signs the list with that key (SHA256SUMS.asc).
# To check a download: gpg --verify SHA256SUMS.asc SHA256SUMS && sha256sum --check --ignore-missing SHA256SUMS
set -euo pipefail

folder="$1"
shift
names=()
for file in "$@"; do
    names+=("$(basename "$file")")
done
cd "$folder"
rm -f SHA256SUMS.asc
if command -v sha256sum >/dev/null; then
    sha256sum -- "${names[@]}" >SHA256SUMS
else
    shasum -a 256 -- "${names[@]}" >SHA256SUMS # macOS
fi
if [[ -n "${SIGN_KEY:-}" ]]; then
    gpg --batch --yes --armor --local-user "$SIGN_KEY" --output SHA256SUMS.asc --detach-sign SHA256SUMS
fi
