// Ten thousand secrets are planted in values of every source, under names of every kind and in
// several forms, and no six bytes of any of them are in what the collector says.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/environment/environment_test_support.h"

namespace rollcall {
namespace {

constexpr size_t kSecrets = 10'000;
constexpr size_t kLeakBytes = 6;

// Secrets as password managers, key servers and people with `openssl rand` make them. The
// generator is seeded, so that a failure can be repeated.
class Secrets {
 public:
  std::string Next() {
    static constexpr absl::string_view kAlphabets[] = {
        "0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@%^&*()-_+.,:;<>?~",
        "abcdefghijklmnopqrstuvwxyz",
    };
    const absl::string_view alphabet = kAlphabets[made_ % std::size(kAlphabets)];
    // Long enough for digits among the letters.
    const size_t size = 24 + generator_() % 17;
    std::string secret;
    while (secret.size() < size) secret.push_back(alphabet[generator_() % alphabet.size()]);
    ++made_;
    for (size_t i = 0; i + kLeakBytes <= secret.size(); ++i) pieces_.insert(secret.substr(i, kLeakBytes));
    return secret;
  }

  size_t made() const { return made_; }
  size_t pieces() const { return pieces_.size(); }

  // The first piece of a secret in `text`; empty if none is.
  std::string FindIn(const std::string& text) const {
    for (size_t i = 0; i + kLeakBytes <= text.size(); ++i) {
      std::string piece = text.substr(i, kLeakBytes);
      if (pieces_.count(piece) > 0) return piece;
    }
    return "";
  }

