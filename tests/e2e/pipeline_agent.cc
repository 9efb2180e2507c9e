#include "tests/e2e/pipeline_agent.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "proto/wire_time.h"

namespace rollcall {
namespace {

pb::RunResult RunNow(const Clock& clock) {
  pb::RunResult run;
  run.set_collector("os_packages");
  run.set_collector_version("1");
  run.mutable_scope()->set_type(pb::Scope::HOST);
  *run.mutable_started_at() = ToWire(clock.Now());
  run.set_status(pb::RunResult::COMPLETE);
  return run;
}

pb::Record PackageNow(const std::string& name, const std::string& version, const Clock& clock) {
  pb::Record record;
  record.mutable_scope()->set_type(pb::Scope::HOST);
  *record.mutable_collected_at() = ToWire(clock.Now());
  record.mutable_os_package()->set_manager(pb::OsPackage::DPKG);
  record.mutable_os_package()->set_name(name);
  record.mutable_os_package()->set_version(version);
  return record;
}

}  // namespace

PipelineAgent::PipelineAgent(PipelineAgentOptions options)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? options_.clock : &system_clock_),
      random_(std::random_device{}()) {
  std::filesystem::create_directories(options_.state_dir + "/spool");
  const Clock* epoch_clock = options_.epoch_clock != nullptr ? options_.epoch_clock : clock_;
  auto epoch = EpochSource::Open(options_.state_dir + "/epoch", *epoch_clock);
  EXPECT_TRUE(epoch.ok()) << epoch.status();
  epoch_ = *std::move(epoch);
  DirectorySpoolOptions spool_options;
  spool_options.min_free_bytes = 0;
  spool_options.min_free_fraction = 0;
  auto disk = DirectorySpool::Open(options_.state_dir + "/spool", spool_options);
  EXPECT_TRUE(disk.ok()) << disk.status();
  disk_ = *std::move(disk);
  spool_ = std::make_unique<NotifyingSpool>(disk_.get(), clock_, [this] { session_->Wake(); });
  writer_ = std::make_unique<BatchWriter>([this] { return Epoch(); }, spool_.get(), &states_);
  filter_ = std::make_unique<ChangeFilterSink>(&states_, spool_.get(), writer_.get());
  pb::Hello hello;
  hello.set_agent_id(options_.agent_id);
  hello.set_host_id(options_.host_id);
  hello.set_boot_id(options_.boot_id);
  upload_ = std::make_unique<UploadSession>(hello, spool_.get(), &states_, this, clock_, &logger_);
  GrpcSession::Options session;
  session.addresses = {options_.address};
  session.server_name = "localhost";
  session.ca_path = options_.pki_dir + "/ca.crt";
  session.cert_path = options_.pki_dir + "/agent.crt";
  session.key_path = options_.pki_dir + "/agent.key";
  session.max_backoff = options_.longest_pause;
  session_ = std::make_unique<GrpcSession>(session, upload_.get(), clock_, &logger_,
                                           [this] { return std::uniform_real_distribution<double>(0, 1)(random_); });
  session_->Start();
}

PipelineAgent::~PipelineAgent() { session_->Stop(); }

void PipelineAgent::Collect(const std::map<std::string, std::string>& packages) {
  const pb::RunResult run = RunNow(*clock_);
  EXPECT_TRUE(filter_->BeginRun(run).ok());
  for (const auto& [name, version] : packages) {
    pb::Record record = PackageNow(name, version, *clock_);
    if (options_.edit) options_.edit(&record);
    EXPECT_TRUE(filter_->Emit(std::move(record)).ok());
  }
  EXPECT_TRUE(filter_->EndRun(run).ok());
}

}  // namespace rollcall
