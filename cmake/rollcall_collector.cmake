# rollcall_collector(<name> [DEPS <library>...] [LABELS <label>...])
#   Everything in a collector's folder, found by file name:
#     *_fuzzer.cc   one fuzzer each; corpus in testdata/corpus/<file name without .cc>/
#     *_test.cc     together one test program, collector_<name>_test
#     other *.cc    library collector_<name>
#   DEPS are needed besides the platform and record libraries; LABELS go to the test.
function(rollcall_collector name)
  cmake_parse_arguments(ARG "" "" "DEPS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzzer\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzzer)\\.cc$")

  rollcall_library(collector_${name} SRCS ${sources} DEPS rollcall_collector_core ${ARG_DEPS})
  set_property(GLOBAL APPEND PROPERTY ROLLCALL_COLLECTORS collector_${name})

  if(tests)
    rollcall_test(collector_${name}_test SRCS ${tests} DEPS collector_${name} rollcall_platform_testing LABELS ${ARG_LABELS})
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    cmake_path(GET fuzzer STEM stem)
    rollcall_fuzzer(${stem} SRC ${fuzzer} DEPS collector_${name} CORPUS testdata/corpus/${stem})
  endforeach()
endfunction()
