// Databases of logins as SQLite itself (Python's) writes them.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_LOGIN_DATABASES_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_LOGIN_DATABASES_H_

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "collectors/testing/tool_output.h"

namespace rollcall {

inline constexpr char kLastlog2Schema[] =
    "CREATE TABLE Lastlog2(Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT);";
inline constexpr char kWtmpdbSchema[] =
    "CREATE TABLE wtmp(ID INTEGER PRIMARY KEY, Type INTEGER, User TEXT NOT NULL, Login INTEGER, Logout INTEGER, "
    "TTY TEXT, RemoteHost TEXT, Service TEXT);";

// Makes a database at `path` by running `sql`. What `later_sql` writes, if any, is only in the log `path`-wal.
inline void MakeDatabase(const std::string& path, const std::string& sql, const std::string& later_sql = "") {
  constexpr char kScript[] = R"py(
import shutil, sqlite3, sys
path, sql, later = sys.argv[1:]
c = sqlite3.connect(path if not later else path + ".work", isolation_level=None)
c.execute("PRAGMA page_size = 512")
if later:
    c.execute("PRAGMA journal_mode = WAL")
    c.execute("PRAGMA wal_autocheckpoint = 0")
c.executescript(sql)
if later:
    c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    c.executescript(later)
    for suffix in "", "-wal":
        shutil.copy(path + ".work" + suffix, path + suffix)
c.close()
)py";
  const auto output = ToolOutput({"python3", "-c", kScript, path, sql, later_sql});
  ASSERT_TRUE(output.ok()) << output.status();
}

inline std::string FileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_LOGIN_DATABASES_H_
