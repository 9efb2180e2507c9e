#include "cli/record_table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/time_text.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

using ::google::protobuf::FieldDescriptor;
using rollcall::v1::RetentionDates;
using rollcall::v1::StoredRecord;

constexpr absl::string_view kEnvelopeColumns[] = {"host",       "asset",        "scope",      "first_seen", "last_seen",
                                                  "valid_from", "collected_at", "redactions", "collector"};

bool IsEnvelope(absl::string_view name) {
  return std::find(std::begin(kEnvelopeColumns), std::end(kEnvelopeColumns), name) != std::end(kEnvelopeColumns);
}

Column EnvelopeColumn(absl::string_view name) {
  return {.heading = absl::AsciiStrToUpper(name), .path = {}, .envelope = std::string(name)};
}

// `owners.name` -> `OWNERS.NAME`: what --columns and --where take.
std::string Heading(absl::string_view path) { return absl::AsciiStrToUpper(path); }

std::string EnvelopeText(const StoredRecord& stored, absl::string_view name, const CellStyle& style) {
  const auto time = [&](const google::protobuf::Timestamp& t) {
    return style.people ? WhenText(t, style.now) : TimeText(t);
  };
  if (name == "host") return stored.hostname().empty() ? stored.host_id() : stored.hostname();
  if (name == "asset") return style.people ? stored.record().asset_key().substr(0, 12) : stored.record().asset_key();
  if (name == "scope") return ScopeText(stored.record().scope());
  if (name == "first_seen") return time(stored.first_seen());
  if (name == "last_seen") return time(stored.last_seen());
  if (name == "valid_from") return time(stored.valid_from());
  if (name == "collected_at") return time(stored.record().collected_at());
  if (name == "collector") return absl::StrCat(stored.collector(), " ", stored.collector_version());
  return absl::StrCat(stored.record().redactions_size());
}

bool IsTimestamp(const FieldDescriptor* field) {
  return field->message_type() != nullptr && field->message_type()->full_name() == "google.protobuf.Timestamp";
}

bool Contains(const std::vector<Column>& columns, absl::string_view heading) {
  return std::any_of(columns.begin(), columns.end(), [&](const Column& c) { return c.heading == heading; });
}

absl::Status AddColumn(const Kind& kind, absl::string_view name, std::vector<Column>* columns) {
  const bool in_message = kind.message->FindFieldByName(std::string(name.substr(0, name.find('.')))) != nullptr;
  if (!in_message && IsEnvelope(name)) {
    columns->push_back(EnvelopeColumn(name));
    return absl::OkStatus();
  }
  auto path = ResolveFieldPath(kind.message, name);
  if (!path.ok()) return path.status();
  columns->push_back({.heading = Heading(name), .path = *std::move(path), .envelope = ""});
  return absl::OkStatus();
}

void AddEveryScalar(const Kind& kind, std::vector<Column>* columns) {
  for (int i = 0; i < kind.message->field_count(); ++i) {
    const FieldDescriptor* field = kind.message->field(i);
    const std::string heading = Heading(field->name());
    const bool leaf = field->message_type() == nullptr || IsTimestamp(field);
    if (leaf && !Contains(*columns, heading)) columns->push_back({.heading = heading, .path = {field}, .envelope = ""});
  }
}

}  // namespace

absl::StatusOr<std::vector<Column>> ChooseColumns(const Kind& kind, const std::vector<std::string>& names, bool wide,
                                                  bool many_hosts) {
  std::vector<Column> columns;
  if (!names.empty()) {
    for (const std::string& name : names) {
      if (absl::Status status = AddColumn(kind, name, &columns); !status.ok()) return status;
    }
    return columns;
  }
  if (many_hosts || wide) columns.push_back(EnvelopeColumn("host"));
  for (const std::string& name : kind.options->table_columns()) {
    if (absl::Status status = AddColumn(kind, name, &columns); !status.ok()) return status;
  }
  if (wide) {
    AddEveryScalar(kind, &columns);
    for (absl::string_view name : {"scope", "first_seen", "last_seen", "redactions", "collector"}) {
      columns.push_back(EnvelopeColumn(name));
    }
  }
  columns.push_back(EnvelopeColumn("asset"));
  return columns;
}

std::vector<std::string> RecordCells(const StoredRecord& stored, const std::vector<Column>& columns,
                                     const CellStyle& style) {
  std::vector<std::string> cells;
  cells.reserve(columns.size());
  for (const Column& column : columns) {
    cells.push_back(column.path.empty() ? EnvelopeText(stored, column.envelope, style)
                                        : CellText(PayloadOf(stored.record()), column.path, style));
  }
  return cells;
}

RecordRows MakeRecordRows(const std::vector<StoredRecord>& records, const std::vector<Column>& columns,
                          const CellStyle& style) {
  RecordRows table;
  for (const Column& column : columns) table.header.push_back(column.heading);
  table.rows.reserve(records.size());
  for (const StoredRecord& record : records) table.rows.push_back(RecordCells(record, columns, style));
  return table;
}

RecordRows WithoutEmptyColumns(const RecordRows& rows) {
  RecordRows kept;
  kept.rows.resize(rows.rows.size());
  for (size_t i = 0; i < rows.header.size(); ++i) {
    const bool empty = std::all_of(rows.rows.begin(), rows.rows.end(), [&](const auto& row) { return row[i].empty(); });
    if (empty) continue;
    kept.header.push_back(rows.header[i]);
    for (size_t r = 0; r < rows.rows.size(); ++r) kept.rows[r].push_back(rows.rows[r][i]);
  }
  return kept;
}

std::string NotBeforeText(const RetentionDates& dates) { return DateText(dates.not_before()); }

std::string DeadlineText(const RetentionDates& dates) {
  if (dates.has_deadline()) return DateText(dates.deadline());
  if (!dates.has_deadline_if_ended_now()) return "in service: no end";
  return absl::StrCat("in service: no end (", DateText(dates.deadline_if_ended_now()), " if it ended today)");
}

std::string PurposesText(const google::protobuf::RepeatedField<int>& purposes) {
  return absl::StrJoin(purposes, ",", [](std::string* out, int purpose) {
    out->append(rollcall::v1::Purpose_Name(static_cast<rollcall::v1::Purpose>(purpose)));
  });
}

std::string RecordTitle(const StoredRecord& stored) {
  const Kind* kind = KindOf(stored.record());
  if (kind == nullptr) return stored.record().kind();
  std::vector<std::string> parts;
  for (const FieldDescriptor* field : kind->identity) {
    const std::string text = absl::StrJoin(FieldValues(PayloadOf(stored.record()), {field}), ",");
    if (!text.empty()) parts.push_back(absl::StrCat(field->name(), "=", text));
  }
  return absl::StrCat(kind->options->name(), " ", absl::StrJoin(parts, " "));
}

}  // namespace rollcall
