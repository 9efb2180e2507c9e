// The collector on hosts with one or several package managers, for the tests.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_MANAGERS_TEST_SUPPORT_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_MANAGERS_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/os_packages_collector.h"
#include "collectors/os_packages/rpm_test_support.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {

inline constexpr char kSqlite[] = "/var/lib/rpm/rpmdb.sqlite";
inline constexpr char kLog[] = "/var/lib/rpm/rpmdb.sqlite-wal";
inline constexpr char kNdb[] = "/var/lib/rpm/Packages.db";
inline constexpr char kBdb[] = "/var/lib/rpm/Packages";
inline constexpr char kManifest[] = "/var/lib/rpmmanifest/container-manifest-2";

class ManagersTest : public testing::Test {
 protected:
  ManagersTest() { Use(files_); }

  void Use(const FileTree& files) {
    CollectorContext context;
    context.files = &files;
    context.clock = &clock_;
    collector_ = kOsPackagesCollector.create(context);
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    return RunCollector(*collector_, kOsPackagesCollector, {}, clock_, stop, sink_);
  }

  std::vector<std::string> Found() const {
    std::vector<std::string> found;
    for (const pb::Record& record : sink_.records()) {
      const pb::OsPackage& package = record.os_package();
      EXPECT_EQ(package.presence(), pb::OsPackage::OS_DATABASE);
      found.push_back(absl::StrCat(package.name(), "-", package.version()));
    }
    return Sorted(found);
  }

  // The problems' paths and messages.
  static std::vector<std::string> Problems(const pb::RunResult& result) {
    std::vector<std::string> problems;
    for (const pb::Problem& problem : result.problems()) {
      problems.push_back(absl::StrCat(problem.path(), " ", problem.code(), " ", problem.message()));
    }
    return problems;
  }

  const std::string sqlite_ = TestData("rpm_sqlite/root/var/lib/rpm/rpmdb.sqlite");
  const std::string log_ = TestData("rpm_sqlite/root/var/lib/rpm/rpmdb.sqlite-wal");
  const std::string ndb_ = TestData("rpm_ndb/root/usr/lib/sysimage/rpm/Packages.db");
  const std::string bdb_ = TestData("rpm_bdb/root/var/lib/rpm/Packages");
  MemoryTree files_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_MANAGERS_TEST_SUPPORT_H_
