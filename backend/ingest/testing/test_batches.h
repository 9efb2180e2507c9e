// Batches as a well-behaved agent sends them; tests then break one thing.
#ifndef ROLLCALL_BACKEND_INGEST_TESTING_TEST_BATCHES_H_
#define ROLLCALL_BACKEND_INGEST_TESTING_TEST_BATCHES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// A package of the host scope.
pb::Record TestPackage(const std::string& name, absl::Time collected_at);

// Puts `body` into the batch, compressed.
void SetBody(const pb::BatchBody& body, pb::Batch* batch);

// A complete FULL run of `os_packages` in one part with these records.
pb::Batch TestFullBatch(uint64_t sequence, uint64_t generation, const std::vector<pb::Record>& records);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_TESTING_TEST_BATCHES_H_
