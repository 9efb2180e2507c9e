// What stays with a machine when its disk is copied to another.
#ifndef ROLLCALL_PLATFORM_HARDWARE_FACTS_H_
#define ROLLCALL_PLATFORM_HARDWARE_FACTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

// Empty where a machine has none, does not say, or may not be asked: serial numbers are for root.
// Values are short and printable.
struct HardwareFacts {
  // Of DMI; on machines without it, the device tree's serial number.
  std::string product_uuid;
  // Of the board, else of the machine.
  std::string board_serial;
  // Addresses of physical network cards, sorted, each once.
  std::vector<std::string> macs;

  friend bool operator==(const HardwareFacts&, const HardwareFacts&) = default;
};

HardwareFacts ReadHardwareFacts(const FileTree& tree);

// Whether these can only be two machines: they have other serial numbers and no network card in
// common. One of both alone is a repair: a new card, a new board. What either does not know says
// nothing.
bool IsOtherMachine(const HardwareFacts& before, const HardwareFacts& now);

// Whether a DMI text is what manufacturers leave in place of a value: `To Be Filled By O.E.M.`,
// all zeros and the like.
bool IsDmiFiller(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_HARDWARE_FACTS_H_
