# Without a URL: three sources of 3 s, 1 s and 2 s together take 3 s, a fourth
# fails in both error modes, and nothing is left behind.
. "$(dirname "$0")/common.sh"
mkdir temporary
TMPDIR=$scratch/temporary
export TMPDIR

run 0
elapsed=$(sed -n \
    's/^elapsed \([0-9.]*\) s; .* would take \([0-9.]*\) s.*/\1 \2/p' out)
[ -n "$elapsed" ] || fail "it does not say how long it took"
# As long as the longest; on a busy machine longer, but not one after another.
echo "$elapsed" | awk '{ exit !($1 >= 2.9 && $2 >= 5.9 && $1 < 0.8 * $2) }' ||
    fail "elapsed and in turn: $elapsed s"
has out '^3 of 3 downloaded, 0 failed, 0 cancelled'
has out '^3 of 4 downloaded, 1 failed, 0 cancelled'
has out '^0 of 4 downloaded, 1 failed, 3 cancelled'
has out '^delta.bin *failed .* HTTP 503 Service Unavailable$'
has out '^alpha.bin *cancelled .* another transfer failed$'
holds_only temporary

# With a folder and a mode: it shows that mode alone, and keeps the files.
run 0 -o got --keep-going -j 2
has out '^3 of 4 downloaded, 1 failed, 0 cancelled'
lacks out 'fail-fast'
holds_only got alpha.bin beta.bin gamma.bin
[ "$(wc -c <got/alpha.bin)" -eq 3000000 ] || fail "alpha.bin is cut"
