// No six bytes of a password hash or of a key are in anything a run says, whatever the files look like.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/accounts/accounts_collector.h"
#include "collectors/accounts/testing/public_keys.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "google/protobuf/message.h"
#include "platform/memory_tree.h"
#include "platform/password_field.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

constexpr size_t kWindow = 6;

// Bodies of hashes; in front of each stands its scheme, which may be told.
constexpr const char* kHashes[] = {
    "$6$rounds=656000$Zq1xW9vKp3Lm8TnB$yQ7cRf2VhJ5uXe0sDgAi4OkNwMzPtYb6lE3rHjCUa1SvFo9GqIx",
    "$y$j9T$kB4vQw8ZrXm2Tn6Lp1Yc5.$Hs9Gd3Jf7Ka0Ue4Iw8Oq2Mz6Nx1Vb5Cr9Pt3Ly7E",
    "$2y$12$Wq7Zx3Vk9Bm5Nt1Rp8Ls2uJf6Hd0Ga4Kc8Xe2Iy6Ow0Uz4Qv8Mb",
    "$1$Tz8kWq2v$Lp5xRm9nBc3vYh7jKd1fG.",
    "zWq8XnVm4KpLs",
    "$gy$j9T$Rw3Yk7Hn1Vc5Bx9Mz$Qt2Lp6Js0Fd4Ga8Ke2Iu6Oy",
};

// What is behind the prefix of any other scheme.
constexpr absl::string_view kBody = "Vt5Kz0Rb7Yw2Hq9N$c4Gx8Jm1Pd6Lf3Sa9Ue7Io2Ob5Ty0Wn4Zk";

// One of each scheme, and of some that have no name here.
const std::vector<std::string>& Hashes() {
  static const auto* hashes = [] {
    auto* all = new std::vector<std::string>(std::begin(kHashes), std::end(kHashes));
    for (const absl::string_view prefix : PasswordSchemePrefixes()) {
      const bool has_settings = absl::EndsWith(prefix, ",");
      all->push_back(absl::StrCat(prefix, has_settings ? "rounds=904$" : "", kBody));
    }
    for (const char* prefix : {"$8$", "$argon2id$v=19$m=65536,t=3,p=4$", "$P$"})
      all->push_back(absl::StrCat(prefix, kBody));
    return all;
  }();
  return *hashes;
}

constexpr const char* kKeys[] = {kEd25519Key, kRsaKey, kEcdsa384Key};

std::set<std::string> Windows(absl::string_view text) {
  std::set<std::string> windows;
  for (size_t i = 0; i + kWindow <= text.size(); ++i) windows.emplace(text.substr(i, kWindow));
  return windows;
}

// All windows that must not be seen. The number of rounds is a part of the scheme.
const std::set<std::string>& Secrets() {
  static const auto* secrets = [] {
    auto* all = new std::set<std::string>;
    for (const char* hash : kHashes) all->merge(Windows(absl::string_view(hash).substr(*hash == '$' ? 3 : 0)));
    all->merge(Windows(kBody));
    // The beginning of a key is that of every key of its type.
    for (const char* key : kKeys)
      all->merge(Windows(absl::string_view(key).substr(absl::string_view(key).find(' ') + 30)));
    for (const absl::string_view harmless : {"rounds=656000$"}) {
      for (const std::string& window : Windows(harmless)) all->erase(window);
    }
    return all;
  }();
  return *secrets;
}

void CheckText(absl::string_view text, const std::string& where) {
  for (size_t i = 0; i + kWindow <= text.size(); ++i) {
    const std::string window(text.substr(i, kWindow));
    EXPECT_EQ(Secrets().count(window), 0U) << "`" << window << "` in " << where;
  }
}

void CheckMessage(const Message& message, const std::string& where) {
  std::vector<const FieldDescriptor*> fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string here = absl::StrCat(where, ".", field->name());
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        CheckText(field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                       : reflection->GetString(message, field),
                  here);
      } else if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
        CheckMessage(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                          : reflection->GetMessage(message, field),
                     here);
      }
    }
  }
}

// Runs the collector over the files and checks all it says; returns how many records there were.
size_t CheckRun(const MemoryTree& files) {
  FakeClock clock;
  CollectorContext context;
  context.files = &files;
  context.clock = &clock;
  VectorSink sink;
  const auto collector = kAccountsCollector.create(context);
  const pb::RunResult result = RunCollector(*collector, kAccountsCollector, {}, clock, StopToken(), sink);
  CheckMessage(result, "run_result");
  for (const pb::Record& record : sink.records()) CheckMessage(record, "record");
  return sink.records().size();
}

