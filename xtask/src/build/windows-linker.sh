#!/bin/sh
# Links programs for Windows so that the result does not depend on where the inputs lie.
#
# GNU ld sorts the parts of an import table by the path of the library they come from: the compiler's temporary folder,
# the toolchain's folder, the system's. Here the first two become short relative names, which are the same everywhere
# and sort after every absolute path.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
number=100
for word do
    shift
    case $word in
    /*.lib | /*.a | /*.rlib)
        number=$((number + 1))
        ln -s "$word" "$number-${word##*/}"
        word=$number-${word##*/}
        ;;
    esac
    set -- "$@" "$word"
done
x86_64-w64-mingw32-gcc "$@"
