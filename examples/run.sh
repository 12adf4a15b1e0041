# sh examples/run.sh [NAME [ARGUMENTS]]: installs what is missing, builds the
# example NAME (download; or the name of a file here, such as ordered) and runs
# it in the current folder.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/support/setup.sh"

name=${1:-download}
[ $# -eq 0 ] || shift
[ -d "$root/examples/$name" ] || [ -f "$root/examples/$name.c" ] ||
    stop "no example '$name'; there are:" \
        $(cd "$root/examples" && echo */ *.c | sed 's|\.c||g; s|/||g')

needs() {
    need_build
    need_examples
}

install_missing
build=$root/build/examples
mkdir -p "$build"
say "building $name in build/examples"
(
    cd "$root"
    logged "$build/configure.log" cmake --preset examples
    logged "$build/build.log" cmake --build --preset examples --target "$name"
)
say "running $name $*"
exec "$build/examples/$name/$name" "$@"
