#include "platform/yaml_document.h"

#include <algorithm>
#include <exception>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

constexpr size_t kMaxQuoted = 64;

absl::Status Mistake(absl::string_view file_name, int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(file_name, ":", std::max(line, 1), ": ", what));
}

bool IsMarker(absl::string_view line, absl::string_view marker) {
  return absl::StartsWith(line, marker) && (line.size() == marker.size() || absl::ascii_isspace(line[marker.size()]));
}

// Line on which a second document begins; 0 if there is one document. yaml-cpp could tell, but finds
// endless documents in a text such as `,a`.
int SecondDocumentLine(absl::string_view bytes) {
  int documents = 0;
  bool inside = false;
  int line_number = 0;
  for (absl::string_view line : absl::StrSplit(bytes, '\n')) {
    ++line_number;
    if (IsMarker(line, "...")) {
      inside = false;
      continue;
    }
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    const bool begins = IsMarker(line, "---") || (!inside && !text.empty() && text[0] != '#' && text[0] != '%');
    if (!begins) continue;
    if (++documents > 1) return line_number;
    inside = true;
  }
  return 0;
}

}  // namespace

absl::StatusOr<YAML::Node> ParseYamlDocument(absl::string_view bytes, absl::string_view file_name) {
  if (bytes.size() > kMaxYamlBytes) {
    return Mistake(file_name, 1, absl::StrCat("larger than ", kMaxYamlBytes >> 10, " KiB"));
  }
  try {
    YAML::Node root = YAML::Load(std::string(bytes));
    const int second_line = SecondDocumentLine(bytes);
    if (second_line > 0) return Mistake(file_name, second_line, "expected one document, got several");
    return root;
  } catch (const YAML::Exception& e) {
    return Mistake(file_name, e.mark.line + 1, absl::StrCat("not YAML: ", e.msg));
  } catch (const std::exception& e) {
    return Mistake(file_name, 1, absl::StrCat("not YAML: ", e.what()));
  }
}

int YamlLine(const YAML::Node& node) { return std::max(node.Mark().line + 1, 1); }

std::string QuotedSetting(absl::string_view text) {
  const bool cut = text.size() > kMaxQuoted;
  return absl::StrCat("'", absl::CHexEscape(text.substr(0, kMaxQuoted)), cut ? "...'" : "'");
}

}  // namespace rollcall
