# rollcall_library(<name> SRCS ... DEPS ...)
#   Static library with the project's include root and precompiled headers.
# rollcall_program(<name> SRCS ... DEPS ...)
#   Executable in bin/.
# rollcall_test(<name> SRCS ... DEPS ... [LABELS ...] [DATA])
#   GoogleTest program, registered with ctest as one test. LABELS: `threads` runs under tsan, `root` needs uid 0.
# rollcall_fuzzer(<name> SRC <file> DEPS ... CORPUS <dir>)
#   With ROLLCALL_FUZZ: a libFuzzer program. Otherwise: a test that replays the committed corpus.
include(CMakeParseArguments)

add_library(rollcall_pch INTERFACE)
if(ROLLCALL_PCH)
  target_precompile_headers(rollcall_pch INTERFACE
    <cstdint> <map> <memory> <string> <utility> <vector>
    <absl/status/status.h> <absl/status/statusor.h>
    <absl/strings/str_cat.h> <absl/strings/string_view.h> <absl/time/time.h>)
endif()

function(rollcall_apply_pch target)
  if(ROLLCALL_PCH)
    if(NOT TARGET rollcall_pch_host)
      file(WRITE ${CMAKE_BINARY_DIR}/pch_host.cc "// Owns the precompiled header that every target reuses.\n")
      add_library(rollcall_pch_host OBJECT ${CMAKE_BINARY_DIR}/pch_host.cc)
      target_link_libraries(rollcall_pch_host PRIVATE rollcall_pch Threads::Threads absl::strings absl::statusor absl::time)
    endif()
    target_precompile_headers(${target} REUSE_FROM rollcall_pch_host)
  endif()
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
  rollcall_apply_pch(${name})
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
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
  rollcall_apply_pch(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
endfunction()

# Writes bin/fuzzers.txt: one `name|corpus folder` per line, read by tools/fuzz.
function(rollcall_write_fuzzer_list)
  get_property(list GLOBAL PROPERTY ROLLCALL_FUZZERS)
  list(JOIN list "\n" text)
  file(WRITE ${CMAKE_BINARY_DIR}/bin/fuzzers.txt "${text}\n")
endfunction()
