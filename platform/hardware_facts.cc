#include "platform/hardware_facts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr size_t kMaxFactBytes = 4096;
constexpr size_t kMaxValueBytes = 128;
constexpr size_t kMaxCards = 256;
constexpr absl::string_view kDmi = "/sys/class/dmi/id/";
constexpr absl::string_view kNet = "/sys/class/net/";

// The first line, lowercase; empty unless it is a short, printable value.
std::string ReadFact(const FileTree& tree, const std::string& path) {
  const absl::StatusOr<std::string> text = tree.ReadFile(path, kMaxFactBytes);
  if (!text.ok()) return "";
  absl::string_view line = *text;
  line = line.substr(0, line.find_first_of(absl::string_view("\n\0", 2)));  // a device tree's text ends in a NUL
  line = absl::StripAsciiWhitespace(line);
  const bool good = line.size() <= kMaxValueBytes &&
                    std::all_of(line.begin(), line.end(), [](unsigned char c) { return absl::ascii_isprint(c); });
  return good && !IsDmiFiller(line) ? absl::AsciiStrToLower(line) : "";
}

std::string FirstFact(const FileTree& tree, std::initializer_list<std::string> paths) {
  for (const std::string& path : paths) {
    std::string fact = ReadFact(tree, path);
    if (!fact.empty()) return fact;
  }
  return "";
}

std::vector<std::string> ReadMacs(const FileTree& tree) {
  std::vector<std::string> macs;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = tree.List("/sys/class/net");
  if (!entries.ok()) return macs;
  for (const DirectoryEntry& entry : *entries) {
    if (macs.size() >= kMaxCards) break;
    if (!tree.Stat(absl::StrCat(kNet, entry.name, "/device")).ok()) continue;  // bridge, tunnel, loopback
    std::string mac = ReadFact(tree, absl::StrCat(kNet, entry.name, "/address"));
    if (!mac.empty() && mac != "00:00:00:00:00:00") macs.push_back(std::move(mac));
  }
  std::sort(macs.begin(), macs.end());
  macs.erase(std::unique(macs.begin(), macs.end()), macs.end());
  return macs;
}

bool BothKnown(const std::string& a, const std::string& b) { return !a.empty() && !b.empty(); }

bool ShareOne(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

}  // namespace

HardwareFacts ReadHardwareFacts(const FileTree& tree) {
  HardwareFacts facts;
  facts.product_uuid = FirstFact(tree, {absl::StrCat(kDmi, "product_uuid"), "/proc/device-tree/serial-number"});
  facts.board_serial = FirstFact(tree, {absl::StrCat(kDmi, "board_serial"), absl::StrCat(kDmi, "product_serial")});
  facts.macs = ReadMacs(tree);
  return facts;
}

bool IsOtherMachine(const HardwareFacts& before, const HardwareFacts& now) {
  const bool other_uuid = BothKnown(before.product_uuid, now.product_uuid) && before.product_uuid != now.product_uuid;
  const bool other_serial = BothKnown(before.board_serial, now.board_serial) && before.board_serial != now.board_serial;
  const bool other_cards = !before.macs.empty() && !now.macs.empty() && !ShareOne(before.macs, now.macs);
  return (other_uuid || other_serial) && other_cards;
}

bool IsDmiFiller(absl::string_view text) {
  static constexpr absl::string_view kFillers[] = {"none",
                                                   "not specified",
                                                   "not available",
                                                   "default string",
                                                   "to be filled by o.e.m.",
                                                   "system manufacturer",
                                                   "system product name",
                                                   "system serial number",
                                                   "system version",
                                                   "0",
                                                   "0123456789",
                                                   "123456789",
                                                   "n/a",
                                                   "not applicable",
                                                   "oem",
                                                   "o.e.m.",
                                                   "unknown",
                                                   "empty",
                                                   "invalid",
                                                   "00000000-0000-0000-0000-000000000000",
                                                   "03000200-0400-0500-0006-000700080009"};
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
  return std::find(std::begin(kFillers), std::end(kFillers), lower) != std::end(kFillers);
}

}  // namespace rollcall
