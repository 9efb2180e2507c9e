// Random agreements, calendars and lives of tenants, for tests that compare the engine with the slow calculator.
// A seed gives the same world every time.
#ifndef ROLLCALL_BACKEND_RETENTION_TESTING_RANDOM_WORLD_H_
#define ROLLCALL_BACKEND_RETENTION_TESTING_RANDOM_WORLD_H_

#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "backend/retention/bucket_decision.h"
#include "backend/retention/testing/slow_calculator.h"
#include "platform/testing/slow_build.h"

namespace rollcall {

// Agreements that are compared.
inline constexpr int kPolicies = kSlowBuild ? 1500 : 25000;

// Hosting services of every tenant.
const std::vector<std::string>& Services();

// Some years, each with some days off and some worked; numbers are days since 2015-01-01.
struct RandomCalendar {
  WorkingDays days;
  std::set<int> years, off, make_up;
};

// Everything random of one case.
class World {
 public:
  explicit World(uint32_t seed);

  const std::set<int>& years() const { return calendar_->years; }
  const std::set<int>& off() const { return calendar_->off; }
  const std::set<int>& make_up() const { return calendar_->make_up; }
  const RetentionPolicy& policy() const { return policy_; }
  const SlowCalculator& calculator() const { return *calculator_; }
  // 0 to n - 1.
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  bool Chance(int percent) { return Below(100) < percent; }

  // In the agreement's zone.
  Wall ToWall(absl::Time time) const;
  absl::Time ToTime(Wall wall) const;

  // A tenant's diary: few instants, so that many things happen at the same.
  std::vector<DiaryEntry> MakeDiary();
  // One of the instants of the last diary.
  Wall Instant() { return instants_[static_cast<size_t>(Below(7))]; }

 private:
  DiaryEntry MakeEntry(const std::string& id, const std::vector<DiaryEntry>& before);
  void PickCalendar();
  void MakePolicy();
  pb::RetainRule::Trigger AnyTrigger();
  void MakeRetain(pb::RetainRule::Trigger trigger, pb::RetainRule* rule);
  void MakeRequestRule(pb::RequestRule* rule);
  pb::Expression::Anchor AnyAnchor(bool ended, bool requested);
  void MakePeriod(bool ended, bool requested, int depth, pb::Expression* e);
  void MakeSum(bool ended, bool requested, int depth, pb::Expression* e);

  std::mt19937 random_;
  bool clocks_change_ = false;
  RetentionPolicy policy_;
  const RandomCalendar* calendar_ = nullptr;
  std::vector<Wall> instants_;
  std::optional<SlowCalculator> calculator_;
};

// The diary as the engine is told of it.
pb::TenantFacts ToFacts(const World& world, const std::vector<DiaryEntry>& diary);

// A bucket from about the time of the last diary.
Bucket MakeBucket(World* world);

// What the slow calculator says of it.
SecondOpinion AskCalculator(const World& world, const Bucket& bucket, const std::vector<DiaryEntry>& diary, Wall now);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_TESTING_RANDOM_WORLD_H_
