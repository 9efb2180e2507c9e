#include "backend/store/retracted_run.h"

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr int kMaxProblems = 100;

}  // namespace

void NoteRetraction(absl::string_view collector_version, uint64_t records, rollcall::v1::RunResult* run) {
  auto* problems = run->mutable_problems();
  if (problems->size() >= kMaxProblems) problems->RemoveLast();
  rollcall::v1::Problem* problem = problems->Add();
  problem->set_code("ABORTED");
  problem->set_message(
      absl::StrCat(records, " records of version ", collector_version, " of the collector were retracted"));
  problem->set_remedy("the next run of a good version brings the complete set");
  for (int i = problems->size() - 1; i > 0; --i) problems->SwapElements(i, i - 1);
  run->set_problem_count(run->problem_count() + 1);
  if (run->status() == rollcall::v1::RunResult::COMPLETE) run->set_status(rollcall::v1::RunResult::PARTIAL);
}

}  // namespace rollcall
