#include "agent/pipeline/stamp_sink.h"

#include <utility>

namespace rollcall {
namespace {

void DefaultToHost(pb::Scope* scope) {
  if (scope->type() == pb::Scope::TYPE_UNSPECIFIED) scope->set_type(pb::Scope::HOST);
}

void ClearDerivedFields(pb::Record* record) {
  record->clear_kind();
  record->clear_asset_key();
  record->clear_fingerprint();
  record->clear_category();
  record->clear_element();
  record->clear_purposes();
}

}  // namespace

absl::Status StampSink::BeginRun(const pb::RunResult& run) {
  collected_at_ = run.started_at();
  pb::RunResult stamped = run;
  DefaultToHost(stamped.mutable_scope());
  return next_->BeginRun(stamped);
}

absl::Status StampSink::Emit(pb::Record&& record) {
  ClearDerivedFields(&record);
  DefaultToHost(record.mutable_scope());
  *record.mutable_collected_at() = collected_at_;
  return next_->Emit(std::move(record));
}

absl::Status StampSink::EndRun(const pb::RunResult& result) {
  pb::RunResult stamped = result;
  DefaultToHost(stamped.mutable_scope());
  return next_->EndRun(stamped);
}

}  // namespace rollcall
