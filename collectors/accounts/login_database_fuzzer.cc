#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/accounts/login_database.h"
#include "platform/byte_order.h"

namespace {

class Ignore : public rollcall::DamageSink {
 public:
  void TakeDamage(const absl::Status& damage) override {
    if (damage.ok()) std::abort();
  }
  bool stop_requested() const override { return false; }
};

}  // namespace

// The first four bytes say how long the database is; the log follows it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  if (size < 4) return 0;
  const size_t database_bytes = std::min<size_t>(rollcall::LoadLittleEndian32(input.data()), size - 4);
  const rollcall::MemoryFile database(input.substr(4, database_bytes));
  const rollcall::MemoryFile log(input.substr(4 + database_bytes));
  for (const auto kind : {rollcall::LoginDatabaseKind::kLastlog2, rollcall::LoginDatabaseKind::kWtmpdb}) {
    Ignore sink;
    size_t logins = 0;
    rollcall::ReadLoginDatabase(kind, database, log.size_bytes() == 0 ? nullptr : &log, sink,
                                [&](absl::string_view name, rollcall::LoginRecord&& record) {
                                  if (name.empty() || name.size() > rollcall::kMaxLoginText) std::abort();
                                  if (record.from.size() > rollcall::kMaxLoginText) std::abort();
                                  ++logins;
                                })
        .IgnoreError();
    // A row has three bytes at least.
    if (logins > size) std::abort();
  }
  return 0;
}
