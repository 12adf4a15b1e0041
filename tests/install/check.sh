# check.sh SOURCE BUILD CMAKE GENERATOR CC [FLAGS]: installs BUILD into a stage
# and builds the consumer against it, by CMake and by pkg-config, static and
# shared; and with SOURCE as a subdirectory. Each of the five runs, and each
# links what it should.
set -eu

source=$1
build=$2
cmake=$3
generator=$4
cc=$5
shift 5

folder=$(cd "$(dirname "$0")/consumer" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/stage

quiet() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        exit 1
    }
}

# runs PROGRAM static|shared
runs() {
    linked=static
    ! ldd "$1" | grep -q 'libfutures\.so\.0' || linked=shared
    [ "$linked" = "$2" ] || {
        echo "$1 is linked $linked"
        exit 1
    }
    LD_LIBRARY_PATH=$libdir "$1"
}

# by_cmake static|shared NAME OPTION...
by_cmake() {
    linkage=$1
    name=$2
    shift 2
    quiet "$cmake" -G "$generator" -S "$folder" -B "$work/$name" \
        -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$flags" "$@"
    quiet "$cmake" --build "$work/$name" --target consumer
    runs "$work/$name/consumer" "$linkage"
}

# by_pc static|shared [PKG-CONFIG-OPTION]
by_pc() {
    "$cc" -std=c11 $flags "$folder/main.c" -o "$work/by_pc_$1" \
        $(PKG_CONFIG_PATH=$libdir/pkgconfig \
            pkg-config --cflags --libs ${2:-} futures)
    runs "$work/by_pc_$1" "$1"
}

flags=$*
quiet "$cmake" --install "$build" --prefix "$stage"
libdir=$(dirname "$(find "$stage" -name libfutures.a)")
[ -e "$libdir/libfutures.so.0" ]

by_cmake static package -DCMAKE_PREFIX_PATH="$stage"
by_cmake shared package_shared -DCMAKE_PREFIX_PATH="$stage" \
    -DBUILD_SHARED_LIBS=ON
by_cmake static subdirectory -DFUTURES_SOURCE="$source"
by_pc shared
rm "$libdir"/libfutures.so*
by_pc static --static

# A subdirectory brings no tests and no examples.
[ ! -e "$work/subdirectory/futures/tests" ]
[ ! -e "$work/subdirectory/futures/examples" ]
echo "CMake and pkg-config, static and shared; a subdirectory"
