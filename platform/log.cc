#include "platform/log.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <ostream>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rollcall {
namespace {

// Longest value kept; the rest says nothing a reader of logs needs.
constexpr size_t kMaxValueBytes = 4096;
// Event ids are literals, so there are few; a caller who makes them up must not grow the map.
constexpr size_t kMaxRateLimitedEvents = 1024;

// Bytes of the valid UTF-8 sequence at the start of `text`, and its code point; 0 if invalid.
size_t DecodeUtf8(absl::string_view text, uint32_t* code_point) {
  const auto lead = static_cast<unsigned char>(text[0]);
  size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    *code_point = lead & 0x1FU;
  } else if ((lead & 0xF0U) == 0xE0) {
    length = 3;
    *code_point = lead & 0x0FU;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    *code_point = lead & 0x07U;
  }
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80) return 0;
    *code_point = (*code_point << 6U) | (byte & 0x3FU);
  }
  const bool overlong = (length == 3 && *code_point < 0x800) || (length == 4 && *code_point < 0x10000);
  const bool surrogate = *code_point >= 0xD800 && *code_point <= 0xDFFF;
  return overlong || surrogate || *code_point > 0x10FFFF ? 0 : length;
}

void AppendAscii(char c, std::string& out) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

// Direction overrides and line separators change how the rest of the line is shown.
bool NeedsEscape(uint32_t code_point) {
  return code_point < 0xA0 || (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

}  // namespace

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (name == LogLevelName(level)) return level;
  }
  return absl::InvalidArgumentError("parse log level: not one of debug, info, warning, error");
}

void AppendJsonString(absl::string_view text, size_t max_bytes, std::string& out) {
  const bool cut = text.size() > max_bytes;
  if (cut) text = text.substr(0, max_bytes);
  out += '"';
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      AppendAscii(text[0], out);
      text.remove_prefix(1);
      continue;
    }
    uint32_t code_point = 0;
    const size_t length = DecodeUtf8(text, &code_point);
    if (length == 0) {
      // A sequence that the cut split is not the input's fault.
      if (!cut || text.size() >= 4) out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (NeedsEscape(code_point)) {
      absl::StrAppendFormat(&out, "\\u%04x", code_point);
    } else {
      out.append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  if (cut) out += "\xE2\x80\xA6";
  out += '"';
}

LogField::LogField(absl::string_view key, absl::string_view value) : key_(key) {
  AppendJsonString(value, kMaxValueBytes, json_);
}
LogField::LogField(absl::string_view key, bool value) : key_(key), json_(value ? "true" : "false") {}
LogField::LogField(absl::string_view key, double value)
    : key_(key), json_(std::isfinite(value) ? absl::StrCat(value) : "null") {}
LogField::LogField(absl::string_view key, absl::Duration value) : LogField(key, absl::ToDoubleSeconds(value)) {}
LogField::LogField(absl::string_view key, absl::Time value)
    : LogField(key, absl::FormatTime(absl::RFC3339_full, value, absl::UTCTimeZone())) {}
LogField::LogField(absl::string_view key, const absl::Status& value) : LogField(key, value.ToString()) {}

LineWriter WriteLinesToFd(int fd) {
  return [fd](absl::string_view line) {
    while (!line.empty()) {
      const ssize_t written = ::write(fd, line.data(), line.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      line.remove_prefix(static_cast<size_t>(written));
    }
  };
}

LineWriter WriteLinesToStream(std::ostream& stream) {
  return [&stream](absl::string_view line) {
    stream.write(line.data(), static_cast<std::streamsize>(line.size()));
    stream.flush();
  };
}

JsonLogger::JsonLogger(LineWriter writer, const Clock* clock, Options options)
    : writer_(std::move(writer)), clock_(clock), options_(options) {}

bool JsonLogger::Admit(absl::string_view event, uint64_t* suppressed) {
  if (options_.burst == 0) return true;
  const absl::Duration now = clock_->Monotonic();
  auto found = bursts_.find(event);
  if (found == bursts_.end()) {
    if (bursts_.size() >= kMaxRateLimitedEvents) bursts_.clear();
    found = bursts_.emplace(std::string(event), Burst{now}).first;
  }
  Burst& burst = found->second;
  if (now - burst.started >= options_.burst_period) {
    burst.started = now;
    burst.lines = 0;
  }
  if (burst.lines >= options_.burst) {
    ++burst.suppressed;
    return false;
  }
  ++burst.lines;
  *suppressed = std::exchange(burst.suppressed, 0);
  return true;
}

void JsonLogger::Log(LogLevel level, absl::string_view event, absl::string_view message,
                     absl::Span<const LogField> fields) {
  if (level < options_.min_level) return;
  std::string line =
      absl::StrCat(R"({"time":")", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", clock_->Now(), absl::UTCTimeZone()),
                   R"(","level":")", LogLevelName(level), R"(","event":)");
  AppendJsonString(event, kMaxValueBytes, line);
  line += R"(,"message":)";
  AppendJsonString(message, kMaxValueBytes, line);
  for (const LogField& field : fields) {
    line += ',';
    AppendJsonString(field.key(), kMaxValueBytes, line);
    line += ':';
    line += field.json();
  }
  const std::lock_guard lock(mutex_);
  uint64_t suppressed = 0;
  if (!Admit(event, &suppressed)) return;
  if (suppressed > 0) absl::StrAppend(&line, R"(,"suppressed":)", suppressed);
  line += "}\n";
  writer_(line);
}

}  // namespace rollcall
