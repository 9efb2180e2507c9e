#include "backend/ingest/second_redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/kind_registry.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class CountingObserver : public IngestObserver {
 public:
  void OnRedactedAgain(absl::string_view kind, absl::string_view rule, uint64_t values) override {
    counts[absl::StrCat(kind, " ", rule)] += values;
  }
  std::map<std::string, uint64_t> counts;
};

class TextLogger : public Logger {
 public:
  void Log(LogLevel, absl::string_view event, absl::string_view message, absl::Span<const LogField> fields) override {
    absl::StrAppend(&text, event, " ", message);
    for (const LogField& field : fields) absl::StrAppend(&text, " ", field.key(), "=", field.json());
    ++lines;
  }
  std::string text;
  int lines = 0;
};

pb::Record HostRecord() {
  pb::Record record;
  record.mutable_scope()->set_type(pb::Scope::HOST);
  return record;
}

pb::Record Process(const std::vector<std::string>& argv) {
  pb::Record record = HostRecord();
  record.mutable_process()->set_pid(7);
  record.mutable_process()->set_exe("/usr/bin/x");
  for (const std::string& argument : argv) record.mutable_process()->add_argv(argument);
  return record;
}

PreparedRecord Prepared(const pb::Record& record) {
  PreparedRecord prepared;
  const RecordIdentity identity = IdentityOf(record).value();
  prepared.kind = KindOf(record)->number;
  prepared.asset_key = identity.asset_key;
  prepared.fingerprint = identity.fingerprint;
  prepared.payload = record.SerializeAsString();
  return prepared;
}

class SecondRedactionTest : public ::testing::Test {
 protected:
  // The record as it is stored.
  pb::Record Redacted(const pb::Record& record) {
    PreparedBatch batch;
    batch.agent = {"acme", "agent-1"};
    batch.collector = "some_collector";
    batch.records.push_back(Prepared(record));
    redactor_.Redact(&batch, &observer_, &logger_);
    const PreparedRecord& prepared = batch.records[0];
    const RecordIdentity identity = IdentityOf(record).value();
    EXPECT_EQ(prepared.asset_key, identity.asset_key);
    EXPECT_EQ(prepared.fingerprint, identity.fingerprint);
    pb::Record stored;
    EXPECT_TRUE(stored.ParseFromString(prepared.payload));
    // Readers compute the key anew.
    EXPECT_EQ(AssetKeyOf(stored).value(), identity.asset_key);
    if (stored.redactions_size() == record.redactions_size()) {
      EXPECT_EQ(prepared.payload, record.SerializeAsString()) << "changed without saying so";
    }
    return stored;
  }

  SecondRedactor redactor_;
  CountingObserver observer_;
  TextLogger logger_;
};

TEST_F(SecondRedactionTest, WhatTheAgentMissedIsReplacedNotedAndCounted) {
  const pb::Record stored = Redacted(Process({"mysql", "-uroot", "-ptulipKiosk", "shop"}));
  EXPECT_THAT(stored.process().argv(), ElementsAre("mysql", "-uroot", "-p[REDACTED:argv.short_option]", "shop"));
  ASSERT_EQ(stored.redactions_size(), 1);
  EXPECT_EQ(stored.redactions(0).field(), "argv[2]");
  EXPECT_EQ(stored.redactions(0).rule(), "argv.short_option");
  EXPECT_THAT(observer_.counts, ElementsAre(Pair("process argv.short_option", 1u)));
}

TEST_F(SecondRedactionTest, WhatTheAgentReplacedStaysAsItIs) {
  pb::Record record = Process({"mysql", "-p[REDACTED:argv.short_option]"});
  record.add_redactions()->set_field("argv[1]");
  record.mutable_redactions(0)->set_rule("argv.short_option");
  EXPECT_EQ(Redacted(record).redactions_size(), 1);
  EXPECT_THAT(observer_.counts, IsEmpty());
  EXPECT_EQ(logger_.lines, 0);
}

