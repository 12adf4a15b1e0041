# Ctrl-C stops what runs, what idles, what pauses and what is queued: at once,
# without a trace, and the table says what had finished.
. "$(dirname "$0")/common.sh"
start_serve
start_broken

are_open() {
    [ "$(find got -name '.download-*' | wc -l)" -eq "$1" ]
}
have_data() {
    [ "$(find got -name '.download-*' -size +0 | wc -l)" -ge "$1" ]
}

# Of five that do not end four run, in whatever order they were begun.
env --default-signal=INT "$download" -j 4 -o got "$url/file-7.bin" \
    "$url/slow.bin" "$broken/stall" "$url/slow.bin" "$broken/hours" \
    "$url/slow.bin" >out 2>err &
pid=$!
wait_for [ -f got/file-7.bin ]
wait_for are_open 4
wait_for have_data 3
kill -INT $pid
started=$(date +%s)
status=0
wait $pid || status=$?
[ $(($(date +%s) - started)) -le 5 ] || fail "it took too long to stop"
[ $status -eq 130 ] || fail "status $status"
has out '^file-7.bin *ok '
has out '^1 of 6 downloaded, 0 failed, 5 cancelled'
[ "$(grep -c ' interrupted$' out)" -eq 4 ] || fail "not 4 were running"
has out ' 0.00 s  interrupted before it started$'
holds_only got file-7.bin
same got/file-7.bin served/file-7.bin

# A pause before another try, of hours since the server asks for them, ends.
env --default-signal=INT "$download" -o got "$broken/hours" >out 2>err &
pid=$!
wait_for are_open 1
sleep 0.3
kill -INT $pid
status=0
wait $pid || status=$?
[ $status -eq 130 ] || fail "status $status in a pause"
has out '^hours *cancelled .* interrupted$'
holds_only got file-7.bin

# A transfer to which no byte comes stops as fast. libcurl by itself looks at
# such a one after 200 ms and then once a second, so the signal comes between
# the two; the bound is met by the fastest of five.
milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}
fastest=1000
for round in 1 2 3 4 5; do
    env --default-signal=INT "$download" -o got "$broken/stall" >out 2>err &
    pid=$!
    wait_for have_data 1
    sleep 0.3
    started=$(milliseconds)
    kill -INT $pid
    status=0
    wait $pid || status=$?
    took=$(($(milliseconds) - started))
    [ $status -eq 130 ] || fail "status $status in round $round"
    [ $took -ge $fastest ] || fastest=$took
done
[ $fastest -lt 500 ] || fail "to stop took $fastest ms at least"
holds_only got file-7.bin

# SIGTERM does the same, and has a status of its own.
"$download" -o got "$url/slow.bin" >out 2>err &
pid=$!
wait_for have_data 1
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status -eq 143 ] || fail "status $status after SIGTERM"
holds_only got file-7.bin

# The demonstration takes its server and its folder with it.
mkdir temporary
temporary_has_data() {
    find temporary -name '.download-*' -size +0 | grep -q .
}
TMPDIR=$scratch/temporary env --default-signal=INT "$download" >out 2>err &
pid=$!
wait_for temporary_has_data
kill -INT $pid
status=0
wait $pid || status=$?
[ $status -eq 130 ] || fail "status $status of the demonstration"
has out '^0 of 3 downloaded, 0 failed, 3 cancelled'
lacks out '503'
holds_only temporary

# A signal that is ignored, as nohup does, stays ignored.
(
    trap '' HUP
    exec "$download" -o got --timeout 3 --retries 0 "$broken/stall"
) >out 2>err &
pid=$!
wait_for have_data 1
kill -HUP $pid
status=0
wait $pid || status=$?
[ $status -eq 1 ] || fail "status $status after an ignored SIGHUP"
has out '^stall *failed .* timed out after 3 s$'
