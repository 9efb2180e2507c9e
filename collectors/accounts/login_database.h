// Last logins from the SQLite databases that follow lastlog and wtmp where times must reach beyond 2038: lastlog2(8) of
// util-linux and wtmpdb(8).
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_DATABASE_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_DATABASE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/accounts/login_problem.h"
#include "collectors/accounts/login_records.h"
#include "platform/clock.h"
#include "platform/damage_sink.h"
#include "platform/file_tree.h"
#include "platform/random_access_file.h"

namespace rollcall {

enum class LoginDatabaseKind {
  // Table Lastlog2(Name, Time in seconds, TTY, RemoteHost, Service): a row for each user.
  kLastlog2,
  // Table wtmp(ID, Type, User, Login in microseconds, Logout, TTY, RemoteHost, Service): a row for each login.
  kWtmpdb,
};

// Largest database that is read, its log not counted. wtmpdb grows until `wtmpdb rotate` cuts it.
inline constexpr uint64_t kMaxLoginDatabaseBytes = uint64_t{64} << 20;
// Texts in a LoginRecord are cut to this many bytes; a row with a longer name is damage.
inline constexpr size_t kMaxLoginText = 256;

// Calls `visit(name, record)` for each login of a user, in the order of the table, with what is only in the write-ahead
// log `log` (nullptr if there is none). What cannot be read goes to `sink`. InvalidArgument if it is no such database,
// Cancelled if the sink asked for that. Pure but for reading the files.
absl::Status ReadLoginDatabase(LoginDatabaseKind kind, const RandomAccessFile& database, const RandomAccessFile* log,
                               DamageSink& sink,
                               const std::function<void(absl::string_view name, LoginRecord&& record)>& visit);

// The latest login of every user of one database, kept between runs: an unchanged one is not read. One thread.
class LoginDatabase {
 public:
  LoginDatabase(LoginDatabaseKind kind, absl::string_view path) : kind_(kind), path_(path) {}

  // Brings it up to date. What is wrong is added to `problems`, in each run anew. Cancelled when stopped.
  absl::Status Refresh(const FileTree& files, std::vector<LoginProblem>* problems, const StopToken& stop);
  // nullptr if there is none.
  const LoginRecord* Find(absl::string_view name) const;
  const std::string& path() const { return path_; }

 private:
  // What the files were when they were read.
  struct Identity {
    FileInfo database;
    std::optional<FileInfo> log;
    std::optional<FileInfo> journal;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  Identity Look(const FileTree& files, const FileInfo& database) const;
  absl::Status Read(const FileTree& files, const Identity& identity, const StopToken& stop);
  void Forget();

  const LoginDatabaseKind kind_;
  const std::string path_;
  // Unset if nothing was read, or not to the end.
  std::optional<Identity> identity_;
  // Of the last reading.
  std::vector<LoginProblem> problems_;
  std::map<std::string, LoginRecord, std::less<>> logins_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_DATABASE_H_
