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
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/os_packages/debian_version.h"
#include "collectors/os_packages/package_parse.h"
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
  kInstalledTime,
  kLicense,
  kSourceName,
  kFieldCount,
};

constexpr std::array<absl::string_view, kFieldCount> kFieldNames = {
    "Package",    "Status", "Version",     "Architecture", "Source",         "Section", "Installed-Size",
    "Maintainer", "Origin", "Description", "Multi-Arch",   "Installed-Time", "License", "SourceName"};

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
    const absl::string_view next = TakeTextLine(text);
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
}

// `Source: NAME (VERSION)`; absent where it is the same as the package's.
void SetDpkgSource(const Stanza& stanza, pb::OsPackage* record) {
  absl::string_view source = stanza.values[kSource];
  absl::string_view source_version = stanza.values[kVersion];
  const size_t open = source.find('(');
  if (open != absl::string_view::npos) {
    source_version = source.substr(open + 1);
    source_version = absl::StripAsciiWhitespace(source_version.substr(0, source_version.find(')')));
    source = absl::StripTrailingAsciiWhitespace(source.substr(0, open));
  }
  record->set_source_name(ToRecordText(source.empty() ? stanza.values[kPackage] : source));
  record->set_source_version(ToRecordText(source_version));
}

// OpenWrt: `SourceName: NAME`, or where there is none, `Source: feeds/packages/libs/NAME`.
// OpenEmbedded: `Source: NAME_VERSION.bb`, the recipe.
void SetOpkgSource(const Stanza& stanza, pb::OsPackage* record) {
  absl::string_view source = stanza.values[kSource];
  source.remove_prefix(source.rfind('/') + 1);
  if (absl::ConsumeSuffix(&source, ".bb")) {
    const size_t version = std::min(source.find('_'), source.size());
    record->set_source_version(ToRecordText(source.substr(std::min(version + 1, source.size()))));
    source = source.substr(0, version);
  }
  if (const absl::string_view name = stanza.values[kSourceName]; !name.empty()) source = name;
  record->set_source_name(ToRecordText(source));
}

bool IsOpkg(StanzaDialect dialect) {
  return dialect == StanzaDialect::kOpkgStatus || dialect == StanzaDialect::kOpkgControl;
}

// Returns what is impossible about the size, or OK.
absl::Status SetInstalledSize(absl::string_view text, StanzaDialect dialect, pb::OsPackage* record) {
  if (text.empty()) return absl::OkStatus();
  const uint64_t unit = IsOpkg(dialect) ? 1 : 1024;
  uint64_t size = 0;
  if (!absl::SimpleAtoi(text, &size) || size > std::numeric_limits<uint64_t>::max() / unit) {
    return absl::InvalidArgumentError("Installed-Size is not a number");
  }
  record->set_installed_bytes(size * unit);
  return absl::OkStatus();
}

// opkg's: why and how the package is there, several with commas between: `ok`, `user`, `hold`,
// `reinstreq`, `noprune`, ...
bool HasOpkgFlag(absl::string_view flags, absl::string_view flag) {
  for (const absl::string_view word : absl::StrSplit(flags, ',')) {
    if (word == flag) return true;
  }
  return false;
}

absl::Status SetStatus(absl::string_view text, StanzaDialect dialect, DpkgPackage* package) {
  StatusWords words = {"install", "ok", "installed"};
  if (!text.empty()) {
    words = SplitStatus(text);
    if (words.state.empty()) return absl::InvalidArgumentError("Status does not have three words");
  } else if (dialect == StanzaDialect::kDpkgStatus || dialect == StanzaDialect::kOpkgStatus) {
    return absl::InvalidArgumentError("no Status");
  }
  pb::OsPackage& record = package->record;
  record.set_status(ToRecordText(words.state));
  if (IsOpkg(dialect)) {
    record.set_installed(words.state == "installed" && !HasOpkgFlag(words.flag, "reinstreq"));
    record.set_held(HasOpkgFlag(words.flag, "hold"));
  } else {
    record.set_installed(words.state == "installed" && words.flag == "ok");
    record.set_held(words.want == "hold");
  }
  package->on_disk = words.state != "not-installed" && words.state != "config-files";
  return absl::OkStatus();
}

// What the stanza says, or InvalidArgument if it says something impossible; `package` then
// still holds the rest.
absl::Status FillPackage(const Stanza& stanza, StanzaDialect dialect, DpkgPackage* package) {
  absl::Status damage;
  pb::OsPackage& record = package->record;
  record.set_manager(IsOpkg(dialect) ? pb::OsPackage::OPKG : pb::OsPackage::DPKG);
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
  if (IsOpkg(dialect)) {
    SetOpkgSource(stanza, &record);
    record.set_licence(ToRecordText(stanza.values[kLicense]));
    uint32_t seconds = 0;
    if (absl::SimpleAtoi(stanza.values[kInstalledTime], &seconds)) record.mutable_install_time()->set_seconds(seconds);
  } else {
    SetDpkgSource(stanza, &record);
  }
  package->multi_arch_same = absl::EqualsIgnoreCase(stanza.values[kMultiArch], "same");
  damage.Update(SetInstalledSize(stanza.values[kInstalledSize], dialect, &record));
  if (absl::Status status = SetStatus(stanza.values[kStatus], dialect, package); !status.ok()) return status;
  if (package->on_disk && stanza.values[kVersion].empty()) damage = absl::InvalidArgumentError("no Version");
  return damage;
}

class Parser {
 public:
  Parser(StanzaDialect dialect, size_t max_packages) : dialect_(dialect), max_packages_(max_packages) {}

  void Take(const Stanza& stanza) {
    const absl::string_view name = stanza.values[kPackage];
    if (!IsName(name)) {
      return AddProblem(stanza.line, name.empty() ? "stanza without Package" : "stanza with an impossible Package");
    }
    ++result_.observed;
    if (result_.packages.size() >= max_packages_) return;
    DpkgPackage package;
    const absl::Status damage = FillPackage(stanza, dialect_, &package);
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

  const StanzaDialect dialect_;
  const size_t max_packages_;
  DpkgParse result_;
};

}  // namespace

DpkgParse ParseDpkgStatus(absl::string_view text, StanzaDialect dialect, size_t max_packages) {
  Parser parser(dialect, max_packages);
  size_t line = 0;
  Stanza stanza;
  while (TakeStanza(&text, &line, &stanza)) parser.Take(stanza);
  return parser.Finish();
}

}  // namespace rollcall
