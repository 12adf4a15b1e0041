# check.sh PROGRAM SOURCE: runs the example, and compares what it prints with
# the lines that follow "It prints:" in the comment at the top of its source.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed -n '/^ \* It prints:$/,/^ \*\/$/s/^ \* //p' "$2" | sed 1d >"$work/expected"
[ -s "$work/expected" ] || {
    echo "$2 does not say what it prints"
    exit 1
}
"$1" >"$work/printed"
diff "$work/expected" "$work/printed"
