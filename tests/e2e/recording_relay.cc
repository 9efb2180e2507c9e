#include "tests/e2e/recording_relay.h"

#include "absl/strings/str_cat.h"

namespace rollcall {

RecordingRelay::RecordingRelay(int backend_port)
    : backend_port_(backend_port),
      server_([this](const LoopbackServer& server, int agent) { Forward(server, agent); }) {}

std::vector<RecordingRelay::Capture> RecordingRelay::Captures() const {
  const std::lock_guard lock(mutex_);
  std::vector<Capture> captures;
  for (const Capture& capture : captures_) {
    if (!capture.to_backend.empty() || !capture.to_agent.empty()) captures.push_back(capture);
  }
  return captures;
}

void RecordingRelay::Forward(const LoopbackServer& server, int agent) {
  const ScopedFd backend = ConnectToLoopback(backend_port_);
  if (!backend.valid()) return;
  std::unique_lock lock(mutex_);
  Capture* capture = &captures_.emplace_back();
  lock.unlock();
  const auto into = [this](std::string* record) {
    return [this, record](absl::string_view bytes) {
      const std::lock_guard guard(mutex_);
      record->append(bytes.data(), bytes.size());
    };
  };
  server.Tunnel(agent, backend.get(), into(&capture->to_backend), into(&capture->to_agent));
}

std::string TlsFlaw(const std::string& bytes) {
  constexpr size_t kHeader = 5;
  constexpr size_t kMaxRecord = (size_t{1} << 14) + 256;
  size_t at = 0;
  while (at + kHeader <= bytes.size()) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[at + i]); };
    const int type = byte(0);  // RFC 8446, section 5.1
    const size_t size = size_t{byte(3)} * 256 + byte(4);
    if (at == 0 && type != 0x16) return absl::StrCat("the first record has type ", type, ", not handshake");
    if (type < 0x14 || type > 0x17) return absl::StrCat("record at ", at, " has type ", type);
    if (byte(1) != 3) return absl::StrCat("record at ", at, " has version ", byte(1), ".", byte(2));
    if (size == 0 || size > kMaxRecord) return absl::StrCat("record at ", at, " has ", size, " bytes");
    at += kHeader + size;
  }
  return at == 0 ? "no record" : "";
}

}  // namespace rollcall
