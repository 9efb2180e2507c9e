// A tenant's whole history, with a call refused or its answer lost, and with the files of databases and ledger cut off
// while they are written: the days end as they do without.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "backend/engine/testing/engine_history.h"
#include "backend/keys/testing/crashing_vfs.h"

namespace rollcall {
namespace {

// How many runs a test makes, spread over all changes to the files.
constexpr uint64_t kRuns = 30;

class EngineFaultTest : public testing::Test {
 protected:
  // The same at every third call, beginning with `first`.
  void FailAtCalls(uint64_t first, FaultPlan::Kind kind) {
    for (uint64_t call = first;; call += 3) {
      SCOPED_TRACE(absl::StrCat("call ", call));
      EngineWorld world;
      world.faults()->FailAt(call, kind);
      ASSERT_EQ(Live(&world, Disturbance()), Undisturbed());
      if (!world.faults()->failed()) {
        EXPECT_GT(call, 100u);
        return;
      }
    }
  }
  // Crashes at changes spread over the history. `crash_at(world, change)` arms (0: disarms), `changes(world)` gives
  // their number since; `restart(world)` is called when the process is gone.
  void CrashAtChanges(const std::function<void(EngineWorld*, uint64_t)>& crash_at,
                      const std::function<uint64_t(EngineWorld*)>& changes,
                      const std::function<void(EngineWorld*)>& restart) {
    uint64_t all = 0;
    // The first run only counts.
    uint64_t at = std::numeric_limits<uint64_t>::max();
    for (uint64_t run = 0; run <= kRuns; ++run) {
      SCOPED_TRACE(absl::StrCat("change ", at));
      EngineWorld world;
      uint64_t left = at;
      uint64_t counted = 0;
      int restarts = 0;
      Disturbance disturbance;
      disturbance.arm = [&](EngineWorld* w) { crash_at(w, left); };
      disturbance.disarm = [&](EngineWorld* w) {
        const uint64_t made = changes(w);
        counted += made;
        crash_at(w, 0);
        if (left == 0 || made < left) {
          left -= std::min(left, made);
          return false;
        }
        left = 0;
        w->Close();
        restart(w);
        ++restarts;
        return true;
      };
      ASSERT_EQ(Live(&world, disturbance), Undisturbed());
      ASSERT_EQ(restarts, run == 0 ? 0 : 1);
      if (run == 0) all = counted;
      EXPECT_GT(all, kRuns);
      at = 1 + run * (all - 1) / kRuns;
    }
  }

  // SQLite's syncs are not the host's, which would take most of the time.
  CrashingVfs vfs_;
};

TEST_F(EngineFaultTest, ACallIsRefused) { FailAtCalls(1, FaultPlan::Kind::kRefused); }

TEST_F(EngineFaultTest, AnAnswerIsLost) { FailAtCalls(2, FaultPlan::Kind::kAnswerLost); }

TEST_F(EngineFaultTest, TheProcessIsGoneWhileADatabaseIsWritten) {
  CrashAtChanges([this](EngineWorld*, uint64_t change) { vfs_.CrashAt(change, true); },
                 [this](EngineWorld*) { return vfs_.changes(); }, [](EngineWorld*) {});
}

TEST_F(EngineFaultTest, ThePowerIsGoneWhileADatabaseIsWritten) {
  CrashAtChanges([this](EngineWorld*, uint64_t change) { vfs_.CrashAt(change, false); },
                 [this](EngineWorld*) { return vfs_.changes(); }, [this](EngineWorld*) { vfs_.LosePower(); });
}

TEST_F(EngineFaultTest, ThePowerIsGoneWhileTheLedgerIsWritten) {
  CrashAtChanges([](EngineWorld* world, uint64_t change) { world->ledger_disk()->CrashAt(change, 0.5); },
                 [](EngineWorld* world) { return world->ledger_disk()->changes(); },
                 [](EngineWorld* world) { world->ledger_disk()->LosePower(); });
}

}  // namespace
}  // namespace rollcall
