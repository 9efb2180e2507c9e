#include "backend/ingest/byte_budget.h"

namespace rollcall {

ByteBudget::Hold& ByteBudget::Hold::operator=(Hold&& other) noexcept {
  if (this == &other) return *this;
  if (budget_ != nullptr) budget_->Give(bytes_);
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

ByteBudget::Hold::~Hold() {
  if (budget_ != nullptr) budget_->Give(bytes_);
}

std::optional<ByteBudget::Hold> ByteBudget::Take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > limit_ - used_) return std::nullopt;
  used_ += bytes;
  if (used_ >= limit_ / 4 * 3) tight_ = true;
  return Hold(this, bytes);
}

void ByteBudget::Give(size_t bytes) {
  const std::lock_guard lock(mutex_);
  used_ -= bytes;
  if (used_ < limit_ / 4) tight_ = false;
}

size_t ByteBudget::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

bool ByteBudget::tight() const {
  const std::lock_guard lock(mutex_);
  return tight_;
}

}  // namespace rollcall
