# What goes wrong on the way: what is tried again and what is not, how long,
# and that no half of a file takes the place of a whole one.
. "$(dirname "$0")/common.sh"
start_broken

# A body that is cut is tried again, and leaves the old file as it was.
echo old >got/cut
run 1 -o got --retries 1 "$broken/cut"
has out '^cut *failed .*transfer closed with 5 bytes remaining.*(2 tries)$'
[ "$(asked /cut)" -eq 2 ] || fail "cut was asked for $(asked /cut) times"
holds_only got cut
[ "$(cat got/cut)" = old ] || fail "half a file took the place of the old"

run 0 -o got --retries 1 "$broken/cut-once"
[ "$(cat got/cut-once)" = all ] || fail "the second try went on from the first"

# 503 is tried again, until it is over; the file is whole.
run 0 -o got --retries 2 "$broken/third-time"
[ "$(asked /third-time)" -eq 3 ] || fail "not three tries"
[ "$(cat got/third-time)" = finally ] || fail "third-time is wrong"

# 404 is not, and its page is no download.
run 1 -o got --retries 5 "$broken/missing"
has out '^missing *failed  *0 .* HTTP 404 Not Found$'
[ "$(asked /missing)" -eq 1 ] || fail "404 was tried again"

run 1 -o got --retries 1 "$refusing/refused"
has out '^refused *failed .* cannot connect: Connection refused (2 tries)$'

# The time-out is that of the whole transfer: it ends a body that does not
# come on, and leaves no time for a pause that is longer.
run 1 -o got --timeout 0.5 "$broken/stall"
has out '^stall *failed .* timed out after 0.5 s$'
run 1 -o got --timeout 60 --retries 100 "$broken/hours"
has out '^hours *failed .* HTTP 503 Service Unavailable$'

# A redirect is followed; the name is that of the URL.
run 0 -o got "$broken/moved"
[ "$(cat got/moved)" = /elsewhere ] || fail "the redirect went elsewhere"

# A folder is in the way.
mkdir got/taken
run 1 -o got "$broken/taken"
has out '^taken *failed .* cannot write: Is a directory$'
rmdir got/taken

# The first error cancels the rest, and only if it is asked to.
run 1 -o got --fail-fast "$broken/stall" "$broken/missing" "$broken/stall"
has out '^stall *cancelled .* another transfer failed$'
has out '^stall.1 *cancelled .* another transfer failed'
has out '^0 of 3 downloaded, 1 failed, 2 cancelled'
run 1 -j 1 -o got --keep-going "$broken/missing" "$broken/late"
[ "$(cat got/late)" = /late ] || fail "an error stopped the others"

# A table that cannot be printed is an error too.
status=0
"$download" -o got "$broken/unheard" >/dev/full 2>err || status=$?
[ $status -eq 1 ] || fail "status $status with a full standard output"
has err 'cannot write to standard output: No space left on device'
holds_only got cut cut-once third-time moved late unheard
