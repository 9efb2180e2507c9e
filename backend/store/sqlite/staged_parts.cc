#include "backend/store/sqlite/staged_parts.h"

#include <cstring>

#include "backend/store/sqlite/row_values.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

void AppendInt(std::string* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

template <typename Array>
void AppendBytes(std::string* out, const Array& bytes) {
  out->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Takes values off the front; remembers whether there was too little.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  uint64_t Int(int bytes) {
    const absl::string_view in = Take(static_cast<size_t>(bytes));
    uint64_t value = 0;
    for (size_t i = 0; i < in.size(); ++i) value |= uint64_t{static_cast<uint8_t>(in[i])} << (8 * i);
    return value;
  }
  template <typename Array>
  void Bytes(Array* out) {
    const absl::string_view in = Take(out->size());
    if (in.size() == out->size()) std::memcpy(out->data(), in.data(), in.size());
  }
  absl::string_view Take(size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = "";
      return "";
    }
    const absl::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  size_t left() const { return rest_.size(); }

 private:
  absl::string_view rest_;
  bool failed_ = false;
};

// Fixed bytes of a record: kind, key, fingerprint, time, suspicion, payload size.
constexpr size_t kRecordHead = 4 + 16 + 32 + 8 + 1 + 4;

PreparedRecord ReadRecord(Reader* in) {
  PreparedRecord record;
  record.kind = static_cast<int>(in->Int(4));
  in->Bytes(&record.asset_key);
  in->Bytes(&record.fingerprint);
  record.collected_at = FromNanos(static_cast<int64_t>(in->Int(8)));
  record.clock_suspect = in->Int(1) != 0;
  record.payload = std::string(in->Take(in->Int(4)));
  return record;
}

}  // namespace

std::string EncodePart(absl::Span<const PreparedRecord> records, absl::Span<const AssetKey> retired) {
  size_t size = 8 + retired.size() * sizeof(AssetKey);
  for (const PreparedRecord& record : records) size += kRecordHead + record.payload.size();
  std::string out;
  out.reserve(size);
  AppendInt(&out, records.size(), 4);
  for (const PreparedRecord& record : records) {
    AppendInt(&out, static_cast<uint64_t>(record.kind), 4);
    AppendBytes(&out, record.asset_key);
    AppendBytes(&out, record.fingerprint);
    AppendInt(&out, static_cast<uint64_t>(ToNanos(record.collected_at)), 8);
    AppendInt(&out, record.clock_suspect ? 1 : 0, 1);
    AppendInt(&out, record.payload.size(), 4);
    out += record.payload;
  }
  AppendInt(&out, retired.size(), 4);
  for (const AssetKey& key : retired) AppendBytes(&out, key);
  return out;
}

absl::StatusOr<PartBody> DecodePart(absl::string_view bytes) {
  const absl::Status damaged = absl::DataLossError("staged part cannot be decoded");
  Reader in(bytes);
  PartBody body;
  const uint64_t records = in.Int(4);
  if (records > in.left() / kRecordHead) return damaged;
  body.records.reserve(records);
  for (uint64_t i = 0; i < records && !in.failed(); ++i) body.records.push_back(ReadRecord(&in));
  const uint64_t retired = in.Int(4);
  if (in.failed() || retired > in.left() / sizeof(AssetKey)) return damaged;
  body.retired.resize(retired);
  for (AssetKey& key : body.retired) in.Bytes(&key);
  if (in.failed() || !in.at_end()) return damaged;
  return body;
}

std::string RunKey(uint64_t epoch, uint64_t generation) {
  std::string key;
  for (const uint64_t value : {epoch, generation}) {
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(value >> shift));
  }
  return key;
}

absl::StatusOr<bool> StagePart(Connection* db, int64_t unit_id, const PreparedBatch& batch) {
  const std::string run = RunKey(batch.epoch, batch.generation);
  ROLLCALL_RETURN_IF_ERROR(
      db->Prepare("DELETE FROM staged_part WHERE unit_id = ? AND run < ?").Int(unit_id).Blob(run).Run());
  const std::string body = EncodePart(batch.records, batch.retired);
  const int64_t before = db->total_changes();
  ROLLCALL_RETURN_IF_ERROR(db->Prepare("INSERT INTO staged_part VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
                               .Int(unit_id)
                               .Blob(run)
                               .Int(batch.part)
                               .Blob(body)
                               .Run());
  return db->total_changes() > before;
}

absl::StatusOr<bool> HasPart(Connection* db, int64_t unit_id, absl::string_view run, uint32_t part) {
  return db->Prepare("SELECT 1 FROM staged_part WHERE unit_id = ? AND run = ? AND part = ?")
      .Int(unit_id)
      .Blob(run)
      .Int(part)
      .Step();
}

absl::StatusOr<uint32_t> CountPartsBefore(Connection* db, int64_t unit_id, absl::string_view run, uint32_t end) {
  Statement row = db->Prepare("SELECT count(*) FROM staged_part WHERE unit_id = ? AND run = ? AND part < ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Int(unit_id).Blob(run).Int(end).Step());
  return found ? static_cast<uint32_t>(row.ColumnInt(0)) : 0;
}

absl::StatusOr<PartBody> ReadPart(Connection* db, int64_t unit_id, absl::string_view run, uint32_t part) {
  Statement row = db->Prepare("SELECT body FROM staged_part WHERE unit_id = ? AND run = ? AND part = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Int(unit_id).Blob(run).Int(part).Step());
  if (!found) return absl::DataLossError("staged part vanished");
  return DecodePart(row.ColumnBlob(0));
}

absl::Status DropPartsThrough(Connection* db, int64_t unit_id, absl::string_view run) {
  return db->Prepare("DELETE FROM staged_part WHERE unit_id = ? AND run <= ?").Int(unit_id).Blob(run).Run();
}

}  // namespace rollcall
