# check.sh ROOT LIBRARY CC [FLAGS]: takes the first C block out of the README,
# compiles it with warnings as errors against LIBRARY, runs it, and compares
# what it prints with the block that follows it.
set -eu

root=$1
library=$2
cc=$3
shift 3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# block NUMBER: the lines of that fenced block
block() {
    awk -v wanted="$1" '
        /^```/ { if (inside) inside = 0; else { inside = 1; n++ }; next }
        inside && n == wanted' "$root/README.md"
}

block 1 >"$work/program.c"
block 2 >"$work/expected"
grep -q futures_gather "$work/program.c"
[ -s "$work/expected" ]

$cc -std=c11 -Wall -Wextra -Werror "-I$root/include" "$@" \
    "$work/program.c" "$library" -pthread -o "$work/program"
"$work/program" >"$work/printed"
diff "$work/expected" "$work/printed"
