#include "cli/where_clause.h"

#include "absl/strings/str_cat.h"

namespace rollcall {

absl::StatusOr<rollcall::v1::Filter> ParseWhereClause(absl::string_view text) {
  using rollcall::v1::Filter;
  const size_t at = text.find_first_of("=~<>");
  if (at == absl::string_view::npos || at == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--where '", text, "': expected FIELD=VALUE, FIELD~REGEX, FIELD>NUMBER or FIELD<NUMBER"));
  }
  Filter filter;
  filter.set_field(std::string(text.substr(0, at)));
  filter.set_op(text[at] == '='   ? Filter::EQUALS
                : text[at] == '~' ? Filter::MATCHES
                : text[at] == '>' ? Filter::GREATER
                                  : Filter::LESS);
  filter.set_value(std::string(text.substr(at + 1)));
  return filter;
}

}  // namespace rollcall
