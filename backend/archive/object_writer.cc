#include <google/protobuf/io/coded_stream.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/archive/block_names.h"
#include "backend/archive/object_codec.h"
#include "backend/archive/running_hash.h"
#include "backend/archive/tar_stream.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Of zstd: the fastest that is no "negative" level. Level 3 makes objects a tenth smaller in twice the time.
constexpr int kLevel = 1;

using google::protobuf::io::CodedOutputStream;

// Hashes and counts on the way.
class HashingSink : public ByteSink {
 public:
  explicit HashingSink(ByteSink* sink) : sink_(sink) {}
  absl::Status Write(absl::string_view bytes) override {
    hash_.Add(bytes);
    bytes_ += bytes.size();
    return sink_->Write(bytes);
  }
  RunningHash& hash() { return hash_; }
  uint64_t bytes() const { return bytes_; }

 private:
  ByteSink* const sink_;
  RunningHash hash_;
  uint64_t bytes_ = 0;
};

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class CompressingSink : public ByteSink {
 public:
  explicit CompressingSink(ByteSink* sink) : sink_(sink), context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize(), 0) {
    if (context_ != nullptr) ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
  }
  absl::Status Write(absl::string_view bytes) override { return Compress(bytes, ZSTD_e_continue); }
  absl::Status Finish() { return Compress("", ZSTD_e_end); }

 private:
  absl::Status Compress(absl::string_view bytes, ZSTD_EndDirective end) {
    if (context_ == nullptr) return absl::ResourceExhaustedError("compress records: out of memory");
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    size_t left = 0;
    do {
      ZSTD_outBuffer out = {out_.data(), out_.size(), 0};
      left = ZSTD_compressStream2(context_.get(), &out, &in, end);
      if (ZSTD_isError(left) != 0) {
        return absl::InternalError(absl::StrCat("compress records: ", ZSTD_getErrorName(left)));
      }
      if (out.pos > 0) ROLLCALL_RETURN_IF_ERROR(sink_->Write(absl::string_view(out_.data(), out.pos)));
    } while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
    return absl::OkStatus();
  }

  ByteSink* const sink_;
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
  std::string out_;
};

absl::Status WriteEntry(absl::string_view name, absl::string_view contents, ByteSink* tar) {
  ROLLCALL_RETURN_IF_ERROR(tar->Write(TarHeader(name, contents.size())));
  ROLLCALL_RETURN_IF_ERROR(tar->Write(contents));
  return tar->Write(TarPadding(contents.size()));
}

// The records as blocks in a tar, and what the manifest says of them.
class BlockWriter {
 public:
  BlockWriter(const pb::ArchiveManifest& about, size_t block_bytes, ByteSink* tar)
      : block_bytes_(block_bytes), tar_(tar) {
    *manifest_.mutable_bucket() = about.bucket();
    *manifest_.mutable_policy() = about.policy();
    manifest_.set_schema(about.schema());
  }

  absl::Status Add(const SourceRecord& record) {
    if (record.bytes.size() > kMaxArchivedRecordBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("archive record ", manifest_.records(), ": its ", record.bytes.size(), " bytes are too many"));
    }
    uint8_t length[10];
    const uint8_t* const end =
        CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(record.bytes.size()), length);
    block_.append(reinterpret_cast<const char*>(length), static_cast<size_t>(end - length));
    block_.append(record.bytes.data(), record.bytes.size());
    manifest_.set_records(manifest_.records() + 1);
    manifest_.set_record_bytes(manifest_.record_bytes() + record.bytes.size());
    first_ = std::min(first_, record.collected_at);
    last_ = std::max(last_, record.collected_at);
    return block_.size() < block_bytes_ ? absl::OkStatus() : CloseBlock();
  }

  absl::StatusOr<pb::ArchiveManifest> Finish() {
    ROLLCALL_RETURN_IF_ERROR(CloseBlock());
    ROLLCALL_ASSIGN_OR_RETURN(*manifest_.mutable_records_hash(), hash_.Finish());
    if (manifest_.records() > 0) {
      *manifest_.mutable_first_collected_at() = ToWire(first_);
      *manifest_.mutable_last_collected_at() = ToWire(last_);
    }
    ROLLCALL_RETURN_IF_ERROR(WriteEntry(kManifestEntry, manifest_.SerializeAsString(), tar_));
    ROLLCALL_RETURN_IF_ERROR(tar_->Write(TarEnd()));
    return manifest_;
  }

 private:
  absl::Status CloseBlock() {
    if (block_.empty()) return absl::OkStatus();
    hash_.Add(block_);
    ROLLCALL_RETURN_IF_ERROR(WriteEntry(BlockEntry(manifest_.blocks()), block_, tar_));
    manifest_.set_blocks(manifest_.blocks() + 1);
    block_.clear();
    return absl::OkStatus();
  }

  const size_t block_bytes_;
  ByteSink* const tar_;
  pb::ArchiveManifest manifest_;
  RunningHash hash_;
  std::string block_;
  absl::Time first_ = absl::InfiniteFuture();
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace

absl::StatusOr<ObjectSummary> WriteObject(const pb::ArchiveManifest& about, const DataKey& key, RecordSource* records,
                                          ByteSink* sink, const ObjectOptions& options) {
  if (options.block_bytes < 1 || options.block_bytes > kMaxBlockBytes) {
    return absl::InvalidArgumentError(absl::StrCat("write archive object: blocks of ", options.block_bytes, " bytes"));
  }
  HashingSink object(sink);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<SealedWriter> sealed,
                            SealedWriter::Start(key, about.bucket(), options.chunk_bytes, &object));
  CompressingSink compressed(sealed.get());
  BlockWriter blocks(about, options.block_bytes, &compressed);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<SourceRecord> record, records->Next());
    if (!record.has_value()) break;
    ROLLCALL_RETURN_IF_ERROR(blocks.Add(*record));
  }
  ObjectSummary summary;
  ROLLCALL_ASSIGN_OR_RETURN(summary.manifest, blocks.Finish());
  ROLLCALL_RETURN_IF_ERROR(compressed.Finish());
  ROLLCALL_RETURN_IF_ERROR(sealed->Finish());
  ROLLCALL_ASSIGN_OR_RETURN(const std::string hash, object.hash().Finish());
  summary.sha256 = absl::BytesToHexString(hash);
  summary.bytes = object.bytes();
  summary.key_id = key.id();
  return summary;
}

}  // namespace rollcall
