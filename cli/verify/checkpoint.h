// Reads and checks signed checkpoints: C2SP signed-note and tlog-checkpoint.
#ifndef ROLLCALL_CLI_VERIFY_CHECKPOINT_H_
#define ROLLCALL_CLI_VERIFY_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::verify {

// Of a checkpoint or a key: more is not read.
inline constexpr size_t kMaxNoteBytes = size_t{64} << 10;

// `NAME+ID+BASE64` of an Ed25519 key.
struct VerifierKey {
  std::string name;
  // 4 bytes.
  std::string id;
  // 32 bytes.
  std::string public_key;
};

// Reads a verifier key; white space around it does not matter. InvalidArgument if it is none, or its id is not
// that of its name and key. Pure.
absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text);

struct NoteSignature {
  std::string name;
  // 4 bytes.
  std::string id;
  std::string signature;
};

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  // 32 bytes.
  std::string root;
  std::vector<NoteSignature> signatures;
  // What is signed.
  std::string text;
};

// Reads a checkpoint with at least one signature line, without checking any. Strict: one way to write a checkpoint
// is accepted. InvalidArgument says what is wrong. Pure.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view note);

// OK if a signature is by `key`, and the origin is the key's name. PermissionDenied otherwise.
absl::Status CheckSignature(const Checkpoint& checkpoint, const VerifierKey& key);

}  // namespace rollcall::verify

#endif  // ROLLCALL_CLI_VERIFY_CHECKPOINT_H_
