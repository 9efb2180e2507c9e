#include "backend/ingest/credit_window.h"

#include <algorithm>

namespace rollcall {

void CreditWindow::Grant(const WindowSize& window, absl::Duration now) {
  granted_ = window;
  granted_at_ = now;
  enforced_.batches = std::max(enforced_.batches, window.batches);
  enforced_.bytes = std::max(enforced_.bytes, window.bytes);
}

bool CreditWindow::Take(uint64_t sequence, uint64_t bytes) {
  in_flight_.push_back({sequence, bytes});
  bytes_ += bytes;
  if (in_flight_.size() == 1) return true;
  return in_flight_.size() <= enforced_.batches &&
         bytes_ <= enforced_.bytes + kSlackPerBatch * static_cast<uint64_t>(in_flight_.size());
}

void CreditWindow::Release(uint64_t sequence, absl::Duration now) {
  while (!in_flight_.empty() && in_flight_.front().sequence <= sequence) {
    bytes_ -= in_flight_.front().bytes;
    in_flight_.pop_front();
  }
  if (in_flight_.empty() && now - granted_at_ >= kSettle) enforced_ = granted_;
}

}  // namespace rollcall
