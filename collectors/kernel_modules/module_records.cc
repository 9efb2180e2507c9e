#include "collectors/kernel_modules/module_records.h"

#include "collectors/kernel_modules/module_taints.h"

namespace rollcall {
namespace {

using rollcall::v1::KernelModule;

void SetTaints(const std::string& letters, KernelModule* record) {
  record->set_taint_letters(letters);
  const std::vector<std::string> names = TaintNames(letters);
  record->mutable_taints()->Assign(names.begin(), names.end());
}

void AddProc(const ProcModule& module, KernelModule* record) {
  record->set_state(module.state);
  if (module.size_bytes) record->set_size_bytes(*module.size_bytes);
  if (module.refcount) record->set_refcount(*module.refcount);
  record->mutable_used_by()->Assign(module.used_by.begin(), module.used_by.end());
  record->set_permanent(module.permanent);
  SetTaints(module.taint_letters, record);
}

// A module that /proc/modules does not show.
void AddLoaded(const SysfsModule& module, KernelModule* record) {
  record->set_state(module.state);
  if (module.size_bytes) record->set_size_bytes(*module.size_bytes);
  if (module.refcount) record->set_refcount(*module.refcount);
  record->mutable_used_by()->Assign(module.holders.begin(), module.holders.end());
  SetTaints(module.taint_letters, record);
}

void AddModinfo(const Modinfo& info, KernelModule* record) {
  record->set_licence(info.licence);
  record->set_description(info.description);
  record->set_vermagic(info.vermagic);
  record->mutable_depends()->Assign(info.depends.begin(), info.depends.end());
  if (record->version().empty()) record->set_version(info.version);
  if (record->srcversion().empty()) record->set_srcversion(info.srcversion);
}

}  // namespace

ModuleRecords MakeModuleRecords(const ModuleViews& views, const KernelFolder& folder) {
  ModuleRecords records;
  for (const ProcModule& module : views.proc.modules) AddProc(module, &records[module.name]);
  for (const auto& [name, module] : views.sysfs.modules) {
    const auto [entry, only_here] = records.try_emplace(name);
    KernelModule& record = entry->second;
    if (only_here && module.loadable) AddLoaded(module, &record);
    record.set_builtin(only_here && !module.loadable);
    record.set_version(module.version);
    record.set_srcversion(module.srcversion);
    record.mutable_parameters()->Assign(module.parameters.begin(), module.parameters.end());
  }
  for (const std::string& name : folder.builtin) {
    const auto [entry, is_new] = records.try_emplace(name);
    if (is_new) entry->second.set_builtin(true);
  }
  for (auto& [name, record] : records) {
    record.set_name(name);
    if (record.builtin()) {
      const auto info = folder.builtin_info.find(name);
      if (info != folder.builtin_info.end()) AddModinfo(info->second, &record);
    } else if (const auto path = folder.paths.find(name); path != folder.paths.end()) {
      record.set_file_path(path->second);
    }
    if (const auto hidden = views.hidden.find(name); hidden != views.hidden.end()) {
      record.set_hidden(true);
      record.set_missing_from(hidden->second);
    }
  }
  return records;
}

void AddFile(const ModuleFile& file, KernelModule* record) {
  record->set_file_sha256(file.sha256);
  record->set_file_differs(!record->srcversion().empty() && !file.info.srcversion.empty() &&
                           record->srcversion() != file.info.srcversion);
  // Without a section that could be read nothing is known of the module's origin.
  if (!file.info.vermagic.empty()) record->set_in_tree(file.info.in_tree);
  AddModinfo(file.info, record);
  if (file.signature) *record->mutable_signature() = *file.signature;
}

}  // namespace rollcall
