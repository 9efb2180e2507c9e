#include "agent/collect_command.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/pipeline/redacting_sink.h"
#include "agent/pipeline/run_sink.h"
#include "agent/pipeline/stamp_sink.h"
#include "collectors/run_collector.h"
#include "platform/table.h"
#include "proto/enum_word.h"
#include "proto/field_path.h"
#include "proto/kind_registry.h"
#include "proto/record_identity.h"
#include "proto/record_json.h"

namespace rollcall {
namespace {

// The last stage: writes what the pipeline would have spooled.
class OutputSink : public RunSink {
 public:
  absl::Status BeginRun(const pb::RunResult&) override { return absl::OkStatus(); }
  absl::Status Emit(pb::Record&& record) override {
    FillDerivedFields(&record);
    return Write(record);
  }
  virtual absl::Status Write(const pb::Record& record) = 0;
};

class JsonLinesSink : public OutputSink {
 public:
  explicit JsonLinesSink(std::ostream& out) : out_(out) {}

  absl::Status Write(const pb::Record& record) override { return WriteLine(record, "", ""); }
  absl::Status EndRun(const pb::RunResult& result) override { return WriteLine(result, "{\"run_result\":", "}"); }

 private:
  absl::Status WriteLine(const google::protobuf::Message& message, const char* before, const char* after) {
    const absl::StatusOr<std::string> json = ToJsonLine(message);
    if (!json.ok()) return json.status();
    out_ << before << *json << after << '\n';
    // A reader that went away ends the run instead of wasting it.
    return out_.good() ? absl::OkStatus() : absl::ResourceExhaustedError("write output: it was closed");
  }

  std::ostream& out_;
};

// Columns as the kind's options name them.
class KindTable {
 public:
  explicit KindTable(const Kind& kind) : table_(Titles(kind)) {
    for (const std::string& column : kind.options->table_columns()) {
      const absl::StatusOr<FieldPath> path = ResolveFieldPath(kind.message, column);
      if (path.ok()) paths_.push_back(*path);
    }
  }

  void Add(const pb::Record& record) {
    std::vector<std::string> cells;
    for (const FieldPath& path : paths_) cells.push_back(CellOf(PayloadOf(record), path));
    table_.AddRow(std::move(cells));
  }

  std::string Render(size_t width) const { return table_.Render(width); }

 private:
  static std::vector<std::string> Titles(const Kind& kind) {
    std::vector<std::string> titles;
    for (const std::string& column : kind.options->table_columns()) {
      if (ResolveFieldPath(kind.message, column).ok()) titles.push_back(absl::AsciiStrToUpper(column));
    }
    return titles;
  }

  // Values as they are, but for enums, whose words `rollcall` prints as well.
  static std::string CellOf(const google::protobuf::Message& payload, const FieldPath& path) {
    std::vector<std::string> values = FieldValues(payload, path);
    if (const auto* type = path.back()->enum_type(); type != nullptr) {
      for (std::string& value : values) {
        const auto* known = type->FindValueByName(value);
        if (known != nullptr) value = EnumWord(known);
      }
    }
    return absl::StrJoin(values, ",");
  }

  std::vector<FieldPath> paths_;
  Table table_;
};

class TableSink : public OutputSink {
 public:
  TableSink(std::ostream& out, size_t width) : out_(out), width_(width) {}

  absl::Status Write(const pb::Record& record) override {
    const Kind* kind = KindOf(record);
    tables_.try_emplace(kind->number, *kind).first->second.Add(record);
    return absl::OkStatus();
  }

  absl::Status EndRun(const pb::RunResult& result) override {
    for (const auto& [number, table] : tables_) out_ << table.Render(width_) << '\n';
    tables_.clear();
    out_ << result.collector() << ": " << pb::RunResult::Status_Name(result.status()) << ", " << result.record_count()
         << " records\n";
    for (const pb::Problem& problem : result.problems()) WriteProblem("problem", problem);
    for (const pb::Problem& problem : result.degradations()) WriteProblem("degraded", problem);
    out_ << '\n';
    return absl::OkStatus();
  }

