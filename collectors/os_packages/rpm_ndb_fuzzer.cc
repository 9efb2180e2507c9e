#include <cstddef>
#include <cstdint>

#include "collectors/os_packages/fuzz_blob_sink.h"
#include "collectors/os_packages/rpm_ndb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const rollcall::MemoryFile file(absl::string_view(reinterpret_cast<const char*>(data), size));
  rollcall::FuzzBlobSink sink(size);
  rollcall::ReadRpmNdb(file, sink).IgnoreError();
  return 0;
}
