#!/bin/sh
# Makes import libraries for Windows where folders have blanks in their names.
#
# GNU dlltool hands the names of its temporary files to the assembler without quotes. Here they are short and relative,
# in a folder of their own; every other path that the compiler gives is absolute.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
before=
definitions=/dev/null
library=
for word do
    shift
    case $before in
    -d) definitions=$word ;;
    -D) library=$word ;;
    # Symbols and objects are named after it too: each library needs one of its own, the same in every checkout.
    --temp-prefix) word=t$({ echo "$library"; cat "$definitions"; } | cksum | cut -d ' ' -f 1) ;;
    esac
    before=$word
    set -- "$@" "$word"
done
x86_64-w64-mingw32-dlltool "$@"
