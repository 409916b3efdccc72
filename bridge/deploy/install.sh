#!/bin/sh
# Install Textback from this archive; no network is needed. As root: ./install.sh [DIRECTORY], else /opt/textback.
# Run it again to upgrade. To undo: `textback uninstall` prints every line.
#   PYTHON         another Python, 3.11 to 3.13
#   TEXTBACK_USER  who it runs as; empty: make no user and no link (a trial in a directory of your own)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
target=${1:-/opt/textback}
user=${TEXTBACK_USER-textback}

usable() {
    command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
}

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    usable "$python" && break
    python=
done
if [ -z "$python" ]; then
    echo "Python 3.11, 3.12 or 3.13 is missing. Debian 12: apt-get install python3 python3-venv; EL9: dnf install python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    echo "Python's venv is missing. Debian: apt-get install python3-venv" >&2
    exit 1
fi

# An upgrade goes into the environment that is there, unless its Python has gone.
if ! usable "$target/bin/python" || ! "$target/bin/python" -c 'import pip' 2>/dev/null; then
    "$python" -m venv "$target"
fi
pip="$target/bin/python -m pip --quiet --disable-pip-version-check install --no-index"
$pip --find-links "$here/wheels" --require-hashes -r "$here/requirements.txt" -r "$here/requirements-mariadb.txt"
$pip --no-deps --force-reinstall "$here"/missed_call_textback-*.whl
if command -v restorecon >/dev/null; then
    restorecon -R "$target"  # SELinux (EL9): what systemd starts has to carry the label of a program
fi
"$target/bin/textback" --version

if [ -n "$user" ]; then
    getent passwd "$user" >/dev/null || useradd --system --home-dir /var/lib/textback --shell /usr/sbin/nologin "$user"
    install -d -o "$user" -g "$user" -m 0700 /var/lib/textback
    ln -sf "$target/bin/textback" /usr/local/bin/textback
fi
echo "next: textback init    (after an upgrade: systemctl restart textback && textback status)"
