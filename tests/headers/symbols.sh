# symbols.sh INCLUDE LIBRARY CC: the functions that the shared library exports
# are those that the headers declare, no more and no fewer.
set -eu

include=$1
library=$2
cc=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cc" -E -P "-I$include" -include futures/futures.h -x c /dev/null |
    grep -o 'futures_[a-z0-9_]*(' | tr -d '(' | sort -u >"$work/declared"
nm -D --defined-only "$library" |
    awk '$2 == "T" && $3 ~ /^fut/ { print $3 }' | sort -u >"$work/exported"
[ -s "$work/declared" ]
diff "$work/declared" "$work/exported"
echo "$(wc -l <"$work/declared") functions"
