#include "agent/pipeline/batch_body.h"

#include <zstd.h>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {
namespace {

using ::google::protobuf::internal::WireFormatLite;
using ::google::protobuf::io::CodedOutputStream;

void AppendBytesField(int number, absl::string_view bytes, std::string* out) {
  uint8_t head[2 * 5];
  uint8_t* end = CodedOutputStream::WriteVarint32ToArray(
      WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED), head);
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(bytes.size()), end);
  out->append(reinterpret_cast<const char*>(head), static_cast<size_t>(end - head));
  out->append(bytes.data(), bytes.size());
}

}  // namespace

void AppendRecord(absl::string_view serialized_record, std::string* body) {
  AppendBytesField(pb::BatchBody::kRecordsFieldNumber, serialized_record, body);
}

void AppendRetired(const AssetKey& key, std::string* body) {
  AppendBytesField(pb::BatchBody::kRetiredFieldNumber,
                   absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()), body);
}

absl::StatusOr<std::string> UnpackBody(absl::string_view compressed, size_t size) {
  if (size > kMaxUnpackedBodyBytes) return absl::DataLossError("unpack batch: its body is too large");
  std::string body(size, '\0');
  if (size == 0 && compressed.empty()) return body;
  const size_t unpacked = ZSTD_decompress(body.data(), body.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(unpacked) || unpacked != size) return absl::DataLossError("unpack batch: its body is damaged");
  return body;
}

struct BodyCompressor::Context {
  Context() : zstd(ZSTD_createCCtx()) {}
  ~Context() { ZSTD_freeCCtx(zstd); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ZSTD_CCtx* zstd;
};

BodyCompressor::BodyCompressor() : context_(std::make_unique<Context>()) {}
BodyCompressor::~BodyCompressor() = default;

absl::StatusOr<std::string> BodyCompressor::Compress(absl::string_view body) {
  if (body.empty()) return std::string();
  if (context_->zstd == nullptr) return absl::InternalError("compress batch: out of memory");
  std::string compressed(ZSTD_compressBound(body.size()), '\0');
  const size_t size =
      ZSTD_compressCCtx(context_->zstd, compressed.data(), compressed.size(), body.data(), body.size(), kLevel);
  if (ZSTD_isError(size)) return absl::InternalError(absl::StrCat("compress batch: ", ZSTD_getErrorName(size)));
  compressed.resize(size);
  return compressed;
}

}  // namespace rollcall
