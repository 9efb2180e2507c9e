// Puts processes into a MemoryTree's /proc. For tests.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_TESTING_FAKE_PROCESS_H_
#define ROLLCALL_COLLECTORS_PROCESSES_TESTING_FAKE_PROCESS_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "platform/memory_tree.h"

namespace rollcall {

inline constexpr char kFakeBootId[] = "11111111-2222-3333-4444-555555555555";
inline constexpr int64_t kFakeBootSeconds = 1'700'000'000;

struct FakeProcess {
  uint32_t pid = 1;
  std::string comm = "sleeper";
  char state = 'S';
  uint32_t ppid = 0;
  uint32_t tty = 0;
  uint32_t flags = 0;
  uint64_t start_ticks = 500;
  // Moves the addresses that exec(2) draws; 0 hides them.
  uint64_t image = 1;
  std::string uids = "0\t0\t0\t0";
  std::string gids = "0\t0\t0\t0";
  std::string ns_pids;
  std::string capabilities = "0000000000000000";
  std::string command_line = std::string("sleeper\0", 8);
  std::string exe = "/usr/bin/sleeper";
  std::string cwd = "/";
  std::string cgroup = "0::/system.slice/sleeper.service\n";
  uint64_t mount_namespace = 4026531840;
};

// What /proc has beside processes.
inline void SetFakeSystem(MemoryTree* files) {
  files->SetFile("/proc/stat", absl::StrCat("cpu  1 2 3\nbtime ", kFakeBootSeconds, "\n"));
  files->SetFile("/proc/sys/kernel/random/boot_id", absl::StrCat(kFakeBootId, "\n"));
  files->SetFile("/proc/sys/kernel/cap_last_cap", "40\n");
}

inline std::string FakeStat(const FakeProcess& process) {
  std::string line = absl::StrCat(process.pid, " (", process.comm, ") ", std::string(1, process.state), " ",
                                  process.ppid, " 1 1 ", process.tty, " -1 ", process.flags, " 0 0 0 0 ");
  // utime 14 ... vsize 23, rss 24, rsslim 25
  absl::StrAppend(&line, "150 50 0 0 20 0 3 0 ", process.start_ticks, " 4096 10 18446744073709551615");
  for (int field = 26; field <= 52; ++field) absl::StrAppend(&line, " ", process.image * (1000 + field));
  return line + "\n";
}

inline std::string FakeStatus(const FakeProcess& process) {
  return absl::StrCat("Name:\t", process.comm, "\nUid:\t", process.uids, "\nGid:\t", process.gids, "\nGroups:\t0\n",
                      process.ns_pids.empty() ? "" : absl::StrCat("NSpid:\t", process.ns_pids, "\n"),
                      "VmRSS:\t     400 kB\nThreads:\t3\nCapPrm:\t", process.capabilities, "\nCapEff:\t",
                      process.capabilities, "\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t1\nSeccomp:\t2\n");
}

// Writes the whole folder; again for a changed process.
inline void SetFakeProcess(MemoryTree* files, const FakeProcess& process) {
  const std::string folder = absl::StrCat("/proc/", process.pid);
  files->SetFile(folder + "/stat", FakeStat(process));
  files->SetFile(folder + "/status", FakeStatus(process));
  files->SetFile(folder + "/cmdline", process.command_line);
  files->SetFile(folder + "/cgroup", process.cgroup);
  if (!process.exe.empty()) files->SetSymlink(folder + "/exe", process.exe);
  files->SetSymlink(folder + "/cwd", process.cwd);
  files->SetSymlink(folder + "/root", "/");
  uint64_t inode = 4026531830;
  for (const char* name : {"cgroup", "ipc", "net", "pid", "user", "uts"}) {
    files->SetSymlink(absl::StrCat(folder, "/ns/", name), absl::StrCat(name, ":[", ++inode, "]"));
  }
  files->SetSymlink(folder + "/ns/mnt", absl::StrCat("mnt:[", process.mount_namespace, "]"));
  for (int fd = 0; fd < 3; ++fd) files->SetSymlink(absl::StrCat(folder, "/fd/", fd), "/dev/null");
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_TESTING_FAKE_PROCESS_H_
