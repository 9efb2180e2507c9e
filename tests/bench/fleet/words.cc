#include "tests/bench/fleet/words.h"

#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr absl::string_view kWords[] = {
    "access",    "account",   "adapter", "agent",     "alert",    "alpha",    "archive", "audio",    "audit",
    "base",      "batch",     "binary",  "block",     "boot",     "bridge",   "broker",  "buffer",   "build",
    "cache",     "canvas",    "cipher",  "client",    "clock",    "cloud",    "cluster", "codec",    "collect",
    "color",     "command",   "common",  "compile",   "config",   "connect",  "console", "control",  "core",
    "counter",   "crypto",    "daemon",  "data",      "debug",    "decoder",  "default", "device",   "dialog",
    "directory", "disk",      "display", "domain",    "driver",   "editor",   "element", "encoder",  "engine",
    "event",     "export",    "extra",   "factory",   "fetch",    "field",    "file",    "filter",   "firmware",
    "folder",    "font",      "format",  "frame",     "gateway",  "generic",  "graph",   "group",    "handler",
    "hash",      "header",    "helper",  "history",   "host",     "image",    "import",  "index",    "input",
    "install",   "inventory", "journal", "kernel",    "key",      "label",    "layer",   "layout",   "library",
    "line",      "link",      "list",    "loader",    "locale",   "lock",     "log",     "login",    "machine",
    "manager",   "map",       "markup",  "media",     "memory",   "message",  "metric",  "mirror",   "module",
    "monitor",   "mount",     "network", "node",      "notify",   "number",   "object",  "option",   "output",
    "package",   "page",      "parser",  "partition", "password", "patch",    "path",    "pipe",     "plugin",
    "pointer",   "policy",    "pool",    "port",      "print",    "process",  "profile", "program",  "proxy",
    "query",     "queue",     "random",  "reader",    "record",   "recovery", "region",  "registry", "release",
    "remote",    "render",    "report",  "request",   "resource", "router",   "runtime", "sample",   "schedule",
    "schema",    "screen",    "script",  "search",    "security", "sensor",   "server",  "service",  "session",
    "shadow",    "share",     "shell",   "signal",    "simple",   "snapshot", "socket",  "source",   "spool",
    "stack",     "standard",  "state",   "storage",   "stream",   "string",   "style",   "support",  "switch",
    "symbol",    "system",    "table",   "target",    "task",     "terminal", "test",    "text",     "theme",
    "thread",    "timer",     "token",   "tool",      "trace",    "transfer", "tree",    "trigger",  "tunnel",
    "type",      "update",    "upload",  "user",      "utility",  "value",    "vector",  "version",  "video",
    "virtual",   "volume",    "watch",   "web",       "widget",   "window",   "worker",  "wrapper",  "writer",
    "zone"};

constexpr uint64_t kMaintainers = 80;

}  // namespace

uint64_t WordSource::Next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

absl::string_view WordSource::Word() { return kWords[Below(std::size(kWords))]; }

std::string WordSource::Sentence(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, i == 0 ? "" : " ", Word());
  return text;
}

std::string WordSource::Hex(int digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(static_cast<size_t>(digits));
  for (uint64_t bits = 0; digits > 0; --digits, bits >>= 4) {
    if (text.size() % 16 == 0) bits = Next();
    text.push_back(kDigits[bits & 15]);
  }
  return text;
}

std::string WordSource::Maintainer() {
  WordSource person(Below(kMaintainers));
  const absl::string_view team = person.Word();
  const absl::string_view subject = person.Word();
  return absl::StrCat("The ", subject, " ", team, " maintainers <pkg-", team, "-", subject, "@lists.example.org>");
}

uint64_t MixSeed(uint64_t a, uint64_t b) { return WordSource(a ^ (b * 0xd6e8feb86659fd93)).Next(); }

}  // namespace rollcall
