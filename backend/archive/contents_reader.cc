#include "backend/archive/contents_reader.h"

#include <google/protobuf/io/coded_stream.h>
#include <zstd.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/archive/block_names.h"
#include "backend/archive/running_hash.h"
#include "backend/archive/tar_stream.h"
#include "backend/keys/data_key.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

using google::protobuf::io::CodedInputStream;

// 2 MiB, more than any level up to 3 asks for.
constexpr int kMaxWindowLog = 21;
// A record's length takes five bytes at most.
constexpr size_t kMaxEntryBytes = kMaxBlockBytes + kMaxArchivedRecordBytes + 5;

absl::Status Damage(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("read archive contents: ", what));
}

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

class ContentsReader::Impl {
 public:
  Impl(const pb::BucketName& bucket, RecordSink sink)
      : bucket_(bucket),
        sink_(std::move(sink)),
        tar_(kMaxEntryBytes,
             [this](absl::string_view name, absl::string_view contents) { return OnEntry(name, contents); }),
        zstd_(ZSTD_createDCtx()),
        out_(ZSTD_DStreamOutSize(), 0) {
    if (zstd_ != nullptr) ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  absl::Status Feed(absl::string_view compressed) {
    if (zstd_ == nullptr) return absl::ResourceExhaustedError("read archive contents: out of memory");
    ZSTD_inBuffer in = {compressed.data(), compressed.size(), 0};
    ZSTD_outBuffer out = {out_.data(), out_.size(), 0};
    // A full buffer may have left something in zstd.
    while (in.pos < in.size || out.pos == out.size) {
      if (frame_ended_ && in.pos < in.size) return Damage("something follows the zstd frame");
      if (frame_ended_) break;
      out.pos = 0;
      const size_t left = ZSTD_decompressStream(zstd_.get(), &out, &in);
      if (ZSTD_isError(left) != 0) return Damage(ZSTD_getErrorName(left));
      frame_ended_ = left == 0;
      ROLLCALL_RETURN_IF_ERROR(FeedTar(absl::string_view(out_.data(), out.pos)));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<pb::ArchiveManifest> Finish() {
    if (!frame_ended_) return Damage("the zstd frame is not complete");
    if (absl::Status status = tar_.Finish(); !status.ok()) return Damage(status.message());
    if (!manifest_.has_value()) return Damage("there is no manifest");
    if (BucketTag(manifest_->bucket()) != BucketTag(bucket_)) return Damage("they are another bucket's");
    ROLLCALL_ASSIGN_OR_RETURN(const std::string hash, hash_.Finish());
    if (manifest_->records() != records_ || manifest_->record_bytes() != record_bytes_ ||
        manifest_->blocks() != blocks_ || manifest_->records_hash() != hash) {
      return Damage("the records are not those of the manifest");
    }
    return *std::move(manifest_);
  }

 private:
  absl::Status FeedTar(absl::string_view bytes) {
    absl::Status status = tar_.Feed(bytes);
    if (status.ok() || passed_on_) return status;
    return Damage(status.message());
  }

  // What it returns is passed on as it is.
  absl::Status OnEntry(absl::string_view name, absl::string_view contents) {
    absl::Status status = TakeEntry(name, contents);
    passed_on_ = !status.ok();
    return status;
  }

  absl::Status TakeEntry(absl::string_view name, absl::string_view contents) {
    if (manifest_.has_value()) return Damage("something follows the manifest");
    if (name == kManifestEntry) {
      manifest_.emplace();
      return manifest_->ParseFromArray(contents.data(), static_cast<int>(contents.size()))
                 ? absl::OkStatus()
                 : Damage("the manifest is none");
    }
    if (name != BlockEntry(blocks_)) return Damage(absl::StrCat("there is no block ", blocks_));
    if (contents.empty()) return Damage(absl::StrCat("block ", blocks_, " is empty"));
    ++blocks_;
    hash_.Add(contents);
    return TakeBlock(contents);
  }

  absl::Status TakeBlock(absl::string_view block) {
    while (!block.empty()) {
      CodedInputStream in(reinterpret_cast<const uint8_t*>(block.data()), static_cast<int>(block.size()));
      uint32_t size = 0;
      if (!in.ReadVarint32(&size)) return Damage(absl::StrCat("record ", records_, " has no length"));
      block.remove_prefix(static_cast<size_t>(in.CurrentPosition()));
      if (size > block.size() || size > kMaxArchivedRecordBytes) {
        return Damage(absl::StrCat("record ", records_, " is longer than its block"));
      }
      ++records_;
      record_bytes_ += size;
      ROLLCALL_RETURN_IF_ERROR(sink_(block.substr(0, size)));
      block.remove_prefix(size);
    }
    return absl::OkStatus();
  }

  const pb::BucketName bucket_;
  const RecordSink sink_;
  TarParser tar_;
  const std::unique_ptr<ZSTD_DCtx, FreeContext> zstd_;
  std::string out_;
  bool frame_ended_ = false;
  bool passed_on_ = false;
  RunningHash hash_;
  uint64_t blocks_ = 0;
  uint64_t records_ = 0;
  uint64_t record_bytes_ = 0;
  std::optional<pb::ArchiveManifest> manifest_;
};

ContentsReader::ContentsReader(const pb::BucketName& bucket, RecordSink sink)
    : impl_(std::make_unique<Impl>(bucket, std::move(sink))) {}

ContentsReader::~ContentsReader() = default;

absl::Status ContentsReader::Feed(absl::string_view compressed) { return impl_->Feed(compressed); }

absl::StatusOr<pb::ArchiveManifest> ContentsReader::Finish() { return impl_->Finish(); }

}  // namespace rollcall
