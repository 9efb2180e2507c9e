// Bytes as a file of facts. What is accepted can be simulated on any day, by agreements of several shapes, and a
// second time with the same outcome.
#include <cstdint>
#include <cstdlib>

#include "backend/retention/simulation.h"

namespace {

const std::vector<rollcall::RetentionPolicy>& Policies() {
  static const auto* policies = [] {
    auto* all = new std::vector<rollcall::RetentionPolicy>();
    for (const char* name : {"tcss-dpsa-module", "ecm-shaped", "example-de"}) {
      const std::string folder = std::string(ROLLCALL_DEFAULT_POLICY);
      const std::string path = folder.substr(0, folder.rfind('/') + 1) + name + ".textproto";
      auto policy = rollcall::LoadRetentionPolicy(path);
      if (!policy.ok()) std::abort();
      all->push_back(*std::move(policy));
    }
    return all;
  }();
  return *policies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"f.json", "f.textproto"}) {
    auto facts = rollcall::ParseFacts(text, name);
    if (!facts.ok()) continue;
    // Ten years of buckets a line are fine for people, and too slow here.
    int series = 0;
    for (auto& tenant : *facts->mutable_tenants()) {
      for (auto& bucket : *tenant.mutable_buckets()) {
        if (++series > 4) bucket.clear_through_day();
      }
    }
    for (const rollcall::RetentionPolicy& policy : Policies()) {
      const absl::CivilDay day(2024, 4, 1);
      const auto report = rollcall::SimulateDay(policy, *facts, day);
      const auto again = rollcall::SimulateDay(policy, *facts, day);
      if (report.ok() != again.ok()) std::abort();
      if (report.ok() && report->SerializeAsString() != again->SerializeAsString()) std::abort();
    }
  }
  return 0;
}