// A record for every place of the schema where a secret may stand.
std::vector<pb::Record> OneOfEachPlace() {
  const std::string command = "curl -u admin:tulipKiosk http://h/";
  std::vector<pb::Record> records(8, HostRecord());
  records[0].mutable_host()->set_host_id("h");
  records[0].mutable_host()->mutable_kernel()->set_command_line("quiet token=tulipKiosk");
  records[1].mutable_startup_service()->set_name("s");
  records[1].mutable_startup_service()->add_exec_start(command);
  records[2].mutable_startup_service()->set_name("s");
  records[2].mutable_startup_service()->add_exec_other()->set_command(command);
  records[3].mutable_scheduled_task()->set_command(command);
  records[4].mutable_environment_variable()->set_name("X");
  records[4].mutable_environment_variable()->set_value("https://u:tulipKiosk@h/");
  records[5].mutable_kernel_module()->set_name("m");
  records[5].mutable_kernel_module()->add_parameters()->set_value("password=tulipKiosk");
  records[6].mutable_account()->set_name("bob");
  records[6].mutable_account()->add_sudo_rules()->add_commands(command);
  records[7].mutable_account()->set_name("bob");
  records[7].mutable_account()->add_authorized_keys()->set_command(command);
  return records;
}

TEST_F(SecondRedactionTest, EveryPlaceThatMayHoldASecretIsLookedAt) {
  for (const pb::Record& record : OneOfEachPlace()) {
    ASSERT_THAT(record.SerializeAsString(), HasSubstr("tulipKiosk"));
    const pb::Record stored = Redacted(record);
    EXPECT_THAT(stored.SerializeAsString(), Not(HasSubstr("tulipKiosk"))) << record.DebugString();
    EXPECT_EQ(stored.redactions_size(), 1) << stored.DebugString();
  }
}

TEST_F(SecondRedactionTest, OtherFieldsAndKindsAreLeftAlone) {
  pb::Record record = HostRecord();
  record.mutable_os_package()->set_name("password=tulipKiosk");
  EXPECT_EQ(Redacted(record).SerializeAsString(), record.SerializeAsString());
  record = Process({"sleep", "9"});
  record.mutable_process()->set_exe("/opt/password=tulipKiosk");
  EXPECT_EQ(Redacted(record).SerializeAsString(), record.SerializeAsString());
}

TEST_F(SecondRedactionTest, CleanValuesThatAreRememberedHideNoOthers) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Redacted(Process({"mysql", "shop"})).redactions_size(), 0);
    EXPECT_EQ(Redacted(Process({"mysql", "-ptulipKiosk", "shop"})).redactions_size(), 1) << round;
    // The same bytes as arguments of another division.
    EXPECT_EQ(Redacted(Process({"mysql", "-p", "tulipKiosk"})).redactions_size(), 0);
  }
}

TEST_F(SecondRedactionTest, TheLogNamesTheSenderOnceAndNoValue) {
  for (int i = 0; i < 5; ++i) Redacted(Process({"mysql", absl::StrCat("-ptulipKiosk", i)}));
  EXPECT_EQ(logger_.lines, 1) << logger_.text;
  EXPECT_THAT(logger_.text, HasSubstr("ingest.redacted_again"));
  EXPECT_THAT(logger_.text, Not(HasSubstr("tulipKiosk")));
  EXPECT_THAT(logger_.text, Not(HasSubstr("mysql")));
  EXPECT_EQ(observer_.counts["process argv.short_option"], 5u);
}

// Replacements are longer than what they stand for: a record made of many tiny secrets must not
// take many times its size.
TEST_F(SecondRedactionTest, ARecordMadeToGrowLosesTheFields) {
  std::vector<std::string> secrets(1500, "-px");
  secrets[0] = "mysql";
  for (const std::vector<std::string>& argv : {secrets, std::vector<std::string>(100'000, "x")}) {
    const pb::Record stored = Redacted(Process(argv));
    EXPECT_EQ(stored.process().argv_size(), 0);
    EXPECT_EQ(stored.process().exe(), "/usr/bin/x");
    ASSERT_EQ(stored.redactions_size(), 1);
    EXPECT_EQ(stored.redactions(0).field(), "argv");
    EXPECT_EQ(stored.redactions(0).rule(), "limit");
  }
}

}  // namespace
}  // namespace rollcall
