// Buckets, records and byte streams for tests of the archive.
#ifndef ROLLCALL_BACKEND_ARCHIVE_TESTING_MADE_UP_BUCKET_H_
#define ROLLCALL_BACKEND_ARCHIVE_TESTING_MADE_UP_BUCKET_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backend/archive/archive.h"

namespace rollcall {

// 2023-11-14.
inline constexpr absl::Time kCollected = absl::FromUnixSeconds(1'700'000'000);

inline pb::BucketName MadeUpBucket(absl::string_view day = "2023-11-14", absl::string_view tenant = "acme") {
  pb::BucketName bucket;
  bucket.set_tenant(std::string(tenant));
  bucket.set_region("eu-frankfurt");
  bucket.set_hosting_service("cvm:ins-1234");
  bucket.set_category(pb::ASSET_BASIC);
  bucket.set_collected_day(std::string(day));
  return bucket;
}

inline ArchiveJob MadeUpJob(pb::BucketName bucket = MadeUpBucket()) {
  return {std::move(bucket), "rollcall.v1.StoredRecord"};
}

inline pb::ArchiveManifest MadeUpAbout(pb::BucketName bucket = MadeUpBucket()) {
  pb::ArchiveManifest about;
  *about.mutable_bucket() = std::move(bucket);
  about.mutable_policy()->set_id("tcss-dpsa-module");
  about.mutable_policy()->set_version(1);
  about.mutable_policy()->set_hash(std::string(32, 'p'));
  about.set_schema("rollcall.v1.StoredRecord");
  return about;
}

// `count` records of about `bytes` bytes that do not compress, the same for the same `seed`.
inline std::vector<std::string> MadeUpRecords(size_t count, size_t bytes = 40, uint64_t seed = 1) {
  std::vector<std::string> records;
  uint64_t state = seed;
  for (size_t i = 0; i < count; ++i) {
    std::string record = absl::StrCat("record ", i, " of ", seed, ": ");
    while (record.size() < bytes) {
      state = state * 6364136223846793005 + 1442695040888963407;
      record.push_back(static_cast<char>(state >> 56));
    }
    records.push_back(std::move(record));
  }
  return records;
}

// Gives records that were collected a second after each other.
class VectorSource : public RecordSource {
 public:
  explicit VectorSource(std::vector<std::string> records) : records_(std::move(records)) {}
  absl::StatusOr<std::optional<SourceRecord>> Next() override {
    if (next_ == records_.size()) return std::nullopt;
    const absl::Time at = kCollected + absl::Seconds(static_cast<int64_t>(next_));
    return SourceRecord{records_[next_++], at};
  }

 private:
  const std::vector<std::string> records_;
  size_t next_ = 0;
};

class StringSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    absl::StrAppend(&bytes_, bytes);
    return absl::OkStatus();
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  absl::StatusOr<std::string> Read(size_t size) override {
    std::string read = bytes_.substr(at_, size);
    at_ += read.size();
    return read;
  }
  size_t at() const { return at_; }

 private:
  const std::string bytes_;
  size_t at_ = 0;
};

// A sink that keeps the records.
inline RecordSink Into(std::vector<std::string>* records) {
  return [records](absl::string_view record) {
    records->emplace_back(record);
    return absl::OkStatus();
  };
}

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_TESTING_MADE_UP_BUCKET_H_
