// Write-ahead logs for the tests.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_SQLITE_WAL_TEST_SUPPORT_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_SQLITE_WAL_TEST_SUPPORT_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/rpm_test_support.h"
#include "platform/byte_order.h"

namespace rollcall {

// Puts a log together frame by frame, with good checksums.
class WalBuilder {
 public:
  explicit WalBuilder(uint32_t page_bytes, bool big_endian = false, uint32_t salt = 7)
      : big_endian_(big_endian), salts_(BigEndian32(salt) + BigEndian32(~salt)) {
    bytes_ = absl::StrCat(BigEndian32(big_endian ? 0x377f0683 : 0x377f0682), BigEndian32(3007000),
                          BigEndian32(page_bytes), BigEndian32(1), salts_);
    AddChecksum(bytes_);
    absl::StrAppend(&bytes_, BigEndian32(a_), BigEndian32(b_));
  }

  // `pages_after_commit` is 0 for a frame that does not end a transaction.
  WalBuilder& Frame(uint32_t page, absl::string_view content, uint32_t pages_after_commit) {
    const std::string head = BigEndian32(page) + BigEndian32(pages_after_commit);
    AddChecksum(head);
    AddChecksum(content);
    absl::StrAppend(&bytes_, head, salts_, BigEndian32(a_), BigEndian32(b_), content);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void AddChecksum(absl::string_view bytes) {
    for (size_t i = 0; i < bytes.size(); i += 8) {
      const char* const at = bytes.data() + i;
      a_ += (big_endian_ ? LoadBigEndian32(at) : LoadLittleEndian32(at)) + b_;
      b_ += (big_endian_ ? LoadBigEndian32(at + 4) : LoadLittleEndian32(at + 4)) + a_;
    }
  }

  const bool big_endian_;
  const std::string salts_;
  uint32_t a_ = 0;
  uint32_t b_ = 0;
  std::string bytes_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_SQLITE_WAL_TEST_SUPPORT_H_
