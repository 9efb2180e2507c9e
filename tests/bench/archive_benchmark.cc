// Bytes of records per second of CPU through the directory archive, on the filesystem of the temporary folder: Put,
// which writes, syncs, reads back and verifies, and Read. Records are stored versions of packages, about 450 bytes
// each; the argument is how many.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/archive/directory_archive.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

pb::BucketName Bucket() {
  pb::BucketName bucket;
  bucket.set_tenant("acme");
  bucket.set_region("eu-frankfurt");
  bucket.set_hosting_service("cvm:ins-1234");
  bucket.set_category(pb::ASSET_BASIC);
  bucket.set_collected_day("2023-11-14");
  return bucket;
}

std::string Hex(std::mt19937_64* random, size_t bytes) {
  std::string out;
  while (out.size() < bytes) out.push_back(static_cast<char>((*random)()));
  return absl::BytesToHexString(out);
}

// Names and versions repeat from host to host, keys and fingerprints do not.
std::string Package(std::mt19937_64* random) {
  const uint64_t number = (*random)() % 800;
  pb::StoredRecord stored;
  pb::Record* record = stored.mutable_record();
  record->mutable_scope()->set_type(pb::Scope::HOST);
  record->set_asset_key(Hex(random, 16));
  record->set_fingerprint(Hex(random, 32));
  record->mutable_collected_at()->set_seconds(static_cast<int64_t>(1'700'000'000 + (*random)() % 86400));
  pb::OsPackage* package = record->mutable_os_package();
  package->set_manager(pb::OsPackage::DPKG);
  package->set_name(absl::StrCat("lib", std::string(1, static_cast<char>('a' + number % 26)), "-component", number));
  package->set_architecture("amd64");
  package->set_version(absl::StrCat(number % 7, ".", number % 31, ".", number % 11, "-", number % 5, "+deb12u1"));
  package->set_source_name(absl::StrCat("component", number));
  package->set_maintainer("Maintainers of Components <components@lists.example.org>");
  package->set_status("installed");
  package->set_installed(true);
  package->set_installed_bytes((*random)() % 10'000'000);
  package->set_summary(absl::StrCat("shared library of component ", number, ", runtime files"));
  stored.set_agent_id(absl::StrCat("5f0c9c1e-7f6e-4b5e-9d0a-", Hex(random, 2), "00000000"));
  stored.set_hostname(absl::StrCat("web-", (*random)() % 500, ".eu.example.com"));
  stored.set_collector("os_packages");
  stored.set_collector_version("1.4.0");
  for (auto* time : {stored.mutable_received_at(), stored.mutable_first_seen(), stored.mutable_valid_from(),
                     stored.mutable_last_seen()}) {
    time->set_seconds(static_cast<int64_t>(1'700'000'000 + (*random)() % 86400));
  }
  return stored.SerializeAsString();
}

class Packages : public RecordSource {
 public:
  explicit Packages(const std::vector<std::string>& records) : records_(records) {}
  absl::StatusOr<std::optional<SourceRecord>> Next() override {
    if (next_ == records_.size()) return std::nullopt;
    return SourceRecord{records_[next_++], absl::FromUnixSeconds(1'700'000'000)};
  }

 private:
  const std::vector<std::string>& records_;
  size_t next_ = 0;
};

// An archive, its keys and what is to be archived.
class Bench {
 public:
  explicit Bench(int64_t records) : folder_((std::filesystem::temp_directory_path() / "archive_XXXXXX").string()) {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    keks_ = std::make_unique<FileKekProvider>(folder_ + "/keks");
    if (!keks_->Create({"acme", "eu-frankfurt"}).ok()) std::abort();
    keys_ = DataKeyStore::Open({folder_ + "/keys.db", folder_ + "/ring", absl::Hours(24)}, keks_.get()).value();
    auto files = OpenArchiveFolder(folder_ + "/archive").value();
    archive_ = DirectoryArchive::Open({"eu-frankfurt", {}}, std::move(files), keys_.get(), &clock_).value();
    std::mt19937_64 random(1);
    for (int64_t i = 0; i < records; ++i) {
      records_.push_back(Package(&random));
      bytes_ += records_.back().size();
    }
  }
  ~Bench() { std::filesystem::remove_all(folder_); }

  DirectoryArchive& archive() { return *archive_; }
  int64_t bytes() const { return static_cast<int64_t>(bytes_); }
  ObjectSummary Put() {
    Packages source(records_);
    return archive_->Put({Bucket(), "rollcall.v1.StoredRecord"}, policy_, &source).value();
  }

 private:
  std::string folder_;
  const SystemClock clock_;
  const RetentionPolicy policy_ = LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value();
  std::unique_ptr<FileKekProvider> keks_;
  std::unique_ptr<DataKeyStore> keys_;
  std::unique_ptr<DirectoryArchive> archive_;
  std::vector<std::string> records_;
  size_t bytes_ = 0;
};

void ArchiveAndVerify(benchmark::State& state) {
  Bench bench(state.range(0));
  uint64_t stored = 0;
  for (auto _ : state) {
    stored = bench.Put().bytes;
    state.PauseTiming();
    if (!bench.archive().Delete(Bucket()).ok()) std::abort();
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * bench.bytes());
  state.counters["stored_share"] = static_cast<double>(stored) / static_cast<double>(bench.bytes());
}
BENCHMARK(ArchiveAndVerify)->Arg(1000)->Arg(150'000)->Unit(benchmark::kMillisecond);

void Restore(benchmark::State& state) {
  Bench bench(state.range(0));
  const ObjectSummary put = bench.Put();
  for (auto _ : state) {
    uint64_t bytes = 0;
    const auto read = bench.archive().Read(Bucket(), put.sha256, [&](absl::string_view record) {
      bytes += record.size();
      return absl::OkStatus();
    });
    if (!read.ok() || bytes != put.manifest.record_bytes()) std::abort();
  }
  state.SetBytesProcessed(state.iterations() * bench.bytes());
}
BENCHMARK(Restore)->Arg(150'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rollcall
