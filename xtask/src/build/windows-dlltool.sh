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
for word do
    shift
    case $before in
    # Symbols are named after it too, so each library needs one of its own.
    --temp-prefix) word=t$(printf %s "$word" | cksum | cut -d ' ' -f 1) ;;
    esac
    before=$word
    set -- "$@" "$word"
done
x86_64-w64-mingw32-dlltool "$@"
