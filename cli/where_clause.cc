#include "cli/where_clause.h"

#include "absl/strings/str_cat.h"

namespace rollcall {

absl::StatusOr<rollcall::v1::Filter> ParseWhereClause(absl::string_view text) {
  const size_t at = text.find_first_of("=~");
  if (at == absl::string_view::npos || at == 0) {
    return absl::InvalidArgumentError(absl::StrCat("--where '", text, "': expected FIELD=VALUE or FIELD~REGEX"));
  }
  rollcall::v1::Filter filter;
  filter.set_field(std::string(text.substr(0, at)));
  filter.set_op(text[at] == '=' ? rollcall::v1::Filter::EQUALS : rollcall::v1::Filter::MATCHES);
  filter.set_value(std::string(text.substr(at + 1)));
  return filter;
}

}  // namespace rollcall
