# check.sh BUILD CMAKE GENERATOR CC [FLAGS]: installs BUILD into a stage and
# builds the consumer against it: by CMake and by pkg-config, static and
# shared. Each of the four runs, and each links what it should.
set -eu

build=$1
cmake=$2
generator=$3
cc=$4
shift 4

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

# by_cmake static|shared OFF|ON
by_cmake() {
    quiet "$cmake" -G "$generator" -S "$folder" -B "$work/$1" \
        -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$flags" \
        -DCMAKE_PREFIX_PATH="$stage" -DBUILD_SHARED_LIBS="$2"
    quiet "$cmake" --build "$work/$1"
    runs "$work/$1/consumer" "$1"
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

by_cmake static OFF
by_cmake shared ON
by_pc shared
rm "$libdir"/libfutures.so*
by_pc static --static
echo "CMake and pkg-config, static and shared"
