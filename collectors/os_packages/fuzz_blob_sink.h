// For the fuzzers of database readers.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_FUZZ_BLOB_SINK_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_FUZZ_BLOB_SINK_H_

#include <cstddef>
#include <cstdlib>

#include "collectors/os_packages/rpm_blobs.h"

namespace rollcall {

// Holds a reader to its promise: all headers together are no larger than the file.
class FuzzBlobSink : public RpmBlobSink {
 public:
  explicit FuzzBlobSink(size_t file_bytes) : left_(file_bytes) {}

  absl::Status TakeBlob(absl::string_view blob) override {
    if (blob.size() > left_) std::abort();
    left_ -= blob.size();
    // Every byte is there.
    unsigned sum = 0;
    for (const char c : blob) sum += static_cast<unsigned char>(c);
    sum_ = sum;
    return absl::OkStatus();
  }
  void TakeDamage(const absl::Status& damage) override {
    if (damage.ok()) std::abort();
  }
  bool stop_requested() const override { return false; }

 private:
  size_t left_;
  volatile unsigned sum_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_FUZZ_BLOB_SINK_H_
