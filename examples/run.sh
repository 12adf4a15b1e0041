# sh examples/run.sh [NAME [ARGUMENTS]]: installs what is missing, builds the
# example NAME (download) and runs it in the current folder.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/support/setup.sh"

name=${1:-download}
[ $# -eq 0 ] || shift
[ -d "$root/examples/$name" ] ||
    stop "no example '$name'; there are:" $(cd "$root/examples" && echo */)

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
