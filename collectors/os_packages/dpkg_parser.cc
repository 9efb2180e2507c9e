#include "collectors/os_packages/dpkg_parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collectors/os_packages/debian_version.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

// Fields that are read; all others are passed over.
enum Field {
  kPackage,
  kStatus,
  kVersion,
  kArchitecture,
  kSource,
  kSection,
  kInstalledSize,
  kMaintainer,
  kOrigin,
  kDescription,
  kMultiArch,
  kFieldCount,
};

constexpr std::array<absl::string_view, kFieldCount> kFieldNames = {
    "Package",        "Status",     "Version", "Architecture", "Source",    "Section",
    "Installed-Size", "Maintainer", "Origin",  "Description",  "Multi-Arch"};

// Values of one stanza, as views into the file.
struct Stanza {
  size_t line = 0;
  std::array<absl::string_view, kFieldCount> values;
  // Number and text of the first line that is neither a field nor a continuation.
  size_t bad_line = 0;
};

// Field names are case-insensitive, deb-control(5).
std::optional<Field> FindField(absl::string_view name) {
  for (size_t i = 0; i < kFieldNames.size(); ++i) {
    if (kFieldNames[i].size() == name.size() && absl::EqualsIgnoreCase(kFieldNames[i], name)) {
      return static_cast<Field>(i);
    }
  }
  return std::nullopt;
}

// Takes the next line off `text`, without its end of line.
absl::string_view TakeLine(absl::string_view* text) {
  const size_t end = text->find('\n');
  absl::string_view line = text->substr(0, end);
  text->remove_prefix(end == absl::string_view::npos ? text->size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

void ReadField(absl::string_view line, size_t number, Stanza* stanza) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || colon == 0) {
    if (stanza->bad_line == 0) stanza->bad_line = number;
    return;
  }
  if (const std::optional<Field> field = FindField(line.substr(0, colon))) {
    stanza->values[*field] = absl::StripAsciiWhitespace(line.substr(colon + 1));
  }
}

// Takes the next stanza off `text`, counting lines in `line`. False at the end.
bool TakeStanza(absl::string_view* text, size_t* line, Stanza* stanza) {
  *stanza = Stanza();
  while (!text->empty()) {
    const absl::string_view next = TakeLine(text);
    ++*line;
    if (next.empty()) {
      if (stanza->line != 0) return true;
      continue;
    }
    if (stanza->line == 0) stanza->line = *line;
    if (next.front() == ' ' || next.front() == '\t') continue;
    ReadField(next, *line, stanza);
  }
  return stanza->line != 0;
}

constexpr size_t kMaxNameBytes = 255;

// Names become part of paths and of package URLs; dpkg allows no more than this.
bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         absl::ascii_isalnum(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.' || c == '_';
         });
}

// `want flag state`, such as `install ok installed`.
struct StatusWords {
  absl::string_view want;
  absl::string_view flag;
  absl::string_view state;
};

