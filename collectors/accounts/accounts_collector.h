// Accounts and groups of the host's own files: who may log in, how, and what they may do as others.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNTS_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNTS_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kAccountsCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_ACCOUNTS_COLLECTOR_H_
