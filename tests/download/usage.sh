# A command line that cannot be obeyed is one clear line and status 2, before
# anything is downloaded.
. "$(dirname "$0")/common.sh"
start_broken

# The program ends with status 2 and one line that matches $1.
refuses() {
    pattern=$1
    shift
    run 2 "$@"
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line: $*"
    [ ! -s out ] || fail "printed something: $*"
    has err "^.*download: $pattern"
}

refuses '--jobs wants a number from 1 to 1024' -j 0 "$broken/a"
refuses '--jobs wants a number from 1 to 1024' -j 4x "$broken/a"
refuses '--jobs wants a number from 1 to 1024' -j 99999999999 "$broken/a"
refuses '--retries wants a number from 0 to 100' --retries=-1 "$broken/a"
refuses '--timeout wants seconds' --timeout 0 "$broken/a"
refuses '--timeout wants seconds' --timeout nan "$broken/a"
refuses "--keep-going and --fail-fast exclude each other" \
    --keep-going --fail-fast "$broken/a"
refuses "unrecognized option '--what'" --what "$broken/a"
refuses "invalid option -- 'z'" -z "$broken/a"
refuses "option requires an argument -- 'o'" "$broken/a" -o
refuses "bad URL 'example'" "$broken/a" example
refuses "bad URL ''" ''
refuses "bad URL 'file:///etc/passwd': only http and https" file:///etc/passwd
refuses "bad URL 'http://'" http://
refuses "bad URL 'http://x:99999/a'" http://x:99999/a
refuses "cannot write to the folder '/proc/none'" -o /proc/none "$broken/a"
refuses "cannot write to the folder 'broken.log': Not a directory" \
    -o broken.log "$broken/a"
refuses "cannot read the list 'none': No such file or directory" -i none
refuses "cannot read the list 'got': Is a directory" -i got
printf 'http://127.0.0.1/a\0b\n' >list
refuses "cannot read the list 'list'" -i list
[ "$(asked /a)" -eq 0 ] || fail "something was downloaded"
holds_only got

# A list of nothing is no mistake.
run 0 -i /dev/null
[ ! -s out ] || fail "printed something"
run 0 --help
has out '^usage: download '
[ ! -s err ] || fail "help is no error"
