# lines.sh ROOT LIBRARY CC [FLAGS]: each line of the README's tables for
# newcomers compiles as it stands, beneath the declarations that it shows, with
# warnings as errors, and what it calls is in LIBRARY.
set -eu

root=$1
library=$2
cc=$3
shift 3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk '/^## / { inside = /^## Coming from elsewhere$/ } inside' \
    "$root/README.md" >"$work/section"

# declarations: the section's block of C
declarations() {
    awk '/^```/ { inside = !inside; next } inside' "$work/section"
}

# rows: what stands in the tables, without their heads
rows() {
    awk '/^\|/ && !/^\|---/ && !/^\| there \|/' "$work/section"
}

# lines: a function for each row, with the code in its second column
lines() {
    rows | awk -F ' [|] ' '
        NF < 2 || $2 !~ /^`.*;`$/ {
            print "a row without a line of C: " $0 >"/dev/stderr"
            bad = 1
        }
        {
            print "void *line" NR "(void);"
            print "void *line" NR "(void)\n{"
            print "    " substr($2, 2, length($2) - 2)
            print "    return NULL;\n}"
        }
        END { exit bad }'
}

count=$(rows | wc -l)
[ "$count" -ge 65 ] || {
    echo "only $count rows in the tables for newcomers"
    exit 1
}

{
    echo '#include <errno.h>'
    echo '#include <futures/futures.h>'
    declarations
    lines
    cat "$(dirname "$0")/callees.c"
} >"$work/lines.c"

$cc -std=c11 -Wall -Wextra -Werror "-I$root/include" "$@" \
    "$work/lines.c" "$library" -pthread -o "$work/lines"
echo "$count lines"
