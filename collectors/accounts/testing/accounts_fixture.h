// A host with accounts that a test changes one thing of.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_ACCOUNTS_FIXTURE_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_ACCOUNTS_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/accounts_collector.h"
#include "collectors/accounts/testing/public_keys.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {

inline constexpr char kPasswd[] = "/etc/passwd";
inline constexpr char kGroup[] = "/etc/group";
inline constexpr char kShadow[] = "/etc/shadow";
inline constexpr char kAliceKeys[] = "/home/alice/.ssh/authorized_keys";

// Starts from a valid host; each test changes one thing. It is day 19,723 (2024-01-01).
class AccountsCollectorTest : public testing::Test {
 protected:
  AccountsCollectorTest() {
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    collector_ = kAccountsCollector.create(context);
    files_.SetFile(kPasswd,
                   "root:x:0:0:root:/root:/bin/bash\n"
                   "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
                   "alice:x:1000:1000:Alice A.,,,:/home/alice:/bin/bash\n"
                   "bob:x:1001:100::/home/bob:/bin/zsh\n");
    files_.SetFile(kGroup, "root:x:0:\ndaemon:x:1:\nsudo:x:27:alice\nusers:x:100:alice,ghost\nalice:x:1000:\n");
    files_.SetFile(kShadow,
                   "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"
                   "alice:$y$j9T$salt$hash:19700:0:99999:7:::\nbob:!$6$salt$hash:19000:1:60:14:30:20000:\n");
    files_.SetFile("/etc/gshadow", "root:*::\ndaemon:*::\nsudo:!:bob:alice\nusers:$6$salt$hash::alice\nalice:!::\n");
    files_.SetFile("/etc/sudoers", "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n");
    files_.SetFile(kAliceKeys, absl::StrCat("from=\"192.0.2.0/24\" ", kEd25519Key, " alice@example.com\n"));
    files_.SetFile("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    result_ = RunCollector(*collector_, kAccountsCollector, {}, clock_, stop, sink_);
    return result_;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const pb::Record& record : sink_.records()) {
      if (record.has_account()) names.push_back(absl::StrCat(record.account().uid(), ":", record.account().name()));
    }
    return names;
  }
  std::vector<std::string> Groups() const {
    std::vector<std::string> names;
    for (const pb::Record& record : sink_.records()) {
      if (!record.has_account_group()) continue;
      names.push_back(absl::StrCat(record.account_group().gid(), ":", record.account_group().name()));
    }
    return names;
  }
  pb::Account Find(absl::string_view name) const {
    for (const pb::Record& record : sink_.records()) {
      if (record.account().name() == name) return record.account();
    }
    ADD_FAILURE() << "no account " << name;
    return {};
  }
  pb::AccountGroup FindGroup(absl::string_view name) const {
    for (const pb::Record& record : sink_.records()) {
      if (record.account_group().name() == name) return record.account_group();
    }
    ADD_FAILURE() << "no group " << name;
    return {};
  }
  std::vector<std::string> Degradations() const {
    std::vector<std::string> messages;
    for (const pb::Problem& problem : result_.degradations()) messages.push_back(problem.message());
    return messages;
  }

  MemoryTree files_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
  pb::RunResult result_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_ACCOUNTS_FIXTURE_H_
