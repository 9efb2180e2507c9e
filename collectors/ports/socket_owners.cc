#include "collectors/ports/socket_owners.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

absl::Status Stopped() { return absl::CancelledError("find socket owners: stop requested"); }

// The socket a descriptor link leads to; 0 if it is no socket.
absl::StatusOr<uint64_t> SocketBehind(const DirectoryView& descriptors, absl::string_view name) {
  const absl::StatusOr<std::string> target = descriptors.ReadLink(name);
  if (!target.ok()) return target.status();
  return InodeInLink(*target, "socket");
}

}  // namespace

absl::StatusOr<SocketOwners::Owners> SocketOwners::Find(const FileTree& files,
                                                        const std::vector<ProcessEntry>& processes,
                                                        const std::unordered_set<uint64_t>& wanted,
                                                        const StopToken& stop) {
  const absl::StatusOr<std::unique_ptr<DirectoryView>> proc = files.OpenDirectory("/proc");
  if (!proc.ok()) return proc.status();
  walked_ = 0;
  ForgetEnded(processes);
  const bool walk_all = ++runs_since_full_walk_ >= kFullWalkInterval;
  if (!walk_all) {
    if (absl::Status status = CheckKnown(**proc, wanted, stop); !status.ok()) return status;
  }
  if (absl::Status status = Walk(**proc, processes, walk_all, wanted, stop); !status.ok()) return status;

  std::unordered_set<uint64_t> unowned = Unowned(wanted);
  const auto is_new = [this](uint64_t inode) { return given_up_.count(inode) == 0; };
  const bool everything_walked = walked_ == processes.size();
  if (!everything_walked && std::any_of(unowned.begin(), unowned.end(), is_new)) {
    if (absl::Status status = Walk(**proc, processes, /*all=*/true, wanted, stop); !status.ok()) return status;
    unowned = Unowned(wanted);
  }
  if (walked_ == processes.size()) runs_since_full_walk_ = 0;
  given_up_ = std::move(unowned);
  return Result();
}

void SocketOwners::ForgetEnded(const std::vector<ProcessEntry>& processes) {
  auto process = processes.begin();
  for (auto known = known_.begin(); known != known_.end();) {
    while (process != processes.end() && process->pid < known->first) ++process;
    const bool lives =
        process != processes.end() && process->pid == known->first && process->start_ticks == known->second.start_ticks;
    known->second.walked = false;
    known = lives ? std::next(known) : known_.erase(known);
  }
}

absl::Status SocketOwners::CheckKnown(const DirectoryView& proc, const std::unordered_set<uint64_t>& wanted,
                                      const StopToken& stop) {
  for (auto& [pid, known] : known_) {
    if (known.listeners.empty()) continue;
    if (stop.stop_requested()) return Stopped();
    const absl::StatusOr<std::unique_ptr<DirectoryView>> descriptors = proc.OpenDirectory(absl::StrCat(pid, "/fd"));
    if (!descriptors.ok()) {
      known.listeners.clear();
      continue;
    }
    const auto closed = [&](const Descriptor& listener) {
      return wanted.count(listener.second) == 0 ||
             SocketBehind(**descriptors, absl::StrCat(listener.first)).value_or(0) != listener.second;
    };
    known.listeners.erase(std::remove_if(known.listeners.begin(), known.listeners.end(), closed),
                          known.listeners.end());
  }
  return absl::OkStatus();
}

absl::Status SocketOwners::Walk(const DirectoryView& proc, const std::vector<ProcessEntry>& processes, bool all,
                                const std::unordered_set<uint64_t>& wanted, const StopToken& stop) {
  for (const ProcessEntry& process : processes) {
    const auto [known, is_new] = known_.try_emplace(process.pid);
    if (known->second.walked || (!all && !is_new)) continue;
    if (stop.stop_requested()) {
      if (is_new) known_.erase(known);
      return Stopped();
    }
    known->second = WalkProcess(proc, process, wanted);
    ++walked_;
  }
  return absl::OkStatus();
}

SocketOwners::Known SocketOwners::WalkProcess(const DirectoryView& proc, const ProcessEntry& process,
                                              const std::unordered_set<uint64_t>& wanted) const {
  Known result;
  result.start_ticks = process.start_ticks;
  result.walked = true;
  const absl::StatusOr<std::unique_ptr<DirectoryView>> descriptors =
      proc.OpenDirectory(absl::StrCat(process.pid, "/fd"));
  const absl::StatusOr<std::vector<DirectoryEntry>> entries =
      descriptors.ok() ? (*descriptors)->List("") : descriptors.status();
  if (!entries.ok()) {
    result.unreadable = !absl::IsNotFound(entries.status());  // it ended
    return result;
  }
  for (const DirectoryEntry& entry : *entries) {
    uint32_t number = 0;
    if (!absl::SimpleAtoi(entry.name, &number)) continue;
    const absl::StatusOr<uint64_t> inode = SocketBehind(**descriptors, entry.name);
    if (absl::IsPermissionDenied(inode.status())) {  // listing takes less than following
      result.unreadable = true;
      break;
    }
    if (inode.ok() && wanted.count(*inode) != 0) result.listeners.emplace_back(number, *inode);
  }
  return result;
}

std::unordered_set<uint64_t> SocketOwners::Unowned(const std::unordered_set<uint64_t>& wanted) const {
  std::unordered_set<uint64_t> unowned = wanted;
  for (const auto& [pid, known] : known_) {
    for (const Descriptor& listener : known.listeners) unowned.erase(listener.second);
  }
  return unowned;
}

SocketOwners::Owners SocketOwners::Result() const {
  Owners owners;
  for (const auto& [pid, known] : known_) {
    owners.incomplete = owners.incomplete || known.unreadable;
    for (const Descriptor& listener : known.listeners) {
      std::vector<uint32_t>& pids = owners.pids[listener.second];
      if (pids.empty() || pids.back() != pid) pids.push_back(pid);
    }
  }
  return owners;
}

}  // namespace rollcall
