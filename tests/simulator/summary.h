// What many lives come to.
#ifndef ROLLCALL_TESTS_SIMULATOR_SUMMARY_H_
#define ROLLCALL_TESTS_SIMULATOR_SUMMARY_H_

#include <map>
#include <string>

#include "tests/simulator/life.h"

namespace rollcall::simulator {

struct Summary {
  uint64_t tenants = 0;
  uint64_t days = 0;
  uint64_t ticks = 0;
  uint64_t looked_at = 0;
  Judged judged;
  Broken broken;
  TickReport engine;
  std::map<Fault, uint64_t> faults;

  void Add(const Life& life);
  // One line each.
  std::string Table() const;
  std::string Json() const;
};

// What was wrong in a life, its diary until then, and how to live it again.
std::string TellOf(const Life& life, const LifeOptions& options);

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_SUMMARY_H_
