#include "collectors/os_packages/rpm_header.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"
#include "platform/byte_order.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

// Tags that are read; all others are passed over.
enum Field {
  kName,
  kVersion,
  kRelease,
  kEpoch,
  kSummary,
  kInstallTime,
  kSize,
  kVendor,
  kLicence,
  kPackager,
  kArchitecture,
  kSourceRpm,
  kLongSize,
  kModularityLabel,
  kFieldCount,
};

struct TagName {
  uint32_t tag;
  absl::string_view name;
};

// In the order of Field, which is that of the numbers.
constexpr std::array<TagName, kFieldCount> kTags = {{
    {1000, "NAME"},
    {1001, "VERSION"},
    {1002, "RELEASE"},
    {1003, "EPOCH"},
    {1004, "SUMMARY"},
    {1008, "INSTALLTIME"},
    {1009, "SIZE"},
    {1011, "VENDOR"},
    {1014, "LICENSE"},
    {1015, "PACKAGER"},
    {1022, "ARCH"},
    {1044, "SOURCERPM"},
    {5009, "LONGSIZE"},
    {5096, "MODULARITYLABEL"},
}};

// Types of values.
constexpr uint32_t kInt32 = 4;
constexpr uint32_t kInt64 = 5;
constexpr uint32_t kString = 6;
constexpr uint32_t kStringArray = 8;
constexpr uint32_t kTranslatedString = 9;

// Counts of index entries and data bytes precede the index.
constexpr size_t kCountsBytes = 8;
constexpr size_t kEntryBytes = 16;
// rpm's own limit.
constexpr uint32_t kMaxEntries = 0xFFFF;

struct Entry {
  uint32_t type = 0;
  uint32_t offset = 0;
  uint32_t count = 0;
};

std::optional<Field> FindField(uint32_t tag) {
  const auto* const found =
      std::lower_bound(kTags.begin(), kTags.end(), tag, [](const TagName& a, uint32_t b) { return a.tag < b; });
  if (found == kTags.end() || found->tag != tag) return std::nullopt;
  return static_cast<Field>(found - kTags.begin());
}

// The values of one header.
class Header {
 public:
  // InvalidArgument if the counts do not fit the size.
  static absl::StatusOr<Header> Open(absl::string_view blob) {
    if (blob.size() < kCountsBytes) return absl::InvalidArgumentError("header is shorter than its counts");
    const uint32_t entries = LoadBigEndian32(blob.data());
    const uint32_t data_bytes = LoadBigEndian32(blob.data() + 4);
    if (entries == 0 || entries > kMaxEntries) {
      return absl::InvalidArgumentError(absl::StrCat("header has an impossible number of entries, ", entries));
    }
    if (kCountsBytes + uint64_t{entries} * kEntryBytes + data_bytes > blob.size()) {
      return absl::InvalidArgumentError("header is shorter than it says");
    }
    Header header;
    const char* entry = blob.data() + kCountsBytes;
    for (uint32_t i = 0; i < entries; ++i, entry += kEntryBytes) {
      const std::optional<Field> field = FindField(LoadBigEndian32(entry));
      if (!field) continue;
      // What rpm adds at installation follows the package's own entries and supersedes them.
      header.entries_[*field] =
          Entry{LoadBigEndian32(entry + 4), LoadBigEndian32(entry + 8), LoadBigEndian32(entry + 12)};
    }
    header.data_ = blob.substr(kCountsBytes + size_t{entries} * kEntryBytes, data_bytes);
    return header;
  }

  // Empty if the header does not have it. Of an array, or a text in several languages, the
  // first, which is in English.
  absl::string_view Text(Field field) {
    const std::optional<Entry>& entry = entries_[field];
    if (!entry) return "";
    const bool is_text = entry->type == kString || entry->type == kStringArray || entry->type == kTranslatedString;
    if (!is_text || entry->count == 0 || entry->offset >= data_.size()) return Damaged(field);
    const absl::string_view rest = data_.substr(entry->offset);
    const size_t end = rest.find('\0');
    if (end == absl::string_view::npos) return Damaged(field);
    return rest.substr(0, end);
  }

  std::optional<uint64_t> Number(Field field) {
    const std::optional<Entry>& entry = entries_[field];
    if (!entry) return std::nullopt;
    const size_t bytes = entry->type == kInt32 ? 4 : entry->type == kInt64 ? 8 : 0;
    if (bytes == 0 || entry->count == 0 || entry->offset > data_.size() || bytes > data_.size() - entry->offset) {
      Damaged(field);
      return std::nullopt;
    }
    const char* const place = data_.data() + entry->offset;
    return bytes == 4 ? LoadBigEndian32(place) : LoadBigEndian64(place);
  }

