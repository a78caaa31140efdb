#!/bin/sh
# Recomputes the digest of a snapshot from its files in a plain folder, with GNU coreutils, findutils and sed alone, so
# that nobody has to trust AetherFS for it. The rules: docs/format.md, section 2.
#
# usage: snapshot-digest.sh [--listing] FOLDER
#   prints sha256:<digest>, or with --listing the text that the digest is the SHA-256 of
set -eu
LC_ALL=C # names are bytes: one order and one length for them everywhere
export LC_ALL
unset CDPATH

listing=no
if [ "${1:-}" = --listing ]; then
  listing=yes
  shift
fi
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "usage: $0 [--listing] FOLDER" >&2
  exit 2
fi
cd -- "$1"

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

special=$(find . ! -type f ! -type l ! -type d -print -quit)
if [ -n "$special" ]; then
  echo "$0: $special is no file, link or folder" >&2
  exit 1
fi

# Every step writes records that end in NUL, because that is the one byte that no name can hold. Steps are no pipes, so
# that a failure of any of them ends the script.
escape='s/\\/\\\\/g; s/ /\\_/g; s/\n/\\n/g'

# Files: one walk for mode, size and name, one run of sha256sum in the same order.
find . -type f \( -perm -100 -fprintf "$scratch/modes" 'x %s\0' -o -fprintf "$scratch/modes" '- %s\0' \) \
  -print0 > "$scratch/files"
xargs -0 -r sha256sum -z -- < "$scratch/files" > "$scratch/hashes"
paste -z -d ' ' "$scratch/modes" "$scratch/hashes" > "$scratch/hashed"
sed -z 's|^\([x-] [0-9]* [0-9a-f]*\)  \./|f \1 |' "$scratch/hashed" > "$scratch/entries"

# Links: the target is a field of its own, so it is escaped before it is joined with the rest.
find . -type l -fprintf "$scratch/sizes" 'l - %s\0' -fprintf "$scratch/targets" '%l\0' -fprintf "$scratch/links" '%P\0'
sed -z "$escape" "$scratch/targets" > "$scratch/escaped"
paste -z -d ' ' "$scratch/sizes" "$scratch/escaped" "$scratch/links" >> "$scratch/entries"

# Folders with nothing in them.
find . -mindepth 1 -type d -empty -printf 'd - 0 - %P\0' >> "$scratch/entries"

# In the order of the paths as they are, which is not that of the escaped ones; then the path, which is all behind the
# fourth space, is escaped, and the records become lines.
sort -z -s -t ' ' -k 5 "$scratch/entries" > "$scratch/sorted"
sed -z "h; s/^\([^ ]* \)\{4\}//; $escape; x; s/^\(\([^ ]* \)\{4\}\).*/\1/; G; s/\x00//" "$scratch/sorted" > "$scratch/lines"
{ echo 'aetherfs listing 1' && tr '\0' '\n' < "$scratch/lines"; } > "$scratch/listing"

if [ "$listing" = yes ]; then
  cat "$scratch/listing"
else
  sum=$(sha256sum < "$scratch/listing")
  echo "sha256:${sum%% *}"
fi
