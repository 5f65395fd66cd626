#!/bin/sh
# Finds a Python 3.10 to 3.12 that can make environments and hands over to environment.py.
# PYTHON=/path/to/python chooses one. Arguments: run | dev | gpu | missing
set -eu

suits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

for python in ${PYTHON:-python3.11 python3.12 python3.10 python3}; do
    if command -v "$python" >/dev/null 2>&1 && suits "$python"; then
        exec "$python" "$(dirname "$0")/environment.py" "$@"
    fi
done

for python in ${PYTHON:-python3.11 python3.12 python3.10 python3}; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case "$version" in
        3.10 | 3.11 | 3.12)
            echo "flinch: $python has no venv module; install it (Debian: apt-get install python$version-venv)" >&2
            exit 2
            ;;
    esac
    found="${found:-} $python is $version;"
done
echo "flinch: needs Python 3.10, 3.11 or 3.12;${found:- none found;}" \
    "install one (Debian: apt-get install python3 python3-venv) or set PYTHON=/path/to/it" >&2
exit 2
