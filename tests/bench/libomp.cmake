# bench_libomp: the OpenMP peer once more, as clang builds it, whatever builds
# the rest. Left out where clang has no OpenMP.
find_program(BENCH_CLANG clang)
set(probe ${CMAKE_CURRENT_BINARY_DIR}/libomp_probe)
file(WRITE ${probe}.c "#include <omp.h>\n"
    "int main(void) { return omp_in_parallel(); }\n")
set(probe_status 1)
if(BENCH_CLANG AND NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    execute_process(COMMAND ${BENCH_CLANG} -fopenmp ${probe}.c -o ${probe}
        RESULT_VARIABLE probe_status OUTPUT_QUIET ERROR_QUIET)
endif()
if(NOT probe_status EQUAL 0)
    message(STATUS "bench: libomp left out: no second compiler with it")
    return()
endif()
set(libomp_sources ${bench_sources} peer_openmp.c)
list(TRANSFORM libomp_sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/bench_libomp
    COMMAND ${BENCH_CLANG} -std=c11 -O3 -DNDEBUG -D_POSIX_C_SOURCE=200809L
        -pthread -fopenmp ${libomp_sources} -o bench_libomp
    DEPENDS ${libomp_sources} bench.h measure.h run.h VERBATIM)
add_custom_target(bench_libomp_program ALL
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/bench_libomp)
set_property(GLOBAL APPEND PROPERTY BENCH_PROGRAMS bench_libomp_program)
