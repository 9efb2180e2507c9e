#include "collectors/accounts/accounts_collector.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/account_records.h"
#include "collectors/accounts/account_sources.h"
#include "collectors/accounts/home_keys.h"
#include "collectors/accounts/login_history.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr absl::string_view kReadRemedy = "run the agent as root or with CAP_DAC_READ_SEARCH";

// Degradations of homes: the first are named, the rest counted, so that they never crowd out others.
class HomeReport {
 public:
  explicit HomeReport(RunReport& report) : report_(report) {}

  void Add(absl::string_view path, const absl::Status& status, absl::string_view remedy) {
    constexpr size_t kMaxNamed = 20;
    if (++count_ <= kMaxNamed) {
      report_.AddDegradation(path, status, remedy);
    } else if (first_unnamed_.ok()) {
      first_unnamed_ = status;
    }
  }

  void Finish() {
    if (first_unnamed_.ok()) return;
    report_.AddDegradation("",
                           absl::Status(first_unnamed_.code(), absl::StrCat("read keys: ", count_, " cases in all")),
                           "look at the ones that are named");
  }

 private:
  RunReport& report_;
  size_t count_ = 0;
  absl::Status first_unnamed_;
};

class AccountsCollector : public Collector {
 public:
  explicit AccountsCollector(const CollectorContext& context) : files_(context.files), clock_(context.clock) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    AccountSources sources;
    ROLLCALL_RETURN_IF_ERROR(ReadAccountSources(*files_, report, &sources));
    std::vector<LoginProblem> problems;
    ROLLCALL_RETURN_IF_ERROR(logins_.Refresh(*files_, &problems, stop));
    login_unread_ = false;
    login_cut_ = false;
    for (const LoginProblem& problem : problems) {
      report.AddDegradation(problem.path, problem.status, LoginRemedy(problem));
      (problem.in_part ? login_cut_ : login_unread_) = true;
    }
    const Membership membership(sources);
    const absl::Status status = EmitAll(sources, membership, sink, report, stop);
    logins_.Close();
    home_keys_.EndRun();
    return status;
  }

 private:
  static absl::string_view LoginRemedy(const LoginProblem& problem) {
    if (absl::IsResourceExhausted(problem.status)) return "rotate the file more often";
    if (absl::IsUnimplemented(problem.status)) return "none needed: logins only this database knows are not shown";
    if (absl::IsDataLoss(problem.status)) return "none needed: the records that are whole are read";
    return kReadRemedy;
  }

  absl::Status EmitAll(const AccountSources& sources, const Membership& membership, RecordSink& sink, RunReport& report,
                       const StopToken& stop) {
    HomeReport homes(report);
    std::set<std::pair<uint32_t, std::string>> seen;
    for (const PasswdEntry& user : sources.users) {
      if (stop.stop_requested()) return absl::CancelledError("emit accounts: stopped");
      const AccountKeys keys = ReadKeys(user, sources, membership, &homes);
      pb::Record record;
      *record.mutable_account() = MakeAccount(user, sources, membership, keys, FindLogin(user), clock_->Now());
      if (!seen.emplace(user.uid, record.account().name()).second) {
        ReportTwice("/etc/passwd", user.uid, report);
        continue;
      }
      ROLLCALL_RETURN_IF_ERROR(sink.Emit(std::move(record)));
    }
    homes.Finish();
    return EmitGroups(sources, membership, sink, report, stop);
  }

  static absl::Status EmitGroups(const AccountSources& sources, const Membership& membership, RecordSink& sink,
                                 RunReport& report, const StopToken& stop) {
    std::set<std::pair<uint32_t, std::string>> seen;
    for (const GroupEntry& group : sources.groups) {
      if (stop.stop_requested()) return absl::CancelledError("emit groups: stopped");
      pb::Record record;
      *record.mutable_account_group() = MakeAccountGroup(group, sources, membership);
      if (!seen.emplace(group.gid, record.account_group().name()).second) {
        ReportTwice("/etc/group", group.gid, report);
        continue;
      }
      ROLLCALL_RETURN_IF_ERROR(sink.Emit(std::move(record)));
    }
    return absl::OkStatus();
  }

  // The first line is the one login programs find.
  static void ReportTwice(absl::string_view path, uint32_t id, RunReport& report) {
    report.AddDegradation(path,
                          absl::AlreadyExistsError(absl::StrCat("parse ", path, ": id ", id, " twice with one name")),
                          "remove the second line");
  }

  AccountLogin FindLogin(const PasswdEntry& user) const {
    AccountLogin login = {.latest = logins_.Find(user.name, user.uid), .incomplete = login_unread_};
    // What is cut off a file is older than what is found in it, as is most of what is damaged.
    if (!login.latest.has_value() && login_cut_) login.incomplete = true;
    return login;
  }

  AccountKeys ReadKeys(const PasswdEntry& user, const AccountSources& sources, const Membership& membership,
                       HomeReport* homes) {
    AccountKeys keys;
    std::set<std::string> paths;
    const KeyLocations& locations = sources.key_locations;
    std::vector<absl::string_view> groups;
    if (!locations.blocks.empty()) {
      for (const size_t index : membership.GroupsOf(user)) groups.push_back(sources.groups[index].name);
    }
    const KeyPlaces places = KeyPlacesOf(locations, user.name, sources.groups_known ? &groups : nullptr);
    for (const std::string& pattern : places.patterns) {
      std::string path = ExpandKeyPath(pattern, user.name, user.uid, user.home);
      if (!path.empty() && paths.insert(path).second) ReadKeyFile(path, sources.remote_mounts, &keys, homes);
    }
    // Where the patterns could not be read in full, or a program or some connections give more, there may be others.
    keys.incomplete = keys.incomplete || places.command || places.undetermined || !locations.problems.empty();
    return keys;
  }

  void ReadKeyFile(const std::string& path, const RemoteMounts& mounts, AccountKeys* keys, HomeReport* homes) {
    if (const absl::string_view type = mounts.TypeOf(path); !type.empty()) {
      keys->incomplete = true;
      homes->Add(path,
                 absl::UnimplementedError(absl::StrCat("read ", path, ": it may be on another machine (", type, ")")),
                 "none needed: only local file systems are read");
      return;
    }
    const auto file = home_keys_.Read(*files_, path);
    if (absl::IsNotFound(file.status())) return;
    if (!file.ok()) {
      keys->incomplete = true;
      homes->Add(path, file.status(),
                 absl::IsPermissionDenied(file.status()) ? kReadRemedy : "check what the path leads to");
      return;
    }
    for (const absl::Status& problem : (*file)->problems) {
      homes->Add(path, absl::Status(problem.code(), absl::StrCat("parse ", path, ": ", problem.message())),
                 "repair the line; sshd does not accept it either");
    }
    for (const KeyLine& key : (*file)->keys) {
      if (keys->keys.size() < kMaxKeysPerAccount) keys->keys.emplace_back(&key, path);
    }
    keys->key_count += (*file)->key_count;
    if (keys->key_count <= keys->keys.size()) return;
    homes->Add(path,
               absl::ResourceExhaustedError(
                   absl::StrCat("read ", path, ": ", keys->keys.size(), " of ", keys->key_count, " keys are listed")),
               "none needed: all are counted");
  }

  const FileTree* const files_;
  const Clock* const clock_;
  LoginHistory logins_;
  // Of this run: some file of logins could not be read at all, or not all of one.
  bool login_unread_ = false;
  bool login_cut_ = false;
  HomeKeys home_keys_;
};

constexpr absl::string_view kKinds[] = {"account", "account_group"};
constexpr absl::string_view kPathsRead[] = {
    "/etc/group",
    "/etc/gshadow",
    "/etc/hostname",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/ssh/sshd_config",
    "/etc/ssh/sshd_config.d/*.conf",
    "/etc/sudoers",
    "/etc/sudoers.d/*",
    "/home/*/.ssh/authorized_keys",
    "/home/*/.ssh/authorized_keys2",
    "/proc/1/mountinfo",
    "/proc/sys/kernel/hostname",
    "/usr/etc/nsswitch.conf",
    "/usr/etc/ssh/sshd_config",
    "/usr/etc/sudoers",
    "/var/lib/lastlog/lastlog2.db",
    "/var/lib/wtmpdb/wtmp.db",
    "/var/log/lastlog",
    "/var/log/wtmp",
    "/var/log/wtmp-*",
    "/var/log/wtmp.1",
    "/var/log/wtmp.db",
};
constexpr absl::string_view kWatchPaths[] = {
    "/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/sudoers.d/",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<AccountsCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kAccountsCollector = {
    .name = "accounts",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Hours(1),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = 20'000,
    .create = Create,
    .watch_paths = kWatchPaths,
};

}  // namespace rollcall
