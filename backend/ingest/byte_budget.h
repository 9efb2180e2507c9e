// The memory that all sessions together may take for what they sent.
#ifndef ROLLCALL_BACKEND_INGEST_BYTE_BUDGET_H_
#define ROLLCALL_BACKEND_INGEST_BYTE_BUDGET_H_

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace rollcall {

// Counts the bytes that were received and are not committed yet. gRPC's own quota does not count
// what a stream reads, so nothing else bounds it. Thread-safe; outlives its holds.
class ByteBudget {
 public:
  // Bytes taken, given back when it is destroyed.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Hold& operator=(Hold&& other) noexcept;
    ~Hold();

   private:
    friend class ByteBudget;
    Hold(ByteBudget* budget, size_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    size_t bytes_ = 0;
  };

  explicit ByteBudget(size_t limit) : limit_(limit) {}

  // nullopt if that were more than the limit.
  std::optional<Hold> Take(size_t bytes);
  size_t used() const;
  size_t limit() const { return limit_; }
  // Becomes true when three quarters are taken, and false again when less than a quarter is.
  bool tight() const;

 private:
  void Give(size_t bytes);

  const size_t limit_;
  mutable std::mutex mutex_;
  size_t used_ = 0;
  bool tight_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_BYTE_BUDGET_H_
