#include "collectors/resources/resources_collector.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/resources/host_snapshot.h"
#include "collectors/resources/snapshot_reader.h"
#include "proto/resource_samples.h"

namespace rollcall {
namespace {

class ResourcesCollector : public Collector {
 public:
  explicit ResourcesCollector(const CollectorContext& context)
      : reader_(context.files, context.clock), host_id_(context.host_id) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    if (stop.stop_requested()) return absl::CancelledError("take sample: stopped");
    absl::StatusOr<HostSnapshot> now = reader_.Read(report);
    if (!now.ok()) return now.status();
    // A record is of one boot.
    if (before_.has_value() && !IsSameBoot(*before_, *now)) {
      if (absl::Status status = Flush(sink); !status.ok()) return status;
    }
    MakeRoom(report);
    pack_.push_back(SampleBetween(before_.has_value() ? &*before_ : nullptr, *now));
    before_ = *std::move(now);
    return pack_.size() < pack_size_ ? absl::OkStatus() : Flush(sink);
  }

  // What the sink refuses is kept for the next time.
  absl::Status Flush(RecordSink& sink) override {
    if (pack_.empty()) return absl::OkStatus();
    pb::Record record;
    *record.mutable_resource_usage() = PackSamples(pack_);
    record.mutable_resource_usage()->set_host_id(host_id_);
    if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    pack_.clear();
    pack_size_ = kSamplesPerRecord;
    return absl::OkStatus();
  }

 private:
  // Drops the oldest sample if a sink has refused the pack until no more fit into a record.
  void MakeRoom(RunReport& report) {
    if (pack_.size() < kMaxSamplesPerRecord) return;
    pack_.erase(pack_.begin());
    report.AddProblem("samples", absl::ResourceExhaustedError("keep samples: the oldest was dropped"));
  }

  SnapshotReader reader_;
  const std::string host_id_;
  std::optional<HostSnapshot> before_;
  std::vector<ResourceSample> pack_;
  size_t pack_size_ = kSamplesOfFirstRecord;
};

constexpr absl::string_view kKinds[] = {"resource_usage"};
constexpr absl::string_view kPathsRead[] = {
    "/proc",
    "/proc/1/mountinfo",
    "/proc/1/net/dev",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/pressure/*",
    "/proc/stat",
    "/proc/sys/kernel/random/boot_id",
    "/proc/uptime",
    "/sys/class/net/*",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<ResourcesCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kResourcesCollector = {
    .name = "resources",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Minutes(1),
    .timeout = absl::Seconds(10),
    .paths_read = kPathsRead,
    .max_records = 2,
    .create = Create,
};

}  // namespace rollcall
