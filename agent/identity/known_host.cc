#include "agent/identity/known_host.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/identity/local_file.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

constexpr absl::string_view kHeader = "rollcall-known-host 1";
constexpr size_t kMaxKnownHostBytes = size_t{64} << 10;
constexpr size_t kMaxMacs = 1'000;
constexpr size_t kSuffixLength = 12;

std::string SuffixOf(const HardwareFacts& hardware) {
  return Sha256Hex(
             absl::StrCat(hardware.product_uuid, "\n", hardware.board_serial, "\n", absl::StrJoin(hardware.macs, "\n")))
      .substr(0, kSuffixLength);
}

// What is known now, and of the rest what was known before.
HardwareFacts Merge(const HardwareFacts& before, const HardwareFacts& now) {
  HardwareFacts merged = now;
  if (merged.product_uuid.empty()) merged.product_uuid = before.product_uuid;
  if (merged.board_serial.empty()) merged.board_serial = before.board_serial;
  if (merged.macs.empty()) merged.macs = before.macs;
  return merged;
}

bool IsValue(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isprint(c); });
}

}  // namespace

KnownHost Recognize(const std::optional<KnownHost>& before, absl::string_view found_id, const HardwareFacts& now) {
  KnownHost host;
  host.found_id = std::string(found_id);
  host.host_id = host.found_id;
  host.hardware = now;
  if (!before.has_value() || before->found_id != found_id) return host;
  if (IsOtherMachine(before->hardware, now)) {
    host.host_id = absl::StrCat(found_id, "-", SuffixOf(now));
    host.clone_of = before->host_id;
    return host;
  }
  host.host_id = before->host_id;
  host.clone_of = before->clone_of;
  host.hardware = Merge(before->hardware, now);
  return host;
}

std::string FormatKnownHost(const KnownHost& host) {
  std::string text = absl::StrCat(kHeader, "\n");
  const auto add = [&text](absl::string_view key, absl::string_view value) {
    if (!value.empty()) absl::StrAppend(&text, key, " ", value, "\n");
  };
  add("found_id", host.found_id);
  add("host_id", host.host_id);
  add("clone_of", host.clone_of);
  add("product_uuid", host.hardware.product_uuid);
  add("board_serial", host.hardware.board_serial);
  for (const std::string& mac : host.hardware.macs) add("mac", mac);
  return text;
}

absl::StatusOr<KnownHost> ParseKnownHost(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  if (lines.empty() || lines[0] != kHeader) return absl::InvalidArgumentError("line 1: not a known host");
  KnownHost host;
  const std::pair<absl::string_view, std::string*> kFields[] = {{"found_id", &host.found_id},
                                                                {"host_id", &host.host_id},
                                                                {"clone_of", &host.clone_of},
                                                                {"product_uuid", &host.hardware.product_uuid},
                                                                {"board_serial", &host.hardware.board_serial}};
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto bad = [i](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("line ", i + 1, ": ", what));
    };
    const std::pair<absl::string_view, absl::string_view> split = absl::StrSplit(lines[i], absl::MaxSplits(' ', 1));
    if (!IsValue(split.second)) return bad("no printable value");
    if (split.first == "mac") {
      if (host.hardware.macs.size() >= kMaxMacs) return bad("too many cards");
      host.hardware.macs.emplace_back(split.second);
      continue;
    }
    const auto* field = std::find_if(std::begin(kFields), std::end(kFields),
                                     [&split](const auto& candidate) { return candidate.first == split.first; });
    if (field == std::end(kFields) || !field->second->empty()) return bad("not a field, or twice");
    *field->second = std::string(split.second);
  }
  if (host.found_id.empty() || host.host_id.empty()) return absl::InvalidArgumentError("an id is missing");
  return host;
}

absl::StatusOr<HostIdentity> RecognizeHost(const std::string& path, const HostIdentity& found,
                                           const HardwareFacts& now) {
  const absl::StatusOr<std::string> text = ReadLocalFile(path, kMaxKnownHostBytes);
  if (!text.ok() && !absl::IsNotFound(text.status())) return text.status();
  std::optional<KnownHost> before;
  if (text.ok()) {
    absl::StatusOr<KnownHost> parsed = ParseKnownHost(*text);
    if (!parsed.ok()) {
      return absl::DataLossError(absl::StrCat("read ", path, ": ", parsed.status().message(),
                                              "; without the file, a clone keeps the id of its original"));
    }
    before = *std::move(parsed);
  }
  const KnownHost host = Recognize(before, found.id, now);
  if (host != before) {
    if (absl::Status status = WriteLocalFileDurably(path, FormatKnownHost(host)); !status.ok()) return status;
  }
  return HostIdentity{host.host_id, found.source, host.clone_of};
}

}  // namespace rollcall