  // The first thing that was wrong.
  const absl::Status& damage() const { return damage_; }

 private:
  absl::string_view Damaged(Field field) {
    if (damage_.ok()) damage_ = absl::InvalidArgumentError(absl::StrCat("damaged ", kTags[field].name));
    return "";
  }

  std::array<std::optional<Entry>, kFieldCount> entries_;
  absl::string_view data_;
  absl::Status damage_;
};

// The most that is plausible for what becomes part of an identity.
constexpr size_t kMaxNameBytes = 1024;

std::string NameText(absl::string_view text) { return ToRecordText(text, kMaxNameBytes); }

// All that is not part of the package's identity.
void SetDetails(Header& header, pb::OsPackage* record) {
  SetRpmSource(header.Text(kSourceRpm), record);
  record->set_vendor(ToRecordText(header.Text(kVendor)));
  record->set_maintainer(ToRecordText(header.Text(kPackager)));
  record->set_licence(ToRecordText(header.Text(kLicence)));
  const absl::string_view summary = header.Text(kSummary);
  record->set_summary(ToRecordText(summary.substr(0, summary.find('\n'))));
  record->set_modularity_label(ToRecordText(header.Text(kModularityLabel)));
  // There is none where the header was imported without installing it.
  if (const auto time = header.Number(kInstallTime); time && *time > 0 && *time <= UINT32_MAX) {
    record->mutable_install_time()->set_seconds(static_cast<int64_t>(*time));
  }
  // Packages of 4 GiB and more have only the long one.
  std::optional<uint64_t> size = header.Number(kLongSize);
  if (!size) size = header.Number(kSize);
  if (size) record->set_installed_bytes(*size);
}

}  // namespace

bool SetRpmVersion(absl::string_view epoch, absl::string_view version, absl::string_view release,
                   pb::OsPackage* record) {
  uint32_t number = 0;
  const bool epoch_ok = epoch.empty() || absl::SimpleAtoi(epoch, &number);
  record->set_upstream_version(NameText(version));
  record->set_release(NameText(release));
  std::string whole =
      release.empty() ? record->upstream_version() : absl::StrCat(record->upstream_version(), "-", record->release());
  if (!epoch.empty() && epoch_ok) {
    record->set_epoch(number);
    whole = absl::StrCat(number, ":", whole);
  }
  record->set_version(std::move(whole));
  return epoch_ok;
}

void SetRpmSource(absl::string_view source_rpm, pb::OsPackage* record) {
  if (!absl::ConsumeSuffix(&source_rpm, ".src.rpm") && !absl::ConsumeSuffix(&source_rpm, ".nosrc.rpm")) return;
  const size_t release = source_rpm.rfind('-');
  if (release == absl::string_view::npos || release == 0) return;
  const size_t version = source_rpm.rfind('-', release - 1);
  if (version == absl::string_view::npos || version == 0) return;
  record->set_source_name(NameText(source_rpm.substr(0, version)));
  record->set_source_version(NameText(source_rpm.substr(version + 1)));
}

absl::StatusOr<RpmPackage> ParseRpmHeader(absl::string_view blob) {
  absl::StatusOr<Header> header = Header::Open(blob);
  if (!header.ok()) return header.status();
  const absl::string_view name = header->Text(kName);
  if (name.empty()) return absl::InvalidArgumentError("header names no package");

  RpmPackage package;
  package.is_signing_key = name == "gpg-pubkey";
  pb::OsPackage& record = package.record;
  record.set_manager(pb::OsPackage::RPM);
  record.set_name(NameText(name));
  record.set_architecture(NameText(header->Text(kArchitecture)));
  record.set_status("installed");
  record.set_installed(true);
  const std::optional<uint64_t> epoch = header->Number(kEpoch);
  const absl::string_view version = header->Text(kVersion);
  const bool epoch_ok = SetRpmVersion(epoch ? absl::StrCat(*epoch) : "", version, header->Text(kRelease), &record);
  SetDetails(*header, &record);

  package.damage = header->damage();
  if (version.empty()) package.damage.Update(absl::InvalidArgumentError("no VERSION"));
  if (!epoch_ok) package.damage.Update(absl::InvalidArgumentError("damaged EPOCH"));
  if (!package.damage.ok()) {
    package.damage =
        absl::InvalidArgumentError(absl::StrCat("package ", record.name(), ": ", package.damage.message()));
  }
  return package;
}

}  // namespace rollcall
