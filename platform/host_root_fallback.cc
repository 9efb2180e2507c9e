// Path resolution for kernels without openat2(2).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <deque>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "platform/fd_io.h"
#include "platform/host_root_resolve.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

// Bytes of path still to walk: each of 40 links may add PATH_MAX, which no honest tree does.
constexpr size_t kMaxPendingComponents = size_t{4} * PATH_MAX;

// Walks one path. The directories passed are kept open, so that `..` goes back to the one that
// was passed, whatever happened to it since, and cannot go above the root.
class Walk {
 public:
  Walk(int root, bool follow) : root_(root), follow_(follow) {}

  // Descriptor or negative errno.
  int Run(absl::string_view path) {
    Push(path);
    while (!pending_.empty()) {
      const std::string name = std::move(pending_.front());
      pending_.pop_front();
      const int error = Step(name);
      if (error != 0) return -error;
    }
    if (passed_.empty()) {
      const int fd = ::openat(root_, ".", O_PATH | O_CLOEXEC);
      return fd >= 0 ? fd : -errno;
    }
    return passed_.back().Release();
  }

 private:
  int top() const { return passed_.empty() ? root_ : passed_.back().get(); }

  void Push(absl::string_view path) {
    const std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
    pending_.insert(pending_.begin(), parts.begin(), parts.end());
  }

  // Returns 0 or an errno value.
  int Step(const std::string& name) {
    // Even `.` and `..` need the directory to be one, and to be searchable.
    ScopedFd fd(::openat(top(), name == ".." ? "." : name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return errno;
    if (name == ".") return 0;
    if (name == "..") {
      if (!passed_.empty()) passed_.pop_back();
      return 0;
    }
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) return errno;
    const bool keep = !S_ISLNK(info.st_mode) || (pending_.empty() && !follow_);
    if (!keep) return FollowLink(fd.get());
    passed_.push_back(std::move(fd));
    return 0;
  }

  int FollowLink(int link) {
    if (++links_ > kMaxLinks) return ELOOP;
    std::string target;
    const int error = ReadLinkFd(link, "", &target);
    if (error != 0) return error;
    if (target.empty()) return ENOENT;
    // Where a magic link leads is not what its text says. The ordinary links of /proc, such as
    // `self`, `mounts` and `net`, are plain relative paths.
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(target[0])) && !absl::StrContains(target, ':');
    if (IsOnProcfs(link) && !plain) return ELOOP;
    if (target[0] == '/') passed_.clear();
    Push(target);
    // A link to `dir/` must be a directory even as the last component.
    if (target.back() == '/') pending_.emplace_back(".");
    return pending_.size() > kMaxPendingComponents ? ENAMETOOLONG : 0;
  }

  const int root_;
  const bool follow_;
  int links_ = 0;
  std::vector<ScopedFd> passed_;
  std::deque<std::string> pending_;
};

}  // namespace

int ResolveByComponents(int root, const std::string& path, bool follow) { return Walk(root, follow).Run(path); }

}  // namespace rollcall
