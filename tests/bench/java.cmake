# bench_java_forkjoin and bench_java_fixed, if a JDK of version 17 or newer is
# there: PeerJava.java behind a script that looks like any other peer.
find_package(Java 17 QUIET COMPONENTS Development Runtime)
if(NOT Java_FOUND)
    message(STATUS "bench: Java left out: no JDK 17")
    return()
endif()
set(classes ${CMAKE_CURRENT_BINARY_DIR}/java)
add_custom_command(OUTPUT ${classes}/PeerJava.class
    COMMAND ${Java_JAVAC_EXECUTABLE} -d ${classes}
        ${CMAKE_CURRENT_SOURCE_DIR}/PeerJava.java
    DEPENDS PeerJava.java VERBATIM)
add_custom_target(bench_java ALL DEPENDS ${classes}/PeerJava.class)
set_property(GLOBAL APPEND PROPERTY BENCH_PROGRAMS bench_java)
foreach(kind forkjoin fixed)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/bench_java_${kind} "#!/bin/sh\n"
        "exec '${Java_JAVA_EXECUTABLE}' -cp '${classes}'"
        " PeerJava ${kind} \"$@\"\n")
    file(CHMOD ${CMAKE_CURRENT_BINARY_DIR}/bench_java_${kind} PERMISSIONS
        OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endforeach()
