// Stored records as rows.
#ifndef ROLLCALL_CLI_RECORD_TABLE_H_
#define ROLLCALL_CLI_RECORD_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/cell_text.h"
#include "proto/field_path.h"
#include "proto/kind_registry.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// One column: a path in the kind's message, or one of the envelope's columns
// (host, asset, scope, first_seen, last_seen, valid_from, collected_at, redactions, collector).
struct Column {
  std::string heading;
  FieldPath path;        // empty for envelope columns
  std::string envelope;  // empty for message columns
};

// The columns `names` asks for; those of the kind's options if empty. `wide` adds every other
// scalar field of the message and the envelope. InvalidArgument for unknown names.
absl::StatusOr<std::vector<Column>> ChooseColumns(const Kind& kind, const std::vector<std::string>& names, bool wide,
                                                  bool many_hosts);

// Cells of one record.
std::vector<std::string> RecordCells(const rollcall::v1::StoredRecord& stored, const std::vector<Column>& columns,
                                     const CellStyle& style);

// Rows under headings.
struct RecordRows {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
RecordRows MakeRecordRows(const std::vector<rollcall::v1::StoredRecord>& records, const std::vector<Column>& columns,
                          const CellStyle& style);
// Without the columns in which no row has anything.
RecordRows WithoutEmptyColumns(const RecordRows& rows);

// `not before` and `until` in words.
std::string NotBeforeText(const rollcall::v1::RetentionDates& dates);
std::string DeadlineText(const rollcall::v1::RetentionDates& dates);

// Names of purposes, separated by commas. Takes what repeated enum fields are.
std::string PurposesText(const google::protobuf::RepeatedField<int>& purposes);

// One line that names a record: kind and identity fields.
std::string RecordTitle(const rollcall::v1::StoredRecord& stored);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_RECORD_TABLE_H_
