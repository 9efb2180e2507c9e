// An agreement's rules as sentences.
#ifndef ROLLCALL_BACKEND_RETENTION_POLICY_WORDS_H_
#define ROLLCALL_BACKEND_RETENTION_POLICY_WORDS_H_

#include <string>
#include <vector>

#include "rollcall/v1/policy.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// `the later of 30 days after the end of the hosting service and 180 days after it was collected`. `scope` is the
// rule's, for what TERMINATED means. Pure, as all here.
std::string PeriodInWords(const pb::Expression& period, pb::TerminationScope scope);

// `After the end of the hosting service: kept until ..., then deleted (R3, R1).`
std::string RuleInWords(const pb::RetainRule& rule);
std::string RuleInWords(const pb::RequestRule& rule);

// Every rule of a category, a sentence each.
std::vector<std::string> RulesInWords(const pb::CategoryRules& rules);

// `hosting service`.
std::string ScopeInWords(pb::TerminationScope scope);
// `Asset data`, `Settings`.
std::string CategoryInWords(pb::Category category);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_POLICY_WORDS_H_
