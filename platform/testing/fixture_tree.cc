#include "platform/testing/fixture_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"

namespace rollcall {
namespace {

void DieUnless(bool good, absl::string_view what, absl::string_view path) {
  if (good) return;
  std::fprintf(stderr, "%s\n", ErrnoStatus(errno, what, path).ToString().c_str());
  std::abort();
}

}  // namespace

FixtureTree::FixtureTree(PathResolver resolver) {
  const char* parent = std::getenv("TMPDIR");
  root_ = absl::StrCat(parent != nullptr ? parent : "/tmp", "/rollcall-fixture-XXXXXX");
  DieUnless(::mkdtemp(root_.data()) != nullptr, "make fixture", root_);
  auto tree = HostRoot::Create(root_, resolver);
  if (!tree.ok()) {
    std::fprintf(stderr, "%s\n", tree.status().ToString().c_str());
    std::abort();
  }
  tree_ = *std::move(tree);
}

FixtureTree::~FixtureTree() {
  std::error_code ignored;
  // Directories that a test closed must be opened again before they can be emptied.
  for (std::filesystem::recursive_directory_iterator it(root_, ignored), end; it != end; it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) ::chmod(it->path().c_str(), 0700);
  }
  std::filesystem::remove_all(root_, ignored);
}

void FixtureTree::MakeParents(absl::string_view path) {
  const std::string parent = OnDisk(path.substr(0, path.rfind('/')));
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  DieUnless(!error, "make directory", parent);
}

void FixtureTree::SetFile(absl::string_view path, absl::string_view content) {
  MakeParents(path);
  const std::string file = OnDisk(path);
  const ScopedFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  DieUnless(fd.valid(), "create", file);
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    DieUnless(written > 0, "write", file);
    content.remove_prefix(static_cast<size_t>(written));
  }
}

void FixtureTree::SetDirectory(absl::string_view path) { MakeParents(absl::StrCat(path, "/")); }

void FixtureTree::SetSymlink(absl::string_view path, absl::string_view target) {
  MakeParents(path);
  Unset(path);
  DieUnless(::symlink(std::string(target).c_str(), OnDisk(path).c_str()) == 0, "link", path);
}

void FixtureTree::MakeCyclicSymlink(absl::string_view path) {
  const std::string back = absl::StrCat(path, "-back");
  SetSymlink(path, back);
  SetSymlink(back, path);
}

void FixtureTree::SetFifo(absl::string_view path) {
  MakeParents(path);
  Unset(path);
  DieUnless(::mkfifo(OnDisk(path).c_str(), 0644) == 0, "make FIFO", path);
}

void FixtureTree::SetMode(absl::string_view path, mode_t mode) {
  DieUnless(::chmod(OnDisk(path).c_str(), mode) == 0, "change mode of", path);
}

void FixtureTree::Unset(absl::string_view path) {
  std::error_code error;
  std::filesystem::remove_all(OnDisk(path), error);
  DieUnless(!error, "remove", path);
}

}  // namespace rollcall
