#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/accounts/login_records.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rollcall::TimeWidth;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  rollcall::GuessUtmpWidth(text);
  for (const TimeWidth width : {TimeWidth::k32, TimeWidth::k64}) {
    const rollcall::UtmpScan scan =
        rollcall::ScanUtmp(text, width, [](absl::string_view name, rollcall::LoginRecord&& record) {
          if (name.empty() || name.size() > rollcall::kUtmpNameBytes) std::abort();
          if (record.terminal.size() > 32 || record.from.size() > 256) std::abort();
        });
    if (scan.consumed > size || scan.damaged_bytes > scan.consumed) std::abort();
    rollcall::ParseLastlogRecord(text.substr(0, rollcall::LastlogRecordBytes(width)), width);
  }
  return 0;
}
