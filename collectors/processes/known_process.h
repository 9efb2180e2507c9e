// What is remembered of a process between two runs.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_KNOWN_PROCESS_H_
#define ROLLCALL_COLLECTORS_PROCESSES_KNOWN_PROCESS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "collectors/processes/image_marker.h"
#include "platform/proc_stat.h"

namespace rollcall {

// A process as the last read found it. There is one for each process of the host, so it is
// kept small: below 1 KiB with all it points to, where arguments and paths are not long.
struct KnownProcess {
  ProcStat stat;
  // The fields of the record that are neither in `stat` nor common to all processes, nor the
  // package, serialized: a message takes several times the memory.
  std::string rest;
  // Path of the executable if that is a file of the host, whose packages then may own it.
  std::string host_executable;
  // Run in which it was last seen; 0 if it was not read completely yet.
  uint64_t seen_run = 0;

  // What follows is the reader's, to find out whether `rest` still holds.
  // Of the line of /proc/PID/stat. A process that has not run since has the same.
  size_t stat_hash = 0;
  ImageMarker image;
  // Where the names in `rest` are from: the host, or the process's own root in its mount
  // namespace.
  bool host_names = false;
  // A thread of the kernel: nothing more is known of it.
  bool kernel_thread = false;
  // Had run for a while, and nothing is to be tried again, when it was read completely.
  bool settled = false;
  // Bits by unreadable field.
  uint16_t unreadable = 0;
  uint64_t names_version = 0;
  uint64_t mount_namespace = 0;
  std::string root;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_KNOWN_PROCESS_H_