MemoryTree Host(absl::string_view passwd, absl::string_view shadow, absl::string_view group, absl::string_view gshadow,
                absl::string_view keys) {
  MemoryTree files;
  files.SetFile("/etc/passwd", absl::StrCat("root:x:0:0::/root:/bin/sh\n", passwd));
  files.SetFile("/etc/shadow", shadow);
  files.SetFile("/etc/group", absl::StrCat("root:x:0:\n", group));
  files.SetFile("/etc/gshadow", gshadow);
  files.SetFile("/root/.ssh/authorized_keys", keys);
  files.SetFile("/etc/sudoers", "root ALL=ALL\n");
  return files;
}

TEST(NoSecretLeaves, TheCheckFindsOne) {
  pb::Record record;
  record.mutable_account()->add_groups(absl::StrCat("x", absl::string_view(kHashes[0]).substr(40, kWindow)));
  size_t found = 0;
  for (const std::string& window : Windows(record.account().groups(0))) found += Secrets().count(window);
  EXPECT_EQ(found, 1U);
}

TEST(NoSecretLeaves, OfWellFormedFiles) {
  for (const std::string& hash : Hashes()) {
    for (const char* lock : {"", "!", "!!", "*"}) {
      const MemoryTree files =
          Host(absl::StrCat("old:", lock, hash, ":5:5:::\n"), absl::StrCat("root:", lock, hash, ":1:0:99999:7:::\n"),
               absl::StrCat("g:", lock, hash, ":5:root\n"), absl::StrCat("g:", lock, hash, ":root:\n"), kRsaKey);
      EXPECT_EQ(CheckRun(files), 4U);
    }
  }
}

// Each line loses or gains something, so that the hash stands where something else belongs.
TEST(NoSecretLeaves, OfDamagedFiles) {
  for (const std::string& hash : Hashes()) {
    const std::string lines = absl::StrCat(
        hash, "\n", hash, ":x:1:1:::\n", "a:x:", hash, ":1:::\n", "a:x:1:", hash, ":::\n", "a:1:1:", hash, "\n:", hash,
        ":0:0:::\n", "a:", hash, "\n", "a:", hash, ":1\n", "a:", hash, ":17\n", "a\t", hash, ":0:0:::\n", "a:", hash,
        ":19000:0:99999:7:::\n", "a:", hash, ":19000:0:99999:7:::::::::\n", "+", hash, "\n", "# ", hash, "\n");
    // One without `$` can be told from a name only where the field is known.
    const bool recognizable = hash[0] == '$';
    const std::string more = recognizable ? absl::StrCat("a:x:1:1:", hash, "::\nb:x:2:2::", hash, ":\nc:x:3:3:::", hash,
                                                         "\n", "x", hash, ":x:9:9:::\n", hash, ":19000:0:0\n")
                                          : "";
    const std::string safe = recognizable ? lines : absl::StrCat("a:", hash, ":1\n", "b:", hash, ":5:5:::\n");
    CheckRun(Host(absl::StrCat(safe, more), absl::StrCat(lines, more), absl::StrCat(safe, more),
                  absl::StrCat(lines, more), lines));
  }
}

TEST(NoSecretLeaves, OfShadowCopiedOverTheOtherFiles) {
  std::string shadow;
  for (const std::string& hash : Hashes()) absl::StrAppend(&shadow, "u:", hash, ":19000:0:99999:7:::\n");
  CheckRun(Host(shadow, shadow, shadow, shadow, shadow));
  MemoryTree files = Host(shadow, shadow, shadow, shadow, shadow);
  for (const char* path : {"/etc/ssh/sshd_config", "/etc/nsswitch.conf", "/var/log/wtmp", "/var/log/lastlog"}) {
    files.SetFile(path, shadow);
  }
  CheckRun(files);
  files.SetFile("/etc/sudoers", shadow);
  CheckRun(files);
}

TEST(NoSecretLeaves, OfKeysCutAnywhere) {
  for (const absl::string_view key : kKeys) {
    std::string lines;
    for (size_t at = 0; at < key.size(); at += 3) {
      absl::StrAppend(&lines, key.substr(at), "\n", key.substr(0, at), "\n", key.substr(0, at), " ", key.substr(at),
                      "\n", key.substr(at), ",", key, "\n", key.substr(at), "=\"x\" ", key,
                      "\ncommand=", key.substr(at), "\n\"", key.substr(at), "\n");
    }
    MemoryTree files = Host("", "", "", "", lines);
    EXPECT_GT(CheckRun(files), 0U);
  }
}

}  // namespace
}  // namespace rollcall
