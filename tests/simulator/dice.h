// Chance that is the same on every machine: the distributions of the standard library are not.
#ifndef ROLLCALL_TESTS_SIMULATOR_DICE_H_
#define ROLLCALL_TESTS_SIMULATOR_DICE_H_

#include <cstdint>
#include <random>

namespace rollcall::simulator {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  // 0 to `below` - 1.
  int64_t Below(int64_t below) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(below)); }
  int64_t Between(int64_t from, int64_t to) { return from + Below(to - from + 1); }
  // Once in so many times.
  bool OnceIn(int64_t times) { return Below(times) == 0; }
  bool Percent(double percent) { return static_cast<double>(Below(1'000'000)) < percent * 10'000; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_DICE_H_
