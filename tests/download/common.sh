# Sourced by each test with its arguments, the program and the folder of the
# helper servers: a scratch folder to work in, servers that end with the test,
# and the words that the tests are written in. Everything is on 127.0.0.1.
set -eu
download=$1
helpers=$2
scratch=$(mktemp -d)
servers=
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY NO_COLOR
no_proxy='*'
export no_proxy

finish() {
    status=$?
    [ $status -eq 0 ] || echo "FAILED: it ended with status $status"
    for server in $servers; do
        kill "$server" 2>/dev/null || :
        wait "$server" 2>/dev/null || :
    done
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
cd "$scratch"
mkdir got

fail() {
    echo "$*"
    for shown in out err; do
        [ ! -f $shown ] || sed "s/^/$shown: /" $shown
    done
    ls -la got
    exit 1
}

# Runs the program, which must end with the status $1.
run() {
    wanted=$1
    shift
    status=0
    "$download" "$@" >out 2>err || status=$?
    [ "$status" -eq "$wanted" ] || fail "status $status, not $wanted: $*"
}

# A line of the file $1 matches $2.
has() {
    grep -q -e "$2" "$1" || fail "no '$2' in $1"
}

lacks() {
    ! grep -q -e "$2" "$1" || fail "'$2' in $1"
}

# The folder $1 holds exactly the files that are named after it.
holds_only() {
    folder=$1
    shift
    : >wanted
    [ $# -eq 0 ] || printf '%s\n' "$@" | sort >wanted
    ls -A "$folder" | sort >found
    cmp -s wanted found || fail "$folder holds $(tr '\n' ' ' <found)"
}

same() {
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

# Waits until a command succeeds; the bound only shows a hang.
wait_for() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail "waited too long for: $*"
        sleep 0.05
    done
}

has_lines() {
    [ -f "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# Starts a helper whose first lines on standard output say its ports.
start_serve() {
    mkdir served
    "$helpers/serve" served >serve.log &
    servers="$servers $!"
    wait_for has_lines serve.log 1
    url=http://127.0.0.1:$(head -n 1 serve.log)
}

start_broken() {
    "$helpers/broken_server" >broken.log &
    servers="$servers $!"
    wait_for has_lines broken.log 2
    broken=http://127.0.0.1:$(sed -n 1p broken.log)
    refusing=http://127.0.0.1:$(sed -n 2p broken.log)
}

# How often the broken server was asked for the path $1.
asked() {
    grep -c -x -e "$1" broken.log || :
}
