#include "backend/store/purged_run.h"

namespace rollcall {
namespace {

constexpr char kCode[] = "ABORTED";
constexpr char kMessage[] = "records were deleted as the agreement says";

}  // namespace

void NotePurge(rollcall::v1::RunResult* run) {
  run->clear_problems();
  run->clear_degradations();
  rollcall::v1::Problem* problem = run->add_problems();
  problem->set_code(kCode);
  problem->set_message(kMessage);
  problem->set_remedy("the next run brings the complete set");
  run->set_problem_count(1);
  if (run->status() == rollcall::v1::RunResult::COMPLETE) run->set_status(rollcall::v1::RunResult::PARTIAL);
}

bool WasPurged(const rollcall::v1::RunResult& run) {
  return run.problems_size() == 1 && run.problems(0).code() == kCode && run.problems(0).message() == kMessage;
}

}  // namespace rollcall
