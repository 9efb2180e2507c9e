// Headers and databases of rpm for the tests.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_TEST_SUPPORT_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/rpm_blobs.h"
#include "collectors/os_packages/rpm_header.h"

namespace rollcall {

inline std::string BigEndian32(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift & 0xFF));
  return bytes;
}

inline std::string LittleEndian32(uint32_t number) {
  std::string bytes = BigEndian32(number);
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

// Puts a header together, entry by entry.
class RpmHeaderBuilder {
 public:
  RpmHeaderBuilder& Text(uint32_t tag, absl::string_view text, uint32_t type = 6) {
    return Entry(tag, type, std::string(text) + '\0');
  }
  RpmHeaderBuilder& Number(uint32_t tag, uint32_t number) { return Entry(tag, 4, BigEndian32(number)); }
  RpmHeaderBuilder& Entry(uint32_t tag, uint32_t type, absl::string_view value, uint32_t count = 1) {
    return EntryAt(tag, type, static_cast<uint32_t>(data_.size()), count, value);
  }
  RpmHeaderBuilder& EntryAt(uint32_t tag, uint32_t type, uint32_t offset, uint32_t count, absl::string_view value) {
    absl::StrAppend(&index_, BigEndian32(tag), BigEndian32(type), BigEndian32(offset), BigEndian32(count));
    absl::StrAppend(&data_, value);
    ++entries_;
    return *this;
  }
  std::string Build() const {
    return absl::StrCat(BigEndian32(entries_), BigEndian32(static_cast<uint32_t>(data_.size())), index_, data_);
  }

 private:
  uint32_t entries_ = 0;
  std::string index_;
  std::string data_;
};

// Keeps the names of the packages and what was wrong.
class NameSink : public RpmBlobSink {
 public:
  absl::Status TakeBlob(absl::string_view blob) override {
    ++blobs;
    const auto package = ParseRpmHeader(blob);
    if (!package.ok()) {
      TakeDamage(package.status());
      return absl::OkStatus();
    }
    if (!package->damage.ok()) TakeDamage(package->damage);
    names.push_back(absl::StrCat(package->record.name(), "-", package->record.version()));
    return absl::OkStatus();
  }
  void TakeDamage(const absl::Status& status) override { damage.push_back(std::string(status.message())); }
  bool stop_requested() const override { return stop; }

  std::vector<std::string> names;
  std::vector<std::string> damage;
  size_t blobs = 0;
  bool stop = false;
};

// Names in the databases below testdata/rpm_*, keys included where they have one.
inline std::vector<std::string> RecordedNames(bool with_key) {
  std::vector<std::string> names = {"librollcall-other+plus-2:9.9-0.1",
                                    "rollcall-epoch-2:3.4~rc1-5.el9_4",
                                    "rollcall-files-20240101-2.fc40",
                                    "rollcall-many-1-1",
                                    "rollcall-many-3-1",
                                    "rollcall-plain-1.0-1"};
  if (with_key) names.insert(names.begin(), "gpg-pubkey-18b8e74c-62f2920f");
  return names;
}

// A file below this folder's testdata.
inline std::string TestData(absl::string_view path) {
  std::ifstream file(absl::StrCat(ROLLCALL_SOURCE_DIR "/collectors/os_packages/testdata/", path), std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_TEST_SUPPORT_H_
