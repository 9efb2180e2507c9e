// The HTTP proxy on the way to the backend.
#ifndef ROLLCALL_AGENT_TRANSPORT_HTTP_PROXY_H_
#define ROLLCALL_AGENT_TRANSPORT_HTTP_PROXY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// `proxy`, http://HOST:PORT, with `credentials` put in as gRPC takes them. `credentials` is the
// content of a file: `user:password`, and perhaps a line end; empty for none. InvalidArgument for
// credentials gRPC cannot pass on, because it would then go round the proxy; the message does not
// contain them.
absl::StatusOr<std::string> ProxyUri(absl::string_view proxy, absl::string_view credentials);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_HTTP_PROXY_H_
