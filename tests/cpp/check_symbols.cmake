# Checks that the core never prints and never ends the process: its object files must not refer to
# any function that does.
#   cmake -D NM=nm -P check_symbols.cmake LIBRARY
math(EXPR last "${CMAKE_ARGC} - 1")
set(library "${CMAKE_ARGV${last}}")
execute_process(COMMAND "${NM}" -C "${library}"
  OUTPUT_VARIABLE symbols ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "nm failed (${result}) for ${library}: ${errors}")
endif()
if(NOT symbols MATCHES "nb101::SearchSpace::instance")
  message(FATAL_ERROR "nm found no nb101::SearchSpace::instance in ${library}: not the core?")
endif()

# The pattern also matches the fortified, versioned and C-linked forms of the names. snprintf and
# fwrite are allowed. libc++ has its names in std::__1.
set(names "(__)?v?f?printf(_chk)?|puts|fputs|putc|fputc|putchar|perror|abort|exit|_exit|_Exit|quick_exit|__assert_fail|std::(__1::)?(cout|cerr|clog|wcout|wcerr)")
string(REGEX MATCHALL "[^\n]* (${names})(@[^\n]*)?\n" found "${symbols}")
if(found)
  list(TRANSFORM found REPLACE ".* ([^ ]+)\n" "\\1")
  list(REMOVE_DUPLICATES found)
  list(JOIN found ", " found)
  message(FATAL_ERROR "${library} refers to ${found}")
endif()
