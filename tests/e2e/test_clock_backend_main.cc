// rollcall-backend with a clock that a test moves: the first word of the command line is the clock's file.
#include <iostream>

#include "backend/backend_program.h"
#include "tests/e2e/offset_clock.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: e2e_test_clock_backend CLOCK_FILE ARGUMENT_OF_ROLLCALL_BACKEND...\n";
    return 2;
  }
  const rollcall::OffsetClock clock(argv[1]);
  argv[1] = argv[0];
  return rollcall::RunBackendProgram(argc - 1, argv + 1, {&clock, [&clock] { return clock.Reading(); }});
}
