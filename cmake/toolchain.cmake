# Compiler cache, linker, warnings and sanitizers.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers carry time stamps and macros; ccache must be told not to mind.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()
# Every target is compiled alike, or they could not share one precompiled header.
# gRPC's targets ask for -pthread, so all get it.
add_compile_options(-fPIE -pthread)
add_link_options(-pie -Wl,-z,relro,-z,now -Wl,--as-needed)

# Whoever builds to use it is not stopped by a warning that only another compiler or -O2 gives.
add_compile_options(
  -Wall -Wextra $<$<NOT:$<CONFIG:Release>>:-Werror> -Wno-unused-parameter -Wno-missing-field-initializers
  -fno-strict-aliasing -fstack-protector-strong)
add_compile_definitions(_FORTIFY_SOURCE=2)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  # At -O2 g++ 12 takes the assignment of a literal to a std::string for an overflow (GCC bug 105329).
  foreach(false_alarm restrict stringop-overflow array-bounds)
    add_compile_options($<$<CONFIG:Release>:-Wno-${false_alarm}>)
  endforeach()
endif()

if(ROLLCALL_SANITIZE)
  add_compile_options(-fsanitize=${ROLLCALL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -U_FORTIFY_SOURCE)
  add_link_options(-fsanitize=${ROLLCALL_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # A precompiled header without times in it is the same in every checkout, so ccache can use it.
  add_compile_options("SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fno-pch-timestamp>")
endif()
if(ROLLCALL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
