// Structured log: one JSON object a line.
#ifndef ROLLCALL_PLATFORM_LOG_H_
#define ROLLCALL_PLATFORM_LOG_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <mutex>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/clock.h"

namespace rollcall {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// `debug`, `info`, `warning` or `error`.
absl::string_view LogLevelName(LogLevel level);
// Inverse of LogLevelName; InvalidArgument for anything else.
absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name);

// Appends `text` to `out` as a quoted JSON string. The result is ASCII controls-free UTF-8
// whatever the bytes: an invalid sequence becomes U+FFFD, so a hostile file name cannot forge
// a line or drive a terminal. Past `max_bytes` of input the string is cut and ends in U+2026.
void AppendJsonString(absl::string_view text, size_t max_bytes, std::string& out);

// A key with its value, rendered at once. Keys are lower_snake_case literals.
class LogField {
 public:
  LogField(absl::string_view key, absl::string_view value);
  LogField(absl::string_view key, const char* value) : LogField(key, absl::string_view(value)) {}
  LogField(absl::string_view key, const std::string& value) : LogField(key, absl::string_view(value)) {}
  LogField(absl::string_view key, bool value);
  LogField(absl::string_view key, double value);
  // In seconds.
  LogField(absl::string_view key, absl::Duration value);
  // RFC 3339, UTC.
  LogField(absl::string_view key, absl::Time value);
  // `CODE: message`.
  LogField(absl::string_view key, const absl::Status& value);
  template <typename T, typename = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
  LogField(absl::string_view key, T value) : key_(key), json_(std::to_string(value)) {}

  absl::string_view key() const { return key_; }
  // The value as JSON text.
  const std::string& json() const { return json_; }

 private:
  absl::string_view key_;
  std::string json_;
};

// Where diagnostics go. Thread-safe. Never receives secrets or file content.
class Logger {
 public:
  virtual ~Logger() = default;

  // `event` is a stable dotted id such as `spool.full` that alerts may match; `message` is for
  // people and may change.
  virtual void Log(LogLevel level, absl::string_view event, absl::string_view message,
                   absl::Span<const LogField> fields) = 0;

  void Debug(absl::string_view event, absl::string_view message, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kDebug, event, message, fields);
  }
  void Info(absl::string_view event, absl::string_view message, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kInfo, event, message, fields);
  }
  void Warning(absl::string_view event, absl::string_view message, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kWarning, event, message, fields);
  }
  void Error(absl::string_view event, absl::string_view message, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kError, event, message, fields);
  }
};

// Takes one finished line, newline included.
using LineWriter = std::function<void(absl::string_view line)>;
// Writes to a descriptor, which stays the caller's. One write(2) a line; lines that cannot be
// written are lost, since there is nowhere left to say so.
LineWriter WriteLinesToFd(int fd);
// Writes to a stream, which must outlive the logger, and flushes.
LineWriter WriteLinesToStream(std::ostream& stream);

// Writes `{"time":…,"level":…,"event":…,"message":…,<fields>}`.
class JsonLogger : public Logger {
 public:
  struct Options {
    LogLevel min_level = LogLevel::kInfo;
    // Lines of one event id per `burst_period`; the rest are counted and the next line of that
    // event carries `"suppressed":N`. 0: no limit. Errors count too: a full disk must not fill
    // the journal as well.
    uint32_t burst = 0;
    absl::Duration burst_period = absl::Minutes(1);
  };

  // `clock` must outlive the logger.
  JsonLogger(LineWriter writer, const Clock* clock, Options options);
  JsonLogger(LineWriter writer, const Clock* clock) : JsonLogger(std::move(writer), clock, Options()) {}

  void Log(LogLevel level, absl::string_view event, absl::string_view message,
           absl::Span<const LogField> fields) override;

 private:
  struct Burst {
    absl::Duration started;
    uint32_t lines = 0;
    uint64_t suppressed = 0;
  };

  // True if the line may be written; `*suppressed` is how many were not since the last.
  bool Admit(absl::string_view event, uint64_t* suppressed);

  const LineWriter writer_;
  const Clock* const clock_;
  const Options options_;
  std::mutex mutex_;
  std::map<std::string, Burst, std::less<>> bursts_;
};

// Says nothing.
class NullLogger : public Logger {
 public:
  void Log(LogLevel, absl::string_view, absl::string_view, absl::Span<const LogField>) override {}
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_LOG_H_
