#!/usr/bin/env bash
# Recomputes the digest of a snapshot from its files in a plain folder, with coreutils, findutils and sed alone, so that
# nobody has to trust AetherFS for it. The rules: docs/format.md, section 2.
#
# usage: snapshot-digest.sh [--listing] FOLDER
#   prints sha256:<digest>, or with --listing the text that the digest is the SHA-256 of
set -euo pipefail
export LC_ALL=C # names are bytes: one order and one length for them everywhere

listing=false
if [ "${1:-}" = --listing ]; then
  listing=true
  shift
fi
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "usage: $0 [--listing] FOLDER" >&2
  exit 2
fi
cd -- "$1"

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# In all that follows an entry is one record that ends in NUL, because a name may hold any other byte. A field is escaped
# as the listing wants it; then a record has no line feed in it any more and can be taken for a line.
escape='s/\\/\\\\/g; s/ /\\_/g; s/\n/\\n/g'

# Lines "<escaped path>" of what `find` prints, the "./" in front of each taken off.
paths() { sed -z -e 's|^\./||' -e "$escape" | tr '\0' '\n'; }

find . -mindepth 1 \( -type f -o -type l -o -type d \) -prune -o -print -quit | head -c 1 > /dev/null

special=$(find . -mindepth 1 ! -type f ! -type l ! -type d -print -quit)
if [ -n "$special" ]; then
  echo "$0: $special is no file, folder or link" >&2
  exit 1
fi

# Files: hash, mode and size come from two walks in one order.
find . -type f -print0 | sort -z > "$scratch/files"
