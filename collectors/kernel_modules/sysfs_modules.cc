#include "collectors/kernel_modules/sysfs_modules.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/secret_like.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using rollcall::v1::KernelModule;
using rollcall::v1::ModuleParameter;

constexpr char kFolder[] = "/sys/module";
// sysfs gives one page.
constexpr size_t kMaxAttributeBytes = 64 << 10;
constexpr size_t kMaxParameters = 1'000;
constexpr size_t kModulesBetweenStopChecks = 32;

// Content of an attribute without its newline; "" if it is not there.
absl::StatusOr<std::string> ReadAttribute(const DirectoryView& folder, absl::string_view name) {
  std::string text;
  bool truncated = false;
  absl::Status status = folder.Read(name, kMaxAttributeBytes, &text, &truncated);
  if (absl::IsNotFound(status)) return std::string();
  if (!status.ok()) return status;
  return std::string(absl::StripSuffix(text, "\n"));
}

// As ReadAttribute for what is worth nothing if it cannot be read.
std::string ReadText(const DirectoryView& folder, absl::string_view name) {
  const absl::StatusOr<std::string> text = ReadAttribute(folder, name);
  return text.ok() ? ToRecordText(*text) : "";
}

template <typename Number>
std::optional<Number> ReadNumber(const DirectoryView& folder, absl::string_view name) {
  Number number = 0;
  const absl::StatusOr<std::string> text = ReadAttribute(folder, name);
  if (!text.ok() || !absl::SimpleAtoi(*text, &number)) return std::nullopt;
  return number;
}

KernelModule::State StateOf(absl::string_view word) {
  if (word == "live") return KernelModule::LIVE;
  if (word == "coming") return KernelModule::LOADING;
  if (word == "going") return KernelModule::UNLOADING;
  return KernelModule::STATE_UNSPECIFIED;
}

class Reader {
 public:
  Reader(const FileTree& files, SysfsModules* result) : files_(files), result_(result) {}

  absl::Status Read(const std::string& name) {
    const std::string path = absl::StrCat(kFolder, "/", name);
    const auto folder = files_.OpenDirectory(path);
    if (!folder.ok()) return folder.status();
    const absl::StatusOr<std::string> state = ReadAttribute(**folder, "initstate");
    if (!state.ok()) return state.status();
    SysfsModule module;
    module.loadable = !state->empty();
    module.state = StateOf(*state);
    if (module.loadable) ReadLoaded(**folder, &module);
    module.version = ReadText(**folder, "version");
    module.srcversion = ReadText(**folder, "srcversion");
    ReadParameters(path, **folder, &module);
    result_->modules[ToRecordText(name)] = std::move(module);
    return absl::OkStatus();
  }

 private:
  static void ReadLoaded(const DirectoryView& folder, SysfsModule* module) {
    module->size_bytes = ReadNumber<uint64_t>(folder, "coresize");
    module->refcount = ReadNumber<uint32_t>(folder, "refcnt");
    for (const char letter : ReadText(folder, "taint")) {
      if (absl::ascii_isupper(static_cast<unsigned char>(letter))) module->taint_letters.push_back(letter);
    }
    const auto holders = folder.List("holders");
    if (!holders.ok()) return;
    for (const DirectoryEntry& holder : *holders) module->holders.push_back(ToRecordText(holder.name));
  }

  void ReadParameters(const std::string& path, const DirectoryView& folder, SysfsModule* module) {
    const auto entries = folder.List("parameters");
    if (!entries.ok()) return Refuse(absl::StrCat(path, "/parameters"), entries.status());
    for (const DirectoryEntry& entry : *entries) {
      if (module->parameters.size() >= kMaxParameters) return;
      module->parameters.emplace_back();
      ReadParameter(path, folder, entry.name, &module->parameters.back());
    }
  }

  void ReadParameter(const std::string& path, const DirectoryView& folder, const std::string& name,
                     ModuleParameter* parameter) {
    parameter->set_name(ToRecordText(name));
    if (NameSuggestsSecret(name)) return;
    const std::string file = absl::StrCat("parameters/", name);
    const absl::StatusOr<std::string> value = ReadAttribute(folder, file);
    if (value.ok()) {
      parameter->set_value(ToRecordText(*value));
      return;
    }
    // Parameters that can only be written are no loss; nor is one whose owner fails to say.
    const absl::StatusOr<FileInfo> info = folder.Stat(file);
    constexpr uint32_t kReadBits = 0444;
    if (info.ok() && (info->mode & kReadBits) != 0) Refuse(absl::StrCat(path, "/", file), value.status());
  }

  void Refuse(std::string path, const absl::Status& status) {
    if (!absl::IsPermissionDenied(status) || result_->refused_parameter) return;
    result_->refused_parameter.emplace(std::move(path), status);
  }

  const FileTree& files_;
  SysfsModules* const result_;
};

}  // namespace

absl::StatusOr<SysfsModules> ReadSysfsModules(const FileTree& files, const StopToken& stop) {
  const auto entries = files.List(kFolder);
  if (!entries.ok()) return entries.status();
  SysfsModules result;
  Reader reader(files, &result);
  size_t done = 0;
  for (const DirectoryEntry& entry : *entries) {
    if (done++ % kModulesBetweenStopChecks == 0 && stop.stop_requested()) {
      return absl::CancelledError("read /sys/module: stopped");
    }
    const absl::Status status = reader.Read(entry.name);
    if (status.ok() || absl::IsNotFound(status)) continue;
    result.problems.emplace_back(absl::StrCat(kFolder, "/", ToRecordText(entry.name)), status);
  }
  return result;
}

}  // namespace rollcall
