# sh tests/run.sh [PRESET [CMAKE-OPTION...]]: installs what is missing, builds
# build/PRESET (release; also debug, asan, tsan, coverage) and runs its tests.
# The last line says how many passed and how many failed.
set -eu

cd "$(dirname "$0")/.."
. tests/support/setup.sh

preset=${1:-release}
[ $# -eq 0 ] || shift

needs() {
    need_build
    need 'has c++' 'g++' 'a C++17 compiler'
    need 'has_header criterion/criterion.h' libcriterion-dev 'Criterion 2.4'
    need 'has_header relacy/relacy.hpp c++' relacy-dev Relacy
    need_examples
    need 'has nginx' nginx-light nginx
    need 'has pgrep' procps procps
    need 'has python3' python3 Python
    case $preset in
    asan | tsan)
        need 'has clang' clang clang
        need has_clang_runtime libclang-rt-14-dev "clang's sanitizers"
        ;;
    esac
}

# Sums what the programs of tests say they ran; any other entry is one test,
# and so is one that must fail.
count() {
    awk '
    function close_entry() {
        if (name == "") return
        if (name ~ /^nets_/ || good + bad == 0) {
            good = status == "run"
            bad = !good
        } else if (status != "run" && bad == 0) bad = 1
        passed += good
        failed += bad
    }
    /<testcase / {
        close_entry()
        name = $0; sub(/.*<testcase name="/, "", name); sub(/".*/, "", name)
        status = $0; sub(/.* status="/, "", status); sub(/".*/, "", status)
        good = bad = 0
    }
    /Synthesis: Tested: / {
        sub(/.*Passing: /, ""); good = $1
        sub(/.*Failing: /, ""); bad = $1
        sub(/.*Crashing: /, ""); bad += $1
    }
    /[0-9]+ passed, [0-9]+ failed/ {
        sub(/.*>/, ""); good = $1; bad = $3
    }
    END {
        close_entry()
        printf "%d passed, %d failed\n", passed, failed
    }' "$1"
}

install_missing
build=build/$preset
mkdir -p "$build"
say "configuring and building $build"
logged "$build/configure.log" cmake --preset "$preset" "$@"
logged "$build/build.log" cmake --build --preset "$preset"

say "testing (a few minutes)"
rm -f "$build/tests.xml"
set -- --preset "$preset" --parallel "$(nproc)" \
    --output-junit tests.xml --test-output-size-passed 1000000 \
    --test-output-size-failed 1000000
status=0
if [ -t 1 ]; then
    ctest --progress "$@" || status=1
else
    ctest "$@" >"$build/tests.log" 2>&1 || status=1
    [ $status -eq 0 ] || cat "$build/tests.log"
fi
[ -f "$build/tests.xml" ] || stop "ctest ran nothing"
count "$build/tests.xml"
exit $status
