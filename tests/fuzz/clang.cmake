# Finds Clang under the plain name or under that of a release, the newest first.
set(_names clang++)
foreach(_release RANGE 24 14 -1)
  list(APPEND _names clang++-${_release})
endforeach()
find_program(NB101_CLANG NAMES ${_names})
if(NOT NB101_CLANG)
  message(FATAL_ERROR "the fuzzers need Clang, and no clang++ was found (Debian: clang-14 and "
                      "libclang-rt-14-dev)")
endif()
set(CMAKE_CXX_COMPILER ${NB101_CLANG})
