#include <prometheus/exposer.h>
#include <prometheus/registry.h>

#include <exception>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/metrics/backend_metrics.h"

namespace rollcall {
namespace {

constexpr size_t kThreads = 1;

bool IsLoopback(absl::string_view address) {
  return absl::StartsWith(address, "127.") || absl::StartsWith(address, "[::1]:");
}

class PrometheusEndpoint : public MetricsEndpoint {
 public:
  explicit PrometheusEndpoint(std::unique_ptr<prometheus::Exposer> exposer)
      : exposer_(std::move(exposer)), port_(exposer_->GetListeningPorts().front()) {}
  int port() const override { return port_; }

 private:
  const std::unique_ptr<prometheus::Exposer> exposer_;
  const int port_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> ServeMetrics(const BackendMetrics& metrics,
                                                              const std::string& address) {
  if (!IsLoopback(address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("serve metrics on ", address, ": only loopback addresses are allowed, such as 127.0.0.1:9464"));
  }
  // The library reports a taken port by throwing.
  try {
    auto exposer = std::make_unique<prometheus::Exposer>(address, kThreads);
    exposer->RegisterCollectable(metrics.registry());
    return std::unique_ptr<MetricsEndpoint>(std::make_unique<PrometheusEndpoint>(std::move(exposer)));
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("serve metrics on ", address, ": ", error.what()));
  }
}

}  // namespace rollcall
