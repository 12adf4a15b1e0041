# On a terminal: a bar for each transfer that runs and a line for all of them,
# and the terminal's own Ctrl-C.
. "$(dirname "$0")/common.sh"
start_serve
TERM=xterm
LC_ALL=C
export TERM LC_ALL

one_runs() {
    [ "$(find got -name '.download-*' -size +0 | wc -l)" -eq 1 ]
}

mkfifo keys
env --default-signal=INT script -q -e -f \
    -c "'$download' -o got $url/file-5.bin $url/slow.bin" screen \
    <keys >/dev/null &
pid=$!
exec 3>keys
wait_for [ -f got/file-5.bin ]
wait_for one_runs
wait_for grep -q 'slow.bin  .*\.\.\.\..* [0-9]*% .* B/s' screen
wait_for grep -q '1 of 2 files, 1 running .* of .* B/s   ETA ' screen
printf '\003' >&3
status=0
wait $pid || status=$?
exec 3>&-
[ $status -eq 130 ] || fail "status $status after Ctrl-C"
has screen '^slow.bin .*cancelled.* interrupted'
has screen '^1 of 2 downloaded, 0 failed, 1 cancelled'
holds_only got file-5.bin
