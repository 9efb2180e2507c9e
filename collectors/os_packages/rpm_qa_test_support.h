// Packages in the form in which the tests ask `rpm -qa` for them.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_QA_TEST_SUPPORT_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_QA_TEST_SUPPORT_H_

#include <memory>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collectors/os_packages/os_packages_collector.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {

// What `rpm -qa` says in the form of testdata/rpm/qa_format, without signing keys.
inline std::set<std::string> QaLines(absl::string_view output) {
  std::set<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    if (!absl::StartsWith(line, "gpg-pubkey\t")) lines.insert(std::string(line));
  }
  return lines;
}

inline std::string OrNone(absl::string_view text) { return std::string(text.empty() ? "(none)" : text); }

// The same of a record.
inline std::string QaLine(const pb::OsPackage& package) {
  const std::string source = package.source_name().empty()
                                 ? ""
                                 : absl::StrCat(package.source_name(), "-", package.source_version(), ".src.rpm");
  return absl::StrJoin({package.name(), package.has_epoch() ? absl::StrCat(package.epoch()) : "(none)",
                        package.upstream_version(), package.release(), package.architecture(), package.version(),
                        OrNone(source), OrNone(package.vendor()), OrNone(package.maintainer()),
                        OrNone(package.licence()), OrNone(package.summary()), OrNone(package.modularity_label()),
                        absl::StrCat(package.install_time().seconds()), absl::StrCat(package.installed_bytes())},
                       "\t");
}

// Runs the collector on the files below `directory` and gives the packages of rpm.
inline std::set<std::string> CollectedQaLines(absl::string_view directory, pb::RunResult* result) {
  std::set<std::string> lines;
  const auto files = HostRoot::Create(directory);
  EXPECT_TRUE(files.ok()) << files.status();
  if (!files.ok()) return lines;
  const SystemClock clock;
  CollectorContext context;
  context.files = files->get();
  context.clock = &clock;
  VectorSink sink;
  *result = RunCollector(*kOsPackagesCollector.create(context), kOsPackagesCollector, {}, clock, StopToken(), sink);
  for (const pb::Record& record : sink.records()) {
    if (record.os_package().manager() == pb::OsPackage::RPM) lines.insert(QaLine(record.os_package()));
  }
  return lines;
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_QA_TEST_SUPPORT_H_
