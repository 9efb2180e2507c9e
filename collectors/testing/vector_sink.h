// A RecordSink that keeps what it is given. For tests.
#ifndef ROLLCALL_COLLECTORS_TESTING_VECTOR_SINK_H_
#define ROLLCALL_COLLECTORS_TESTING_VECTOR_SINK_H_

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "collectors/collector.h"

namespace rollcall {

class VectorSink : public RecordSink {
 public:
  VectorSink() = default;
  // Refuses with ResourceExhausted after `capacity` records.
  explicit VectorSink(size_t capacity) : capacity_(capacity) {}

  absl::Status Emit(pb::Record&& record) override {
    if (records_.size() >= capacity_) return absl::ResourceExhaustedError("emit record: sink is full");
    records_.push_back(std::move(record));
    return absl::OkStatus();
  }

  const std::vector<pb::Record>& records() const { return records_; }
  void Clear() { records_.clear(); }

 private:
  const size_t capacity_ = std::numeric_limits<size_t>::max();
  std::vector<pb::Record> records_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_TESTING_VECTOR_SINK_H_
