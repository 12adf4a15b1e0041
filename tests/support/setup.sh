# Sourced by the commands that set up all they need. The caller lists its needs
# in a function `needs`; install_missing then installs by apt-get what is not
# there and nothing else, or says what to install where it cannot.

say() {
    echo "futures: $*"
}

stop() {
    say "$*" >&2
    exit 1
}

# need 'CHECK' PACKAGES 'TEXT': what the check finds, where Debian has it, and
# its name for everyone else
need() {
    eval "$1" >/dev/null 2>&1 && return
    packages="$packages $2"
    texts="$texts, $3"
}

has() {
    command -v "$1" || [ -x "/usr/sbin/$1" ]
}

has_header() {
    echo "#include <$1>" | cc -E -x "${2:-c}" -
}

has_cmake() {
    set -- $(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
    [ "${1:-0}" -gt 3 ] || { [ "${1:-0}" -eq 3 ] && [ "$2" -ge 25 ]; }
}

# A program that clang links with its run-time library.
has_clang_runtime() {
    echo 'int main(void) { return 0; }' |
        clang -fsanitize=address -x c -o "${TMPDIR:-/tmp}/futures-$$" - &&
        rm "${TMPDIR:-/tmp}/futures-$$"
}

need_build() {
    need 'has cc && has_header stdio.h' 'gcc libc6-dev' 'a C11 compiler'
    need has_cmake cmake 'CMake 3.25 or newer'
    need 'has ninja' ninja-build Ninja
}

need_examples() {
    need 'has pkg-config' pkg-config pkg-config
    need 'has_header curl/curl.h' libcurl4-openssl-dev libcurl
    need 'has_header microhttpd.h' libmicrohttpd-dev libmicrohttpd
}

find_missing() {
    packages=
    texts=
    needs
}

become_root() {
    [ "$(id -u)" != 0 ] || return 0
    as_root=sudo
    has sudo >/dev/null ||
        stop "run this as root first: apt-get install$packages"
}

install_missing() {
    as_root=
    find_missing
    [ -n "$packages" ] || return 0
    has apt-get >/dev/null || stop "please install: ${texts#, }"
    become_root
    say "installing$packages"
    apt_log=$(mktemp)
    { $as_root apt-get update &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends $packages
    } >"$apt_log" 2>&1 || { cat "$apt_log" >&2; stop "apt-get failed"; }
    rm "$apt_log"
    find_missing
    [ -z "$packages" ] || stop "still missing: ${texts#, }"
}

# logged FILE COMMAND: shows what the command printed only where it failed
logged() {
    log=$1
    shift
    "$@" >"$log" 2>&1 || { cat "$log" >&2; stop "failed: $*"; }
}
