#include "backend/engine/testing/engine_history.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

constexpr absl::CivilDay kOld(2023, 1, 10);
constexpr absl::CivilDay kRecent(2024, 1, 20);

bool Nothing(EngineWorld*) { return true; }

}  // namespace

const std::vector<HistoryDay>& History() {
  static const std::vector<HistoryDay>* const days = new std::vector<HistoryDay>{
      {absl::CivilDay(2024, 2, 1),
       [](EngineWorld* world) {
         return world->Found({"ann", "bob"}, kOld).ok() && world->Found({"carl", "dora"}, kRecent).ok() &&
                world->FoundAll({"root"}, absl::CivilDay(2024, 2, 1), "agent-2").ok() &&
                world->AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok();
       }},
      {absl::CivilDay(2024, 3, 1), [](EngineWorld* world) { return world->End("end").ok(); }},
      {absl::CivilDay(2024, 3, 5),
       [](EngineWorld* world) {
         pb::Selector bob;
         bob.add_fields()->set_field("account.name");
         bob.mutable_fields(0)->set_value("bob");
         return world->Found({"late"}, kOld, "agent-2").ok() && world->RequestDeletion("request", bob).ok();
       }},
      {absl::CivilDay(2024, 3, 9), Nothing},
      {absl::CivilDay(2024, 3, 20), [](EngineWorld* world) { return world->Return("back").ok(); }},
      {absl::CivilDay(2024, 4, 2), Nothing},
      {absl::CivilDay(2024, 4, 10), [](EngineWorld* world) { return world->End("end again").ok(); }},
      {absl::CivilDay(2024, 5, 10), Nothing},
      {absl::CivilDay(2024, 5, 11), Nothing},
      {absl::CivilDay(2024, 5, 12), [](EngineWorld* world) { return world->Found({"later"}, kOld).ok(); }},
      {absl::CivilDay(2024, 7, 19), Nothing},
      {absl::CivilDay(2024, 7, 31), Nothing},
  };
  return *days;
}

std::vector<std::string> Live(EngineWorld* world, const Disturbance& disturbance) {
  std::vector<std::string> pictures;
  EXPECT_TRUE(world->Open().ok());
  EXPECT_TRUE(world->Enrol().ok());
  for (const HistoryDay& day : History()) {
    world->GoTo(day.day);
    EXPECT_TRUE(day.what(world));
    disturbance.arm(world);
    world->Settle();
    if (disturbance.disarm(world)) {
      const absl::Status opened = world->Open();
      EXPECT_TRUE(opened.ok()) << opened;
      if (!opened.ok()) return pictures;
      world->Settle();
    }
    pictures.push_back(world->Picture());
  }
  const auto certificates = world->Certificates();
  EXPECT_EQ(certificates.size(), 3u);
  // The keys are named also where they were destroyed before a restart.
  for (const auto& [day, statement] : certificates) EXPECT_GE(statement.destroyed_key_ids_size(), 1) << day;
  EXPECT_EQ(world->CountMarks("carl"), 0u);
  return pictures;
}

const std::vector<std::string>& Undisturbed() {
  static const std::vector<std::string>* const pictures = [] {
    EngineWorld world;
    return new std::vector<std::string>(Live(&world, Disturbance()));
  }();
  return *pictures;
}

}  // namespace rollcall
