// What a stopped backend's database must look like, whatever happened on the way to it.
#ifndef ROLLCALL_TESTS_E2E_DELIVERED_H_
#define ROLLCALL_TESTS_E2E_DELIVERED_H_

#include <string>

#include "backend/store/store.h"

namespace rollcall {

// Fails the test unless, read through the store itself, every asset of the tenant has exactly one
// current version, no version repeats or overlaps the one before it, and every unit's digest, which is
// what agents compare theirs with, is that of its current records computed anew. Nothing may be
// written meanwhile.
void ExpectNothingDoubled(Store& store, const std::string& tenant = "dev");
// The same for tenant `dev` in the database below a backend's data directory, which no process may have
// open.
void ExpectNothingDoubled(const std::string& data_dir);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_DELIVERED_H_
