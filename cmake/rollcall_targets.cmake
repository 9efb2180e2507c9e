# rollcall_library(<name> SRCS ... DEPS ...)
#   Static library with the project's include root and precompiled headers.
# rollcall_program(<name> SRCS ... DEPS ...)
#   Executable in bin/.
# rollcall_test(<name> SRCS ... DEPS ... [LABELS ...] [DATA])
#   GoogleTest program, registered with ctest as one test. LABELS: `threads` runs under tsan, `root` needs uid 0.
# rollcall_fuzzer(<name> SRC <file> DEPS ... CORPUS <dir>)
#   With ROLLCALL_FUZZ: a libFuzzer program. Otherwise: a test that replays the committed corpus.
include(CMakeParseArguments)

# Precompiled headers. Every target takes one of four, made once and shared: what nearly all sources
# include; the same with the record messages, for the folders above proto/ (ROLLCALL_PCH_RECORD); and
# each with GoogleTest, for tests. They halve the time of a build.
set(ROLLCALL_PCH_BASE
  <algorithm> <cstdint> <functional> <map> <memory> <optional> <set> <string> <utility> <vector>
  <absl/container/flat_hash_map.h> <absl/container/flat_hash_set.h>
  <absl/status/status.h> <absl/status/statusor.h>
  <absl/strings/str_cat.h> <absl/strings/str_join.h> <absl/strings/str_split.h> <absl/strings/string_view.h>
  <absl/time/time.h>)
set(ROLLCALL_PCH_MESSAGES <rollcall/v1/ingest.pb.h> <rollcall/v1/query.pb.h> <rollcall/v1/record.pb.h> <rollcall/v1/run.pb.h>)

# The object library that owns the precompiled header `variant`: base, base_test, record or record_test.
function(rollcall_pch_host variant)
  set(host rollcall_pch_${variant})
  if(TARGET ${host})
    return()
  endif()
  set(headers ${ROLLCALL_PCH_BASE})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${host}.cc CONTENT "// Owns a precompiled header that other targets reuse.\n")
  add_library(${host} OBJECT ${CMAKE_BINARY_DIR}/${host}.cc)
  target_link_libraries(${host} PRIVATE Threads::Threads absl::strings absl::statusor absl::time absl::flat_hash_map absl::flat_hash_set)
  if(variant MATCHES "^record")
    list(APPEND headers ${ROLLCALL_PCH_MESSAGES})
    target_link_libraries(${host} PRIVATE rollcall_proto)
  endif()
  if(variant MATCHES "_test$")
    list(APPEND headers <gmock/gmock.h> <gtest/gtest.h>)
    target_link_libraries(${host} PRIVATE GTest::gmock GTest::gtest)
    rollcall_hasten_test(${host})
  endif()
  target_precompile_headers(${host} PRIVATE ${headers})
endfunction()

# A test's own sources are compiled without optimisation: half the time of a build is theirs, and what
# they test is optimised all the same. Not with GCC, for which it gains little.
function(rollcall_hasten_test target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0> $<$<CONFIG:Debug>:-U_FORTIFY_SOURCE>)
  endif()
endfunction()

# rollcall_apply_pch(<target> [TEST])
function(rollcall_apply_pch target)
  if(NOT ROLLCALL_PCH)
    return()
  endif()
  set(variant base)
  if(ROLLCALL_PCH_RECORD)
    set(variant record)
  endif()
  if("TEST" IN_LIST ARGN)
    string(APPEND variant _test)
  endif()
  rollcall_pch_host(${variant})
  target_precompile_headers(${target} REUSE_FROM rollcall_pch_${variant})
endfunction()

function(rollcall_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SRCS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} absl::strings absl::statusor absl::time Threads::Threads
                        PRIVATE ${ARG_PRIVATE_DEPS})
  rollcall_apply_pch(${name})
endfunction()

function(rollcall_program name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  rollcall_apply_pch(${name})
endfunction()

function(rollcall_test name)
  if(NOT ROLLCALL_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    ROLLCALL_SOURCE_DIR="${CMAKE_SOURCE_DIR}" ROLLCALL_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
  rollcall_hasten_test(${name})
  rollcall_apply_pch(${name} TEST)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

function(rollcall_fuzzer name)
  if(NOT ROLLCALL_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "SRC;CORPUS" "DEPS" ${ARGN})
  cmake_path(ABSOLUTE_PATH ARG_CORPUS BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  if(ROLLCALL_FUZZ)
    add_executable(${name} ${ARG_SRC})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY ROLLCALL_FUZZERS "${name}|${ARG_CORPUS}")
  else()
    add_executable(${name} ${ARG_SRC} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    add_test(NAME ${name} COMMAND ${name} ${ARG_CORPUS})
    set_tests_properties(${name} PROPERTIES LABELS fuzz_replay TIMEOUT 120)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  rollcall_apply_pch(${name})
endfunction()

# Writes bin/fuzzers.txt: one `name|corpus folder` per line, read by tools/fuzz.
function(rollcall_write_fuzzer_list)
  get_property(list GLOBAL PROPERTY ROLLCALL_FUZZERS)
  list(JOIN list "\n" text)
  file(WRITE ${CMAKE_BINARY_DIR}/bin/fuzzers.txt "${text}\n")
endfunction()
