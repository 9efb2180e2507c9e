// A few threads for work that blocks.
#ifndef ROLLCALL_BACKEND_QUERY_WORK_POOL_H_
#define ROLLCALL_BACKEND_QUERY_WORK_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rollcall {

// Thread-safe.
class WorkPool {
 public:
  WorkPool(size_t threads, size_t max_waiting);
  // Finishes what was taken.
  ~WorkPool();

  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // Runs `work` on one of the threads. False, without running it, if too much waits already or
  // the pool is stopped.
  bool Submit(std::function<void()> work);
  // Takes nothing more and returns once everything taken is done. Idempotent.
  void Stop();

 private:
  void Run();

  const size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool stopped_ = false;
  std::mutex join_mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_WORK_POOL_H_
