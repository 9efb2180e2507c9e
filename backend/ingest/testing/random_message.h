// Messages filled at random, now and then with what is not allowed.
#ifndef ROLLCALL_BACKEND_INGEST_TESTING_RANDOM_MESSAGE_H_
#define ROLLCALL_BACKEND_INGEST_TESTING_RANDOM_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "google/protobuf/message.h"

namespace rollcall {

// The same seed gives the same messages.
class RandomMessage {
 public:
  // Few strings are longer than `max_string_bytes`, by one byte; most are short.
  RandomMessage(uint32_t seed, size_t max_string_bytes) : max_string_bytes_(max_string_bytes), random_(seed) {}

  // Sets a third of the fields. Messages lie no more than four levels below one of `depth` 0.
  void Fill(google::protobuf::Message* message, int depth);
  // 0 to `n` - 1.
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_()) % n; }

 private:
  int EnumNumber(const google::protobuf::FieldDescriptor* field);
  std::string Text(const google::protobuf::FieldDescriptor* field);
  void FillOne(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field, int depth);

  const size_t max_string_bytes_;
  std::mt19937 random_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_TESTING_RANDOM_MESSAGE_H_
