# bench_rayon, if cargo is there and finds rayon without the network: in
# Debian's librust-rayon-dev. Built while configuring, so that a rust that
# cannot build it leaves the peer out and breaks nothing.
find_program(BENCH_CARGO cargo)
find_path(BENCH_CRATES cargo/registry PATH_SUFFIXES share)
if(NOT BENCH_CARGO OR NOT BENCH_CRATES)
    message(STATUS "bench: rayon left out: no cargo or no librust-rayon-dev")
    return()
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    rayon/Cargo.toml rayon/peer_rayon.rs)
set(crate ${CMAKE_CURRENT_BINARY_DIR}/rayon)
configure_file(rayon/Cargo.toml ${crate}/Cargo.toml COPYONLY)
configure_file(rayon/peer_rayon.rs ${crate}/peer_rayon.rs COPYONLY)
execute_process(
    COMMAND ${BENCH_CARGO} build --quiet --release --offline
        --config source.crates-io.replace-with="debian"
        --config source.debian.directory="${BENCH_CRATES}/cargo/registry"
    WORKING_DIRECTORY ${crate}
    RESULT_VARIABLE cargo_status ERROR_VARIABLE cargo_errors)
if(NOT cargo_status EQUAL 0)
    message(STATUS "bench: rayon left out: ${cargo_errors}")
    return()
endif()
bench_peer(rayon "peer_rayon.c;queue.c" ${crate}/target/release/libpeer_rayon.a
    m ${CMAKE_DL_LIBS} gcc_s)
