// Files of an archive that write what they were not given, when told to.
#ifndef ROLLCALL_TESTS_SIMULATOR_GARBLING_FILES_H_
#define ROLLCALL_TESTS_SIMULATOR_GARBLING_FILES_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/archive/archive_files.h"

namespace rollcall::simulator {

class GarblingFiles : public ArchiveFiles {
 public:
  // `files` is how many new files are garbled from now on; it counts down, and outlives the object.
  GarblingFiles(std::unique_ptr<ArchiveFiles> real, int64_t* files) : real_(std::move(real)), files_(files) {}

  absl::Status Lock() override { return real_->Lock(); }
  absl::Status MakeFolders(const std::string& path) override { return real_->MakeFolders(path); }
  absl::StatusOr<std::unique_ptr<NewArchiveFile>> Create(const std::string& path) override {
    absl::StatusOr<std::unique_ptr<NewArchiveFile>> file = real_->Create(path);
    if (!file.ok() || *files_ == 0) return file;
    --*files_;
    return std::make_unique<GarbledFile>(*std::move(file));
  }
  absl::StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path) override { return real_->Open(path); }
  absl::Status Rename(const std::string& from, const std::string& to) override { return real_->Rename(from, to); }
  absl::Status Remove(const std::string& path) override { return real_->Remove(path); }
  absl::Status RemoveFolder(const std::string& path) override { return real_->RemoveFolder(path); }
  absl::StatusOr<std::vector<ArchiveEntry>> List(const std::string& folder) override { return real_->List(folder); }
  absl::Status SyncFolder(const std::string& folder) override { return real_->SyncFolder(folder); }

 private:
  class GarbledFile : public NewArchiveFile {
   public:
    explicit GarbledFile(std::unique_ptr<NewArchiveFile> real) : real_(std::move(real)) {}
    absl::Status Write(absl::string_view bytes) override {
      std::string garbled(bytes);
      if (!garbled.empty()) garbled[garbled.size() / 2] ^= 4;
      return real_->Write(garbled);
    }
    absl::Status Sync() override { return real_->Sync(); }

   private:
    const std::unique_ptr<NewArchiveFile> real_;
  };

  const std::unique_ptr<ArchiveFiles> real_;
  int64_t* const files_;
};

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_GARBLING_FILES_H_
