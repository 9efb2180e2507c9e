// Services of inittab, inetd and xinetd, preloaded libraries, and what shells read at login.
#ifndef ROLLCALL_COLLECTORS_SERVICES_TABLE_SERVICES_H_
#define ROLLCALL_COLLECTORS_SERVICES_TABLE_SERVICES_H_

#include "collectors/services/service_scan.h"

namespace rollcall {

// Entries without an id, as BusyBox has them, are named for their action and program; all that
// share a name are one record.
void AddInittab(ServiceScan& scan);

// /etc/inetd.conf and /etc/inetd.d.
void AddInetd(ServiceScan& scan);

// /etc/xinetd.conf and what it includes; /etc/xinetd.d also without it.
void AddXinetd(ServiceScan& scan);

void AddPreloads(ServiceScan& scan);

// Files in /etc that login and interactive shells read; those of homes are their owners'.
void AddProfiles(ServiceScan& scan);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_TABLE_SERVICES_H_