absl::string_view TakeWord(absl::string_view* text) {
  *text = absl::StripLeadingAsciiWhitespace(*text);
  const size_t end = std::min(text->find(' '), text->size());
  const absl::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

StatusWords SplitStatus(absl::string_view value) {
  StatusWords words;
  words.want = TakeWord(&value);
  words.flag = TakeWord(&value);
  words.state = TakeWord(&value);
  return words;
}

void SetVersions(const Stanza& stanza, pb::OsPackage* record) {
  const absl::string_view version = stanza.values[kVersion];
  const DebianVersion split = SplitDebianVersion(version);
  record->set_version(ToRecordText(version));
  if (split.epoch) record->set_epoch(*split.epoch);
  record->set_upstream_version(ToRecordText(split.upstream));
  record->set_release(ToRecordText(split.revision));

  // `Source: NAME (VERSION)`; absent where it is the same as the package's.
  absl::string_view source = stanza.values[kSource];
  absl::string_view source_version = version;
  const size_t open = source.find('(');
  if (open != absl::string_view::npos) {
    source_version = source.substr(open + 1);
    source_version = absl::StripAsciiWhitespace(source_version.substr(0, source_version.find(')')));
    source = absl::StripTrailingAsciiWhitespace(source.substr(0, open));
  }
  record->set_source_name(ToRecordText(source.empty() ? stanza.values[kPackage] : source));
  record->set_source_version(ToRecordText(source_version));
}

// What the stanza says, or InvalidArgument if it says something impossible; `package` then
// still holds the rest.
absl::Status FillPackage(const Stanza& stanza, DpkgStatusField status_field, DpkgPackage* package) {
  absl::Status damage;
  pb::OsPackage& record = package->record;
  record.set_manager(pb::OsPackage::DPKG);
  record.set_name(ToRecordText(stanza.values[kPackage]));
  // Very old packages have none.
  if (const absl::string_view architecture = stanza.values[kArchitecture]; !architecture.empty()) {
    if (IsName(architecture)) {
      record.set_architecture(std::string(architecture));
    } else {
      damage = absl::InvalidArgumentError("impossible Architecture");
    }
  }
  record.set_section(ToRecordText(stanza.values[kSection]));
  record.set_maintainer(ToRecordText(stanza.values[kMaintainer]));
  record.set_vendor(ToRecordText(stanza.values[kOrigin]));
  record.set_summary(ToRecordText(stanza.values[kDescription]));
  SetVersions(stanza, &record);
  package->multi_arch_same = absl::EqualsIgnoreCase(stanza.values[kMultiArch], "same");

  if (const absl::string_view size = stanza.values[kInstalledSize]; !size.empty()) {
    uint64_t kibibytes = 0;
    if (absl::SimpleAtoi(size, &kibibytes) && kibibytes <= std::numeric_limits<uint64_t>::max() / 1024) {
      record.set_installed_bytes(kibibytes * 1024);
    } else {
      damage = absl::InvalidArgumentError("Installed-Size is not a number");
    }
  }

  StatusWords words = {"install", "ok", "installed"};
  if (const absl::string_view status = stanza.values[kStatus]; !status.empty()) {
    words = SplitStatus(status);
    if (words.state.empty()) return absl::InvalidArgumentError("Status does not have three words");
  } else if (status_field == DpkgStatusField::kRequired) {
    return absl::InvalidArgumentError("no Status");
  }
  record.set_status(ToRecordText(words.state));
  record.set_installed(words.state == "installed" && words.flag == "ok");
  record.set_held(words.want == "hold");
  package->on_disk = words.state != "not-installed" && words.state != "config-files";
  if (package->on_disk && stanza.values[kVersion].empty()) damage = absl::InvalidArgumentError("no Version");
  return damage;
}

class Parser {
 public:
  Parser(DpkgStatusField status_field, size_t max_packages)
      : status_field_(status_field), max_packages_(max_packages) {}

  void Take(const Stanza& stanza) {
    const absl::string_view name = stanza.values[kPackage];
    if (!IsName(name)) {
      return AddProblem(stanza.line, name.empty() ? "stanza without Package" : "stanza with an impossible Package");
    }
    ++result_.observed;
    if (result_.packages.size() >= max_packages_) return;
    DpkgPackage package;
    const absl::Status damage = FillPackage(stanza, status_field_, &package);
    if (!damage.ok()) {
      AddProblem(stanza.line, absl::StrCat("package ", name, ": ", damage.message()));
    } else if (stanza.bad_line != 0) {
      AddProblem(stanza.bad_line, absl::StrCat("package ", name, ": neither a field nor a continuation"));
    }
    result_.packages.push_back(std::move(package));
  }

  DpkgParse Finish() { return std::move(result_); }

 private:
  void AddProblem(size_t line, absl::string_view what) {
    ++result_.problem_count;
    if (result_.problems.size() >= kMaxDpkgProblems) return;
    result_.problems.push_back(absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what)));
  }

  const DpkgStatusField status_field_;
  const size_t max_packages_;
  DpkgParse result_;
};

}  // namespace

DpkgParse ParseDpkgStatus(absl::string_view text, DpkgStatusField status_field, size_t max_packages) {
  Parser parser(status_field, max_packages);
  size_t line = 0;
  Stanza stanza;
  while (TakeStanza(&text, &line, &stanza)) parser.Take(stanza);
  return parser.Finish();
}

}  // namespace rollcall
