# check.sh INCLUDE LIBRARY CC CXX [FLAGS]: each header of INCLUDE compiles
# alone, twice in a row, as C11 and as C++17 without a warning; use.c does so
# too, links LIBRARY in both languages and runs.
set -eu

include=$1
library=$2
cc=$3
cxx=$4
shift 4

folder=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

c="$cc -std=c11"
cpp="$cxx -std=c++17 -x c++"
flags="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I$include"

count=0
for header in "$include"/futures/*.h; do
    name=futures/$(basename "$header")
    printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$work/alone.c"
    echo 'extern int nothing;' >>"$work/alone.c"
    for compile in "$c" "$cpp"; do
        $compile $flags -fsyntax-only "$work/alone.c" || {
            echo "$name does not compile alone: $compile"
            exit 1
        }
    done
    count=$((count + 1))
done
[ "$count" -gt 0 ]

# A program of its own for each: one that another process holds open for a
# moment, as it forks, cannot be run or written.
for compile in "$c" "$cpp"; do
    program=$work/use.$(basename "${compile%% *}")
    $compile $flags "$@" "$folder/use.c" -x none "$library" -pthread \
        -o "$program"
    "$program" || { sleep 1 && "$program"; }
done
echo "$count headers, C11 and C++17"