 private:
  std::mt19937 generator_{20240101};
  size_t made_ = 0;
  std::unordered_set<std::string> pieces_;
};

// Names that say nothing, names of secrets, and every form of name whose value may be shown.
std::string NameOf(size_t i) {
  static constexpr const char* kNames[] = {
      "APP_SETTING_#",
      "DB_PASSWORD_#",
      "DATABASE_URL_#",
      "JAVA_OPTS",
      "PATH",
      "LANG",
      "LC_#",
      "TZ",
      "TERM",
      "SHELL",
      "LD_PRELOAD",
      "LD_LIBRARY_PATH",
      "PYTHONPATH",
      "CLASSPATH",
      "A#_HOME",
      "A#_VERSION",
      "KUBERNETES_SERVICE_HOST",
      "KUBERNETES_SERVICE_PORT",
      "KUBERNETES_SERVICE_PORT_#",
      "NODE_ENV",
      "GOMAXPROCS",
      "container",
      "DEBIAN_FRONTEND",
      "PGDATA",
      "LANGUAGE",
  };
  std::string name = kNames[i % std::size(kNames)];
  const size_t place = name.find('#');
  if (place != std::string::npos) name.replace(place, 1, std::string(1 + i / 26 % 3, static_cast<char>('A' + i % 26)));
  return name;
}

std::string ValueOf(size_t form, const std::string& secret) {
  switch (form % 8) {
    case 0:
      return absl::StrCat("postgres://user:", secret, "@db.example.org:5432/app");
    case 1:
      return absl::StrCat("Bearer ", secret);
    case 2:
      return absl::StrCat("-Dpassword=", secret);
    case 3:
      return absl::StrCat("/usr/bin:", secret);
    case 4:
      return absl::StrCat("1.2.3-", secret);
    case 5:
      return absl::StrCat("en_US.", secret);
    default:
      return secret;
  }
}

// `NAME=value` with quotes that the shell, systemd and PAM all take off.
std::string Quoted(const std::string& name, const std::string& value) { return absl::StrCat(name, "='", value, "'\n"); }

TEST(EnvironmentSecrets, NoPieceOfAnyIsInWhatIsSaid) {
  EnvironmentTestHost host;
  Secrets secrets;
  size_t i = 0;
  const auto name_and_value = [&] {
    ++i;
    return std::pair(NameOf(i), ValueOf(i / 7, secrets.Next()));
  };
  const auto lines = [&](size_t count) {
    std::string text;
    for (size_t n = 0; n < count; ++n) {
      const auto [name, value] = name_and_value();
      text += Quoted(name, value);
    }
    return text;
  };
  constexpr size_t kPerSource = 500;
  for (const char* path : {"/etc/environment", "/etc/default/locale", "/etc/locale.conf", "/etc/environment.d/x.conf",
                           "/usr/lib/environment.d/x.conf", "/etc/app.env"}) {
    // A line that is nothing but a secret, and one over several lines.
    host.files.SetFile(path, absl::StrCat(lines(kPerSource), secrets.Next(), "\nMULTI=\"first\n", secrets.Next(), "\n",
                                          secrets.Next(), "\"\n", lines(10)));
  }
  for (const char* path : {"/etc/profile", "/etc/profile.d/x.sh", "/etc/bash.bashrc", "/etc/zshenv"}) {
    host.files.SetFile(
        path, absl::StrCat(lines(kPerSource), "curl -u ", secrets.Next(), " x\nexport M=\"a\n", secrets.Next(),
                           "\n\"\ncat <<E\n", secrets.Next(), "\nE\n", lines(10), "UNCLOSED='", secrets.Next()));
  }
  std::string conf;
  std::string unit = "[Service]\nEnvironmentFile=/etc/app.env\n";
  std::string drop_in = "[Service]\n";
  for (size_t n = 0; n < kPerSource; ++n) {
    const auto [name, value] = name_and_value();
    absl::StrAppend(&conf, name, n % 2 == 0 ? " DEFAULT=\"" : " OVERRIDE=\"", value, "\"\n");
    const auto [unit_name, unit_value] = name_and_value();
    absl::StrAppend(&unit, "Environment='", unit_name, "=", unit_value, "'\n");
    const auto [drop_in_name, drop_in_value] = name_and_value();
    absl::StrAppend(&drop_in, "Environment=\"", drop_in_name, "=", drop_in_value, "\" ", secrets.Next(), "\n");
  }
  host.files.SetFile("/etc/security/pam_env.conf", conf + "X " + secrets.Next() + "\n");
  host.files.SetFile("/etc/systemd/system/app.service", unit + secrets.Next() + "\n");
  host.files.SetFile("/etc/systemd/system/app.service.d/x.conf", drop_in);
  for (uint32_t pid = 100; secrets.made() < kSecrets; ++pid) {
    std::string block;
    for (size_t n = 0; n < 50; ++n) {
      const auto [name, value] = name_and_value();
      absl::StrAppend(&block, name, "=", value, std::string(1, '\0'));
    }
    absl::StrAppend(&block, secrets.Next(), std::string(1, '\0'), "CUT=", secrets.Next());
    const std::string cgroup = pid % 2 == 0 ? "0::/" : absl::StrCat("0::/docker/", std::string(64, 'b'));
    host.AddProcess(pid, absl::StrCat("/usr/bin/p", pid % 5), block, absl::Minutes(30), cgroup);
  }
  ASSERT_GE(secrets.made(), kSecrets);
  ASSERT_GT(secrets.pieces(), kSecrets * 10);

  pb::RunResult result = host.Run();
  result.clear_started_at();
  result.clear_finished_at();
  result.clear_cpu_time();
  ASSERT_GT(host.sink.records().size(), 500U) << "the sources were read";
  size_t shown = 0;
  for (const pb::Record& record : host.sink.records()) {
    ASSERT_EQ(secrets.FindIn(record.SerializeAsString()), "") << record.DebugString();
    shown += record.environment_variable().value().empty() ? 0 : 1;
  }
  EXPECT_EQ(secrets.FindIn(result.SerializeAsString()), "") << result.DebugString();
  EXPECT_EQ(secrets.FindIn(result.DebugString()), "");
  EXPECT_EQ(shown, 1U) << "only the PATH of process 1 is none of the secrets";
}

TEST(EnvironmentSecrets, TheSearchWouldFindOne) {
  Secrets secrets;
  const std::string secret = secrets.Next();
  EXPECT_EQ(secrets.FindIn("x" + secret + "y"), secret.substr(0, kLeakBytes));
  EXPECT_EQ(secrets.FindIn("nothing of the sort"), "");
}

}  // namespace
}  // namespace rollcall
