// Which records no later run can find again.
#ifndef ROLLCALL_AGENT_PIPELINE_UNREPEATABLE_H_
#define ROLLCALL_AGENT_PIPELINE_UNREPEATABLE_H_

#include "rollcall/v1/record.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// True for what came and went between two runs: a process that has ended. Samples are not meant:
// the kind says that, and they may go when there is no room. Pure.
inline bool IsUnrepeatable(const pb::Record& record) { return record.has_process() && record.process().has_ended_at(); }

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_UNREPEATABLE_H_
