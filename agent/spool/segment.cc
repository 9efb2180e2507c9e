#include "agent/spool/segment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/spool/little_endian.h"
#include "agent/spool/log_format.h"

namespace rollcall {
namespace {

constexpr absl::string_view kMagic = "RCWL";
constexpr uint16_t kVersion = 1;
constexpr absl::string_view kNamePrefix = "wal-";
constexpr absl::string_view kNameSuffix = ".log";
constexpr size_t kNameDigits = 20;

constexpr uint8_t kEntryKind = 1;
constexpr uint8_t kSealKind = 2;
// An entry that is not plain state, or replaces others.
constexpr uint8_t kEntryWithTraitsKind = 3;

struct Seal {
  uint64_t next_sequence = 0;
  uint32_t entries = 0;
};

std::optional<Seal> ParseSeal(absl::string_view bytes) {
  uint8_t kind = 0;
  Seal seal;
  if (!TakeLittleEndian(&bytes, &kind) || kind != kSealKind || !TakeLittleEndian(&bytes, &seal.next_sequence) ||
      !TakeLittleEndian(&bytes, &seal.entries) || !bytes.empty()) {
    return std::nullopt;
  }
  return seal;
}

// Takes one record into `contents`; returns what is wrong with it, or nothing.
std::string TakeRecord(const LogRecord& record, SegmentContents* contents) {
  if (contents->sealed) return "record after the seal";
  if (const std::optional<Seal> seal = ParseSeal(record.payload); seal.has_value()) {
    const bool whole = seal->entries == contents->entries.size() && seal->next_sequence >= contents->next_sequence;
    contents->sealed = true;
    contents->sealed_entries = seal->entries;
    contents->next_sequence = std::max(contents->next_sequence, seal->next_sequence);
    return whole ? "" : "entries are missing";
  }
  std::optional<SegmentEntry> entry = ParseSpoolEntry(record);
  if (!entry.has_value()) return "record is neither entry nor seal";
  if (entry->sequence < contents->next_sequence) return "sequence goes back";
  contents->next_sequence = entry->sequence + 1;
  contents->entries.push_back(*std::move(entry));
  return "";
}

bool TakeTraits(absl::string_view* bytes, EntryTraits* traits) {
  uint8_t entry_class = 0;
  if (!TakeLittleEndian(bytes, &entry_class) || !TakeLittleEndian(bytes, &traits->replaces.from) ||
      !TakeLittleEndian(bytes, &traits->replaces.below) || entry_class > static_cast<uint8_t>(EntryClass::kKept)) {
    return false;
  }
  traits->entry_class = static_cast<EntryClass>(entry_class);
  return true;
}

}  // namespace

std::string SegmentName(uint64_t first_sequence) {
  return absl::StrFormat("%s%020u%s", kNamePrefix, first_sequence, kNameSuffix);
}

std::optional<uint64_t> ParseSegmentName(absl::string_view name) {
  if (name.size() != kNamePrefix.size() + kNameDigits + kNameSuffix.size()) return std::nullopt;
  if (!absl::StartsWith(name, kNamePrefix) || !absl::EndsWith(name, kNameSuffix)) return std::nullopt;
  const absl::string_view digits = name.substr(kNamePrefix.size(), kNameDigits);
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  uint64_t sequence = 0;
  if (!absl::SimpleAtoi(digits, &sequence)) return std::nullopt;
  return sequence;
}

std::string EncodeSegmentHeader(uint64_t first_sequence) {
  std::string header(kMagic);
  AppendLittleEndian(kVersion, &header);
  AppendLittleEndian(uint16_t{0}, &header);
  AppendLittleEndian(first_sequence, &header);
  return header;
}

std::string EncodeSpoolEntry(uint64_t sequence, const SpoolUnit& unit, absl::string_view payload,
                             const EntryTraits& traits) {
  const bool plain = traits == EntryTraits{};
  std::string out;
  out.reserve(kMaxEntryOverhead + unit.collector.size() + unit.scope.size() + payload.size());
  AppendLittleEndian(plain ? kEntryKind : kEntryWithTraitsKind, &out);
  AppendLittleEndian(sequence, &out);
  if (!plain) {
    AppendLittleEndian(static_cast<uint8_t>(traits.entry_class), &out);
    AppendLittleEndian(traits.replaces.from, &out);
    AppendLittleEndian(traits.replaces.below, &out);
  }
  AppendLittleEndian(static_cast<uint16_t>(unit.collector.size()), &out);
  out.append(unit.collector);
  AppendLittleEndian(static_cast<uint16_t>(unit.scope.size()), &out);
  out.append(unit.scope);
  out.append(payload.data(), payload.size());
  return out;
}

std::string EncodeSegmentSeal(uint64_t next_sequence, uint32_t entries) {
  std::string out;
  AppendLittleEndian(kSealKind, &out);
  AppendLittleEndian(next_sequence, &out);
  AppendLittleEndian(entries, &out);
  return out;
}

std::optional<SegmentEntry> ParseSpoolEntry(const LogRecord& record) {
  absl::string_view bytes = record.payload;
  uint8_t kind = 0;
  uint16_t collector_size = 0;
  uint16_t scope_size = 0;
  absl::string_view collector;
  absl::string_view scope;
  SegmentEntry entry;
  if (!TakeLittleEndian(&bytes, &kind) || (kind != kEntryKind && kind != kEntryWithTraitsKind) ||
      !TakeLittleEndian(&bytes, &entry.sequence) ||
      (kind == kEntryWithTraitsKind && !TakeTraits(&bytes, &entry.traits)) ||
      !TakeLittleEndian(&bytes, &collector_size) || !TakeBytes(&bytes, collector_size, &collector) ||
      !TakeLittleEndian(&bytes, &scope_size) || !TakeBytes(&bytes, scope_size, &scope) ||
      entry.sequence == UINT64_MAX) {
    return std::nullopt;
  }
  entry.unit = {std::string(collector), std::string(scope)};
  entry.payload = std::string(bytes);
  entry.offset = record.offset;
  entry.end_offset = record.end_offset;
  return entry;
}

SegmentContents ParseSegment(absl::string_view bytes, uint64_t first_sequence) {
  SegmentContents contents;
  contents.next_sequence = first_sequence;
  const std::string header = EncodeSegmentHeader(first_sequence);
  if (bytes.size() < kSegmentHeaderBytes) {
    contents.torn_tail = true;
    return contents;
  }
  // The name says what the header should be; the records have checksums of their own, so
  // they are read whatever the header says.
  if (bytes.substr(0, kSegmentHeaderBytes) != header) {
    contents.damage.push_back({0, kSegmentHeaderBytes, "segment header does not match"});
  }
  LogReader reader(bytes.substr(kSegmentHeaderBytes), kSegmentHeaderBytes);
  LogRecord record;
  while (reader.Next(&record)) {
    std::string problem = TakeRecord(record, &contents);
    if (problem.empty()) continue;
    contents.damage.push_back({record.offset, record.end_offset - record.offset, std::move(problem)});
  }
  contents.damage.insert(contents.damage.end(), reader.damage().begin(), reader.damage().end());
  contents.torn_tail = reader.torn_tail();
  contents.good_end = reader.good_end();
  // Unsealed segments are contiguous as written; only a seal vouches for gaps.
  const bool gap = contents.next_sequence - first_sequence != contents.entries.size();
  if (!contents.sealed && gap && contents.damage.empty()) {
    contents.damage.push_back({kSegmentHeaderBytes, 0, "sequences are missing"});
  }
  return contents;
}

}  // namespace rollcall
