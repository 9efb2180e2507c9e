// Writes docs/data_dictionary.md from the comments and options of the record protos.
//   data_dictionary PROTO_ROOT             prints it
//   data_dictionary PROTO_ROOT --check F   exits with 1 if file F differs
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::SourceLocation;

class Complain : public google::protobuf::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column, const std::string& message) override {
    std::cerr << file << ":" << line + 1 << ":" << column + 1 << ": " << message << "\n";
  }
};

// The comment above `thing` as one line of Markdown.
template <typename T>
std::string CommentOf(const T* thing) {
  SourceLocation location;
  if (!thing->GetSourceLocation(&location)) return "";
  std::vector<std::string> lines = absl::StrSplit(location.leading_comments, '\n');
  for (std::string& line : lines) line = std::string(absl::StripAsciiWhitespace(line));
  std::string text = absl::StrJoin(lines, " ");
  const size_t next = text.find("Next: ");  // a note to authors, not to readers
  if (next == 0) text.erase(0, text.find('.') + 1);
  return absl::StrReplaceAll(std::string(absl::StripAsciiWhitespace(text)), {{"|", "\\|"}});
}

std::string TypeOf(const FieldDescriptor* field) {
  std::string type = field->type_name();
  if (field->message_type() != nullptr) type = field->message_type()->name();
  if (field->enum_type() != nullptr) type = field->enum_type()->name();
  return field->is_repeated() ? absl::StrCat("repeated ", type) : type;
}

// Options come from the compiled-in descriptor: the importer's own knows no extensions.
std::string NotesOf(const FieldDescriptor* compiled) {
  std::vector<std::string> notes;
  const auto& options = compiled->options();
  if (options.GetExtension(pb::identity)) notes.emplace_back("**identity**");
  if (options.GetExtension(pb::volatile_figure)) notes.emplace_back("volatile");
  if (options.GetExtension(pb::sensitivity) == pb::PERSONAL) notes.emplace_back("personal");
  if (options.GetExtension(pb::sensitivity) == pb::MAY_CARRY_SECRET) notes.emplace_back("redacted");
  if (!options.GetExtension(pb::semconv).empty())
    notes.push_back(absl::StrCat("`", options.GetExtension(pb::semconv), "`"));
  return absl::StrJoin(notes, ", ");
}

void WriteEnum(const EnumDescriptor* e, std::string* out) {
  absl::StrAppend(out, "\n`", e->name(), "` is one of:\n\n");
  for (int i = 1; i < e->value_count(); ++i) {
    const std::string comment = CommentOf(e->value(i));
    absl::StrAppend(out, "* `", e->value(i)->name(), "`", comment.empty() ? "" : ": ", comment, "\n");
  }
}

void WriteFields(const Descriptor* source, const Descriptor* compiled, std::string* out) {
  absl::StrAppend(out, "\n| field | type | notes | meaning |\n| --- | --- | --- | --- |\n");
  for (int i = 0; i < source->field_count(); ++i) {
    const FieldDescriptor* field = source->field(i);
    absl::StrAppend(out, "| `", field->name(), "` | ", TypeOf(field), " | ",
                    NotesOf(compiled->FindFieldByNumber(field->number())), " | ", CommentOf(field), " |\n");
  }
  for (int i = 0; i < source->enum_type_count(); ++i) WriteEnum(source->enum_type(i), out);
}

// The messages a kind holds, in order of first use.
void CollectParts(const Descriptor* message, std::vector<const Descriptor*>* parts, std::set<const Descriptor*>* seen) {
  for (int i = 0; i < message->field_count(); ++i) {
    const Descriptor* part = message->field(i)->message_type();
    if (part == nullptr || part->file()->package() != "rollcall.v1" || !seen->insert(part).second) continue;
    parts->push_back(part);
    CollectParts(part, parts, seen);
  }
}

void WriteKind(const Kind& kind, const Descriptor* source, std::string* out) {
  std::vector<std::string> purposes;
  for (int p : kind.options->purposes())
    purposes.push_back(absl::StrCat("`", pb::Purpose_Name(static_cast<pb::Purpose>(p)), "`"));
  absl::StrAppend(out, "\n## ", kind.options->name(), "\n\n", CommentOf(source), "\n\nCategory `",
                  pb::Category_Name(kind.options->category()), "`, element `",
                  pb::Element_Name(kind.options->element()), "`, purposes ", absl::StrJoin(purposes, ", "), ", ",
                  pb::Stability_Name(kind.options->stability()) == "STABLE" ? "stable" : "experimental", ".\n");
  WriteFields(source, kind.message, out);
  std::vector<const Descriptor*> parts;
  std::set<const Descriptor*> seen;
  CollectParts(source, &parts, &seen);
  for (const Descriptor* part : parts) {
    const Descriptor* compiled =
        google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(part->full_name());
    absl::StrAppend(out, "\n### ", part->name(), "\n\n", CommentOf(part), "\n");
    WriteFields(part, compiled, out);
  }
}

std::string Dictionary(const Descriptor* record) {
  std::string out = absl::StrCat(
      "# Data dictionary\n\n"
      "Generated from the comments and options of `proto/rollcall/v1` by `tools/data_dictionary`; CI checks that it\n"
      "is current. Every record is an envelope and exactly one kind. *Identity* fields make the asset key, *volatile*\n"
      "figures are outside the fingerprint, *redacted* fields pass a redactor before hashing and disk, *personal*\n"
      "ones relate to a natural person; a name in code type is the OpenTelemetry attribute a field corresponds to.\n\n"
      "## The envelope\n\n",
      CommentOf(record), "\n");
  WriteFields(record, pb::Record::descriptor(), &out);
  for (const Kind& kind : AllKinds()) WriteKind(kind, record->FindFieldByNumber(kind.number)->message_type(), &out);
  return out;
}

int Run(const std::vector<std::string>& words) {
  const bool check = words.size() == 3 && words[1] == "--check";
  if (words.size() != 1 && !check) {
    std::cerr << "usage: data_dictionary PROTO_ROOT [--check FILE]\n";
    return 2;
  }
  google::protobuf::compiler::DiskSourceTree tree;
  tree.MapPath("", words[0]);
  tree.MapPath("", "/usr/include");
  Complain complain;
  google::protobuf::compiler::Importer importer(&tree, &complain);
  const auto* file = importer.Import("rollcall/v1/record.proto");
  if (file == nullptr) return 1;
  const std::string text = Dictionary(file->FindMessageTypeByName("Record"));
  if (!check) {
    std::cout << text;
    return 0;
  }
  std::ifstream in(words[2], std::ios::binary);
  const std::string have((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (have == text) return 0;
  std::cerr << words[2] << " is not current: run build/dev/bin/data_dictionary proto > " << words[2] << "\n";
  return 1;
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) { return rollcall::Run(std::vector<std::string>(argv + 1, argv + argc)); }
