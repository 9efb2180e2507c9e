#include "backend/access/ledger_audit_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/ledger/testing/memory_ledger_files.h"
#include "platform/testing/fake_clock.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

pb::LedgerEntry EntryAt(const Ledger& ledger, uint64_t index) {
  pb::LedgerEntry entry;
  const auto leaf = ledger.Leaf(index);
  EXPECT_TRUE(leaf.ok() && entry.ParseFromString(*leaf)) << leaf.status();
  return entry;
}

class LedgerAuditSinkTest : public ::testing::Test {
 protected:
  AuditEvent Event(AuditEvent::What what) {
    AuditEvent event;
    event.what = what;
    event.at = clock_.Now();
    event.tenant = "acme";
    event.person = "alice";
    event.method = "Query.ListRecords";
    event.purpose = pb::LEGAL_OBLIGATION;
    event.ticket = "T-1";
    event.records = 500;
    return event;
  }

  FakeClock clock_;
  LedgerDisk disk_;
  std::unique_ptr<Ledger> ledger_ = Ledger::Open(disk_.Mount(), &clock_).value();
  LedgerAuditSink sink_{ledger_.get(), [](const std::string& tenant) { return absl::StrCat("p", tenant.size()); }};
};

TEST_F(LedgerAuditSinkTest, KeepsDeniedAndBulkReadsUnderAPseudonym) {
  ASSERT_TRUE(sink_.Record(Event(AuditEvent::What::kReadDenied)).ok());
  ASSERT_TRUE(sink_.Record(Event(AuditEvent::What::kBulkRead)).ok());
  ASSERT_EQ(ledger_->Head().size, 2u);
  const pb::LedgerEntry denied = EntryAt(*ledger_, 0);
  EXPECT_EQ(denied.actor(), "operator/alice");
  EXPECT_EQ(denied.tenant(), "p4");
  EXPECT_EQ(FromWire(denied.at()), clock_.Now());
  EXPECT_EQ(denied.read_denied().purpose(), "LEGAL_OBLIGATION");
  EXPECT_EQ(denied.read_denied().method(), "Query.ListRecords");
  EXPECT_EQ(denied.read_denied().caller(), "operator/alice");
  const pb::LedgerEntry bulk = EntryAt(*ledger_, 1);
  EXPECT_EQ(bulk.bulk_read().records(), 500u);
  EXPECT_EQ(bulk.bulk_read().ticket(), "T-1");
  EXPECT_THAT(bulk.SerializeAsString(), Not(HasSubstr("acme")));
}

TEST_F(LedgerAuditSinkTest, KeepsThoseOfNobody) {
  AuditEvent event;
  event.at = clock_.Now();
  event.purpose = static_cast<pb::Purpose>(99);
  ASSERT_TRUE(sink_.Record(event).ok());
  const pb::LedgerEntry entry = EntryAt(*ledger_, 0);
  EXPECT_EQ(entry.actor(), "unknown");
  EXPECT_EQ(entry.tenant(), "");
  EXPECT_EQ(entry.read_denied().purpose(), "UNKNOWN");
}

TEST_F(LedgerAuditSinkTest, SaysWhenTheLedgerCannotBeWritten) {
  disk_.CrashAt(1);
  EXPECT_FALSE(sink_.Record(Event(AuditEvent::What::kBulkRead)).ok());
}

TEST_F(LedgerAuditSinkTest, WhatItKeptSurvivesALossOfPower) {
  ASSERT_TRUE(sink_.Record(Event(AuditEvent::What::kReadDenied)).ok());
  ledger_.reset();
  disk_.LosePower();
  const auto again = Ledger::Open(disk_.Mount(), &clock_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->Head().size, 1u);
}

}  // namespace
}  // namespace rollcall