 private:
  void WriteProblem(const char* what, const pb::Problem& problem) {
    out_ << "  " << what << ": " << Printable(problem.message());
    if (!problem.remedy().empty()) out_ << " (" << Printable(problem.remedy()) << ")";
    out_ << '\n';
  }

  std::ostream& out_;
  const size_t width_;
  std::map<int, KindTable> tables_;
};

// Requests a stop when the time is over or another stop is requested.
class TimeLimit {
 public:
  TimeLimit(absl::Duration timeout, const StopToken& outer, const Clock* clock) {
    watcher_ = std::thread([this, timeout, outer, clock] {
      const absl::Duration end = clock->Monotonic() + timeout;
      while (!done_.token().stop_requested() && !outer.stop_requested() && clock->Monotonic() < end) {
        done_.token().WaitFor(std::min(absl::Milliseconds(100), end - clock->Monotonic()));
      }
      stop_.RequestStop();
    });
  }
  ~TimeLimit() {
    done_.RequestStop();
    watcher_.join();
  }
  StopToken token() const { return stop_.token(); }

 private:
  StopSource done_;
  StopSource stop_;
  std::thread watcher_;
};

pb::RunResult RunOne(const Collector::Descriptor& descriptor, const CollectorContext& context, const StopToken& stop,
                     RunSink& sink) {
  pb::RunResult result = BeginRun(descriptor, RunLimits(), *context.clock);
  const std::unique_ptr<Collector> collector = descriptor.create(context);
  sink.BeginRun(result).IgnoreError();  // these stages cannot fail here
  const TimeLimit limit(descriptor.timeout, stop, context.clock);
  FinishRun(*collector, descriptor, RunLimits(), *context.clock, limit.token(), sink, &result);
  FlushCollector(*collector, sink, &result);  // there is no later run that would
  return result;
}

bool IsIncomplete(const pb::RunResult& result) {
  return result.status() != pb::RunResult::COMPLETE && result.status() != pb::RunResult::UNSUPPORTED;
}

}  // namespace

int RunCollectCommand(const CollectOptions& options, absl::Span<const Collector::Descriptor* const> all,
                      const CollectorContext& context, const StopToken& stop, std::ostream& out, std::ostream& err) {
  const auto wanted = [&](absl::string_view name) {
    return options.collectors.empty() ||
           std::find(options.collectors.begin(), options.collectors.end(), name) != options.collectors.end();
  };
  for (const std::string& name : options.collectors) {
    if (std::any_of(all.begin(), all.end(), [&](const auto* descriptor) { return descriptor->name == name; })) continue;
    err << "no collector '" << Printable(name) << "'; there are: "
        << absl::StrJoin(all, ", ", [](std::string* text, const auto* d) { absl::StrAppend(text, d->name); }) << '\n';
    return kCollectUsage;
  }
  std::unique_ptr<OutputSink> output;
  if (options.table) {
    output = std::make_unique<TableSink>(out, options.width);
  } else {
    output = std::make_unique<JsonLinesSink>(out);
  }
  StampSink stamp(output.get());
  RedactingSink redacting(&stamp);
  int exit_code = kCollectComplete;
  for (const Collector::Descriptor* descriptor : all) {
    if (!wanted(descriptor->name)) continue;
    const pb::RunResult result = RunOne(*descriptor, context, stop, redacting);
    const absl::Status written = redacting.EndRun(result);
    if (!written.ok()) err << "collect " << descriptor->name << ": " << written.message() << '\n';
    if (IsIncomplete(result) || !written.ok()) exit_code = kCollectIncomplete;
  }
  out.flush();
  return exit_code;
}

void ListCollectors(absl::Span<const Collector::Descriptor* const> all, std::ostream& out) {
  Table table({"COLLECTOR", "VERSION", "INTERVAL", "TIMEOUT", "KINDS"});
  for (const Collector::Descriptor* descriptor : all) {
    table.AddRow({std::string(descriptor->name), std::string(descriptor->version),
                  absl::FormatDuration(descriptor->interval), absl::FormatDuration(descriptor->timeout),
                  absl::StrJoin(descriptor->kinds, ", ")});
  }
  out << table.Render();
}

}  // namespace rollcall
