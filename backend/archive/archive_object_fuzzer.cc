// Any bytes as an archive object, as what is encrypted in one, and as the tar in that.
//
// The first byte says which: bytes that no key sealed are never read as records; bytes that one did seal come to an
// end, within the bounds, and what is good of them is written back and read to the same.
#include <zstd.h>

#include <cstdint>
#include <cstdlib>

#include "backend/archive/object_codec.h"
#include "backend/archive/testing/made_up_bucket.h"

namespace {

using rollcall::MadeUpBucket;

rollcall::DataKey Key(absl::string_view id) {
  std::string secret(rollcall::kSecretKeyBytes, 's');
  return rollcall::DataKey(std::string(id), rollcall::BucketTag(MadeUpBucket()), *rollcall::SecretKey::Take(&secret));
}

void Check(bool good) {
  if (!good) std::abort();
}

void ReadAsObject(absl::string_view bytes) {
  rollcall::StringSource source{std::string(bytes)};
  const auto keys = [](absl::string_view id) -> absl::StatusOr<rollcall::DataKey> { return Key(id); };
  size_t records = 0;
  const auto read = rollcall::ReadObject(MadeUpBucket(), keys, &source, [&](absl::string_view) {
    ++records;
    return absl::OkStatus();
  });
  Check(absl::IsDataLoss(read.status()) && records == 0);
  // Further in: a header that is good, before chunks that are not.
  rollcall::StringSink object;
  Check(
      rollcall::SealedWriter::Start(Key(std::string(16, 'i')), MadeUpBucket(), rollcall::kMinChunkBytes, &object).ok());
  rollcall::StringSource chunks{std::string(bytes)};
  const auto reader = rollcall::SealedReader::Start(object.bytes(), Key(std::string(16, 'i')), MadeUpBucket(), &chunks);
  Check(reader.ok() && absl::IsDataLoss((*reader)->Next().status()));
}

void ReadAsContents(absl::string_view contents) {
  std::vector<std::string> records;
  rollcall::ContentsReader reader(MadeUpBucket(), rollcall::Into(&records));
  while (!contents.empty()) {
    const absl::string_view piece = contents.substr(0, 1000);
    if (!reader.Feed(piece).ok()) return;
    contents.remove_prefix(piece.size());
  }
  const auto manifest = reader.Finish();
  if (!manifest.ok()) return;
  Check(manifest->records() == records.size());
  rollcall::VectorSource source(records);
  rollcall::StringSink object;
  Check(rollcall::WriteObject(*manifest, Key(std::string(16, 'i')), &source, &object).ok());
  rollcall::StringSource written(object.bytes());
  std::vector<std::string> again;
  const auto keys = [](absl::string_view id) -> absl::StatusOr<rollcall::DataKey> { return Key(id); };
  Check(rollcall::ReadObject(MadeUpBucket(), keys, &written, rollcall::Into(&again)).ok() && again == records);
}

void ReadAsTar(absl::string_view tar) {
  std::string contents(ZSTD_compressBound(tar.size()), '\0');
  contents.resize(ZSTD_compress(contents.data(), contents.size(), tar.data(), tar.size(), 1));
  ReadAsContents(contents);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      ReadAsObject(rest);
      break;
    case 1:
      ReadAsContents(rest);
      break;
    default:
      ReadAsTar(rest);
  }
  return 0;
}
