#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "collectors/os_packages/fuzz_blob_sink.h"
#include "collectors/os_packages/rpm_sqlite.h"
#include "platform/byte_order.h"

// The first four bytes say how long the database is; the log follows it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  if (size < 4) return 0;
  const size_t database_bytes = std::min<size_t>(rollcall::LoadLittleEndian32(input.data()), size - 4);
  const rollcall::MemoryFile database(input.substr(4, database_bytes));
  const rollcall::MemoryFile log(input.substr(4 + database_bytes));
  rollcall::FuzzBlobSink sink(size);
  rollcall::ReadRpmSqlite(database, log.size_bytes() == 0 ? nullptr : &log, sink).IgnoreError();
  return 0;
}
