// rollcall-backend, with the machine's clock.
#include "backend/backend_program.h"
#include "backend/lifecycle_service/clock_reading.h"
#include "platform/clock.h"

int main(int argc, char** argv) {
  const rollcall::SystemClock clock;
  return rollcall::RunBackendProgram(argc, argv, {&clock, [&clock] { return rollcall::ReadMachineClock(clock); }});
}
