// The first stage: nothing behind it ever sees a secret that the rules know.
#ifndef ROLLCALL_AGENT_PIPELINE_REDACTING_SINK_H_
#define ROLLCALL_AGENT_PIPELINE_REDACTING_SINK_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "agent/pipeline/run_sink.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "rollcall/v1/options.pb.h"

namespace rollcall {

// What redaction did since the start.
struct RedactionCounters {
  // Replacements by rule.
  std::map<std::string, uint64_t> by_rule;
  // Strings of any field in which bytes were escaped, or that were cut.
  uint64_t escaped = 0;
  uint64_t truncated = 0;
  // Strings of fields not declared MAY_CARRY_SECRET that hold a token of a known format. They
  // are passed on: a figure above zero says that a field's declaration is wrong.
  uint64_t suspected = 0;
};

// Passes every string field of a record that is declared MAY_CARRY_SECRET through the
// redactor its declaration names, at any depth of the payload, and notes each replacement in
// `Record.redactions`. Makes all strings valid UTF-8 (see EscapeInvalidUtf8) of at most
// kMaxStringBytes, those of run results included. New kinds need nothing here: what to do is
// read from their message options when the sink is made.
class RedactingSink : public RunSink {
 public:
  static constexpr size_t kMaxStringBytes = 8 << 10;

  // `next` must outlive this.
  explicit RedactingSink(RunSink* next);

  absl::Status BeginRun(const pb::RunResult& run) override;
  // InvalidArgument for a record without payload; it is not passed on.
  absl::Status Emit(pb::Record&& record) override;
  absl::Status EndRun(const pb::RunResult& result) override;

  // Safe to call from any thread.
  RedactionCounters counters() const;

 private:
  // What to do with one field; `children` for messages that have strings somewhere.
  struct FieldPlan {
    const google::protobuf::FieldDescriptor* field;
    bool may_carry_secret;
    pb::Redactor redactor;
    std::vector<FieldPlan> children;
  };
  using Plan = std::vector<FieldPlan>;
  // What one message brought about.
  struct Findings {
    std::vector<pb::Redaction> redactions;
    uint64_t escaped = 0;
    uint64_t truncated = 0;
    uint64_t suspected = 0;
  };

  static Plan PlanFor(const google::protobuf::Descriptor* message, int depth);
  static void ScrubMessage(const Plan& plan, const std::string& path, google::protobuf::Message* message,
                           Findings* findings);
  static void ScrubSingle(const FieldPlan& plan, const std::string& path, google::protobuf::Message* message,
                          Findings* findings);
  static void ScrubRepeated(const FieldPlan& plan, const std::string& path, google::protobuf::Message* message,
                            Findings* findings);
  static void ScrubArguments(const FieldPlan& plan, const std::string& path, google::protobuf::Message* message,
                             Findings* findings);
  // True if the value changed.
  static bool ScrubString(const FieldPlan& plan, const std::string& path, std::string* value, Findings* findings);

  pb::RunResult ScrubResult(const pb::RunResult& result);
  void Count(const Findings& findings);

  RunSink* next_;
  // By number of the kind.
  std::map<int, Plan> kinds_;
  Plan scope_;
  Plan run_result_;
  mutable std::mutex mutex_;
  RedactionCounters counters_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_REDACTING_SINK_H_
