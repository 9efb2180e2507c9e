#include "backend/engine/archived_row.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"
#include "rollcall/v1/archived_row.pb.h"

namespace rollcall {
namespace {

template <typename Bytes>
std::string TextOf(const Bytes& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

template <typename Bytes>
bool TakeBytes(const std::string& text, Bytes* bytes) {
  if (text.size() != bytes->size()) return false;
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(bytes->data()));
  return true;
}

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(absl::StrCat("read archived row: ", what)); }

absl::StatusOr<absl::Time> TimeOf(const google::protobuf::Timestamp& wire) {
  const std::optional<absl::Time> time = FromWire(wire);
  if (!time.has_value()) return Damaged("it has no proper time");
  return *time;
}

}  // namespace

std::string EncodeArchivedRow(const BucketRow& row) {
  const StoredVersion& version = row.version;
  pb::ArchivedRow archived;
  archived.set_agent_id(version.agent.agent_id);
  archived.set_collector(version.collector);
  archived.set_collector_version(version.collector_version);
  *archived.mutable_scope() = row.scope;
  archived.set_kind(version.kind);
  archived.set_asset_key(TextOf(version.asset_key));
  archived.set_fingerprint(TextOf(version.fingerprint));
  archived.set_record(version.payload);
  *archived.mutable_collected_at() = ToWire(version.collected_at);
  *archived.mutable_received_at() = ToWire(version.received_at);
  *archived.mutable_first_seen() = ToWire(version.first_seen);
  *archived.mutable_valid_from() = ToWire(version.valid_from);
  *archived.mutable_last_seen() = ToWire(version.last_seen);
  if (version.ended_at.has_value()) *archived.mutable_ended_at() = ToWire(*version.ended_at);
  archived.set_end_reason(version.end_reason);
  archived.set_clock_suspect(version.clock_suspect);
  return archived.SerializeAsString();
}

absl::StatusOr<BucketRow> DecodeArchivedRow(absl::string_view bytes, absl::string_view tenant) {
  pb::ArchivedRow archived;
  if (!archived.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Damaged("it cannot be parsed");
  BucketRow row;
  row.scope = archived.scope();
  StoredVersion& version = row.version;
  version.agent = {std::string(tenant), archived.agent_id()};
  version.collector = archived.collector();
  version.collector_version = archived.collector_version();
  version.kind = archived.kind();
  if (!TakeBytes(archived.asset_key(), &version.asset_key) ||
      !TakeBytes(archived.fingerprint(), &version.fingerprint)) {
    return Damaged("its key has another length");
  }
  version.payload = std::move(*archived.mutable_record());
  ROLLCALL_ASSIGN_OR_RETURN(version.collected_at, TimeOf(archived.collected_at()));
  ROLLCALL_ASSIGN_OR_RETURN(version.received_at, TimeOf(archived.received_at()));
  ROLLCALL_ASSIGN_OR_RETURN(version.first_seen, TimeOf(archived.first_seen()));
  ROLLCALL_ASSIGN_OR_RETURN(version.valid_from, TimeOf(archived.valid_from()));
  ROLLCALL_ASSIGN_OR_RETURN(version.last_seen, TimeOf(archived.last_seen()));
  if (archived.has_ended_at()) {
    ROLLCALL_ASSIGN_OR_RETURN(version.ended_at, TimeOf(archived.ended_at()));
  }
  version.end_reason = archived.end_reason();
  version.clock_suspect = archived.clock_suspect();
  return row;
}

std::strong_ordering CompareNames(const BucketRow& a, const BucketRow& b) {
  const auto order = [](int compared) { return compared <=> 0; };
  const StoredVersion& x = a.version;
  const StoredVersion& y = b.version;
  if (const auto by = order(x.agent.agent_id.compare(y.agent.agent_id)); by != 0) return by;
  if (const auto by = order(x.collector.compare(y.collector)); by != 0) return by;
  if (const auto by = int{a.scope.type()} <=> int{b.scope.type()}; by != 0) return by;
  if (const auto by = order(a.scope.id().compare(b.scope.id())); by != 0) return by;
  if (const auto by = x.kind <=> y.kind; by != 0) return by;
  if (x.asset_key != y.asset_key) {
    return x.asset_key < y.asset_key ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (x.valid_from == y.valid_from) return std::strong_ordering::equal;
  return x.valid_from < y.valid_from ? std::strong_ordering::less : std::strong_ordering::greater;
}

bool IsNewer(const BucketRow& a, const BucketRow& b) {
  const auto knowledge = [](const BucketRow& row) {
    return std::make_tuple(row.version.ended_at.has_value(), row.version.last_seen);
  };
  return knowledge(a) > knowledge(b);
}

}  // namespace rollcall
