#include "collectors/kernel_modules/kernel_folder.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/kernel_modules/module_index.h"

namespace rollcall {
namespace {

constexpr char kReleasePath[] = "/proc/sys/kernel/osrelease";
constexpr size_t kMaxReleaseBytes = 256;
constexpr char kRemedy[] =
    "install the modules of the running kernel, and show the agent the host's /lib/modules, to know files, signatures "
    "and what is built in";

absl::StatusOr<std::string> ReadRelease(const FileTree& files) {
  absl::StatusOr<std::string> text = files.ReadFile(kReleasePath, kMaxReleaseBytes);
  if (!text.ok()) return text.status();
  std::string release(absl::StripAsciiWhitespace(*text));
  // It becomes part of a path.
  if (release.empty() || release.front() == '.' || absl::StrContains(release, '/')) {
    return absl::InvalidArgumentError(absl::StrCat("read ", kReleasePath, ": not a release"));
  }
  return release;
}

std::string FindFolder(const FileTree& files, const std::string& release) {
  std::string folder = absl::StrCat("/lib/modules/", release);
  const std::string other = absl::StrCat("/usr/lib/modules/", release);
  return !files.Stat(folder).ok() && files.Stat(other).ok() ? other : folder;
}

// One of the folder's files. Empty, and reported, if it cannot be read.
std::string ReadIndex(const FileTree& files, const std::string& path, bool names_modules, RunReport& report) {
  absl::StatusOr<std::string> text = files.ReadFile(path, kMaxFileBytes);
  if (text.ok()) return *std::move(text);
  if (names_modules) {
    report.AddProblem(path, text.status(), kRemedy);
  } else {
    report.AddDegradation(path, text.status(), kRemedy);
  }
  return "";
}

void ReportDamage(const std::string& path, uint64_t damaged, bool names_modules, RunReport& report) {
  if (damaged == 0) return;
  const absl::Status status = absl::InvalidArgumentError(absl::StrCat("parse ", path, ": damaged entries: ", damaged));
  if (names_modules) {
    report.AddProblem(path, status);
  } else {
    report.AddDegradation(path, status, "run depmod(8), or install the kernel's package again");
  }
}

}  // namespace

KernelFolder ReadKernelFolder(const FileTree& files, bool loads_modules, RunReport& report) {
  KernelFolder result;
  const absl::StatusOr<std::string> release = ReadRelease(files);
  if (!release.ok()) {
    report.AddProblem(kReleasePath, release.status(), kRemedy);
    return result;
  }
  const std::string folder = FindFolder(files, *release);
  if (const absl::StatusOr<FileInfo> info = files.Stat(folder); absl::IsNotFound(info.status())) {
    if (loads_modules) {
      report.AddProblem(folder, info.status(), kRemedy);
    } else {
      report.AddDegradation(folder, info.status(), kRemedy);
    }
    return result;
  }
  const std::string dep_path = absl::StrCat(folder, "/modules.dep");
  ModulesDep dep = ParseModulesDep(ReadIndex(files, dep_path, /*names_modules=*/false, report));
  ReportDamage(dep_path, dep.damaged, /*names_modules=*/false, report);
  for (auto& [name, path] : dep.paths) {
    result.paths[name] = absl::StartsWith(path, "/") ? std::move(path) : absl::StrCat(folder, "/", path);
  }
  const std::string builtin_path = absl::StrCat(folder, "/modules.builtin");
  ModulesBuiltin builtin = ParseModulesBuiltin(ReadIndex(files, builtin_path, /*names_modules=*/true, report));
  ReportDamage(builtin_path, builtin.damaged, /*names_modules=*/true, report);
  result.builtin = std::move(builtin.names);
  // Kernels before 5.2 have none.
  const std::string modinfo_path = absl::StrCat(folder, "/modules.builtin.modinfo");
  if (absl::IsNotFound(files.Stat(modinfo_path).status())) return result;
  BuiltinModinfoParse info = ParseBuiltinModinfo(ReadIndex(files, modinfo_path, /*names_modules=*/false, report));
  ReportDamage(modinfo_path, info.damaged, /*names_modules=*/false, report);
  result.builtin_info = std::move(info.modules);
  return result;
}

}  // namespace rollcall
